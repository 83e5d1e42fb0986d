// Gives docs/reference/reasons.md from the one table of reasons in src/core/reasons.ts. Run as a program it writes the
// page; test/tidy/reasons.test.ts compares it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HRESULTS } from '../src/core/hresult.ts';
import { REASONS, type Reason } from '../src/core/reasons.ts';

/** Path of the page. */
export const REASONS_PAGE = join(import.meta.dirname, '..', 'docs', 'reference', 'reasons.md');

const SECTIONS: readonly { readonly kind: Reason['kind']; readonly title: string; readonly text: string }[] = [
  {
    kind: 'Active',
    title: 'While the run goes on',
    text: '`Succeeded` is `Unknown`. Nothing has to be done unless the table says so.',
  },
  { kind: 'Success', title: 'Succeeded', text: '`Succeeded` is `True`, for good.' },
  {
    kind: 'Failure',
    title: 'Did not succeed',
    text: [
      '`Succeeded` is `False`, for good; `status.dataState` says what the run left on the targets. A message may carry a',
      'remedy that fits the case better than the one here. *Retried*: an attempt that fails for this reason is followed by',
      'another one, up to `spec.backoffLimit`.',
    ].join('\n'),
  },
];

/** The whole page, Markdown, with a line feed at its end. */
export function reasonsPage(): string {
  const head = [
    '<!-- Generated from src/core/reasons.ts by `npm run generate:reasons`; do not edit. -->',
    '',
    '# Reasons',
    '',
    'The word in the column STATUS is the reason of the condition `Succeeded` of a LunResync. `status.hresult` holds what',
    '`IVssAsync::QueryStatus` would give for it; where an array gave a code of its own, that one. What else may be behind a reason,',
    'and with which command to look, is in [troubleshooting.md](../troubleshooting.md).',
  ];
  return [...head, ...SECTIONS.flatMap(section), ''].join('\n');
}

function section({ kind, title, text }: (typeof SECTIONS)[number]): string[] {
  const withRetry = kind === 'Failure';
  const rows = Object.entries<Reason>(REASONS)
    .filter(([, reason]) => reason.kind === kind)
    .map(([name, reason]) => row([`\`${name}\``, ...cells(reason, withRetry)]));
  const columns = ['Reason', 'HRESULT', 'Meaning', 'What to do', ...(withRetry ? ['Retried'] : [])];
  return ['', `## ${title}`, '', text, '', row(columns), row(columns.map(() => '---')), ...rows];
}

function cells({ hresult, meaning, remedy, retry }: Reason, withRetry: boolean): string[] {
  return [`\`${hresult}\` ${HRESULTS[hresult]}`, meaning, remedy, ...(withRetry ? [retry ? 'yes' : 'no'] : [])];
}

function row(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) writeFileSync(REASONS_PAGE, reasonsPage());
