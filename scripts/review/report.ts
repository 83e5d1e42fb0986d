// How the review is printed: each point as it ends, and a table at the end.
import { styleText } from 'node:util';
import type { Findings } from './findings.ts';
import type { Point } from './points.ts';

/** A point that has been looked at. */
export type Looked = {
  readonly number: number;
  readonly point: Point;
  readonly findings: Findings;
  readonly seconds: number;
};

/** The point with everything that was seen. */
export function pageOf({ number, point, findings, seconds }: Looked): string {
  const label = (name: string, text: string): string => `    ${name.padEnd(10)}${text}`;
  const { unmet, seen } = findings;
  return [
    `${String(number).padStart(2)}  ${styleText('bold', point.title)}`,
    label('does', point.command),
    label('expected', point.expected),
    ...seen.map((text, nth) =>
      label(nth === 0 ? 'seen' : '', unmet.includes(text) ? `NOT AS EXPECTED: ${text}` : text),
    ),
    label('', `${wordsOf(findings)} (${seconds.toFixed(1)} s)`),
  ].join('\n');
}

/** One line a point. */
export function tableOf(all: readonly Looked[]): string {
  const width = Math.max(...all.map(({ point }) => point.title.length));
  const lines = all.map(({ number, point, findings, seconds }) =>
    [
      String(number).padStart(2),
      point.title.padEnd(width),
      `${seconds.toFixed(1).padStart(6)} s`,
      wordsOf(findings),
    ].join('  '),
  );
  const failed = all.filter(({ findings }) => findings.unmet.length > 0);
  const names = failed.length === 0 ? '' : ` (${failed.map(({ number }) => number).join(', ')})`;
  return [...lines, `${all.length} points, ${failed.length} not as expected${names}`].join('\n');
}

function wordsOf({ verdict, unmet }: Findings): string {
  const words = verdict.word === 'run' ? verdict.word : `${verdict.word}, because ${verdict.because}`;
  return unmet.length === 0 ? words : `NOT AS EXPECTED; ${words}`;
}
