/** What may stand where the cursor is: commands, options, words of options, and names that the caller looks up. Pure. */
import { parseArgs } from 'node:util';
import type { Command, Option, Options } from './command.ts';
import { allOptions } from './command-line.ts';
import { COMMON_OPTIONS } from './help.ts';

/** A word, and what it means, for shells that show it. */
export type Candidate = { readonly word: string; readonly help: string };

/** `resyncs` asks for the names of LunResyncs as well, by the options that are on the line. */
export type Completion = {
  readonly candidates: readonly Candidate[];
  readonly files?: true;
  readonly resyncs?: Readonly<Record<string, unknown>>;
};

const NOTHING: Completion = { candidates: [] };

/** Of the words after `kubectl lunresync`. The last one is the one that is being written; it may be empty. */
export function completionOf(words: readonly string[], commands: readonly Command[]): Completion {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  const { positionals, values } = parseArgs({
    args: before,
    options: allOptions(commands),
    strict: false,
    allowPositionals: true,
  });
  const command = commands.find(({ name }) => name === positionals[0]);
  const options: Options = { ...COMMON_OPTIONS, ...command?.options };
  const [assigned] = /^--[^=]+(?==)/.exec(word) ?? [];
  if (assigned !== undefined) return valuesOf(named(options, assigned), `${assigned}=`);
  const open = named(options, before.at(-1) ?? '');
  if (open?.type === 'string') return valuesOf(open, '');
  if (word.startsWith('-')) return { candidates: notYetGiven(options, values) };
  if (command !== undefined) return positionals.length === 1 ? argumentOf(command, values) : NOTHING;
  const isFirst = positionals.length === 0 || (positionals.length === 1 && positionals[0] === 'help');
  return isFirst ? { candidates: commands.map(({ name, summary }) => ({ word: name, help: summary })) } : NOTHING;
}

/** The option that is written so, `--name` or `-n`. */
function named(options: Options, written: string): Option | undefined {
  const found = Object.entries(options).find(
    ([name, { short }]) => written === `--${name}` || (short !== undefined && written === `-${short}`),
  );
  return found?.[1];
}

function valuesOf(option: Option | undefined, prefix: string): Completion {
  if (option?.value === 'FILE') return { candidates: [], files: true };
  return { candidates: (option?.words ?? []).map((word) => ({ word: `${prefix}${word}`, help: '' })) };
}

function notYetGiven(options: Options, values: Readonly<Record<string, unknown>>): readonly Candidate[] {
  return Object.entries(options)
    .filter(([name, { multiple }]) => multiple === true || values[name] === undefined)
    .map(([name, { help }]) => ({ word: `--${name}`, help }));
}

function argumentOf({ argument }: Command, values: Readonly<Record<string, unknown>>): Completion {
  if (argument === 'LunResync') return { candidates: [], resyncs: values };
  return { candidates: (argument ?? []).map((word) => ({ word, help: '' })) };
}
