/** `explain`: what a reason means and what to do about it, from the table that the operator itself uses. */
import { HRESULTS } from '../core/hresult.ts';
import { REASONS, type Reason } from '../core/reasons.ts';
import { type Command, CommandFailure } from './command.ts';
import { EXIT } from './exit-codes.ts';

type Row = readonly [name: string, reason: Reason];

const ROWS: readonly Row[] = Object.entries<Reason>(REASONS);

const KINDS: Readonly<Record<Reason['kind'], string>> = {
  Active: 'the run goes on',
  Success: 'the run has succeeded',
  Failure: 'the run has ended without success',
};

export const explainCommand: Command = {
  name: 'explain',
  usage: '[REASON | HRESULT]',
  summary: 'say what a reason means and what to do about it; without one, list them',
  details: 'A reason is the word under STATUS. Needs no cluster.',
  options: { output: { type: 'string', short: 'o', value: 'FORMAT', words: ['json'], help: 'json' } },
  argument: ROWS.map(([name]) => name),
  run: ({ args, io }) => {
    const word = args.optional('REASON');
    const json = args.oneOf('output', ['json'] as const) === 'json';
    const rows = word === undefined ? ROWS : explained(word);
    io.out.write(json ? jsonOf(rows) : word === undefined ? overview() : rows.map(explanation).join('\n'));
    return Promise.resolve(EXIT.Success);
  },
};

/** By the reason's name in any case, or by the name or number of an HRESULT, which several reasons may have. */
function explained(word: string): readonly Row[] {
  const wanted = word.toLowerCase();
  const rows = ROWS.filter(([name, { hresult }]) => {
    return [name, hresult, HRESULTS[hresult]].some((candidate) => candidate.toLowerCase() === wanted);
  });
  if (rows.length > 0) return rows;
  const near = ROWS.map(([name]) => name).filter((name) => name.toLowerCase().includes(wanted));
  const hint =
    near.length === 0 ? 'without a word, "kubectl lunresync explain" lists them' : `is it ${near.join(' or ')}?`;
  throw new CommandFailure(EXIT.Error, `"${word}" is no reason and no HRESULT of one: ${hint}`);
}

function explanation([name, { kind, hresult, meaning, remedy, retry }]: Row): string {
  const lines = [
    name,
    `  Meaning:     ${meaning}`,
    `  What to do:  ${remedy === '' ? 'Nothing.' : remedy}`,
    `  State:       ${KINDS[kind]}`,
    `  HRESULT:     ${hresult} ${HRESULTS[hresult]}`,
    ...(kind === 'Failure' ? [`  Retried:     ${retry ? 'yes, up to spec.backoffLimit' : 'no'}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function overview(): string {
  const width = Math.max(...ROWS.map(([name]) => name.length));
  const sections = Object.entries(KINDS).map(([kind, text]) => {
    const rows = ROWS.filter(([, reason]) => reason.kind === kind);
    return [`${kind}: ${text}`, ...rows.map(([name, { meaning }]) => `  ${name.padEnd(width)}  ${meaning}`)].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

function jsonOf(rows: readonly Row[]): string {
  const objects = rows.map(([name, reason]) => ({ name, ...reason, code: HRESULTS[reason.hresult] }));
  return `${JSON.stringify(objects, undefined, 2)}\n`;
}
