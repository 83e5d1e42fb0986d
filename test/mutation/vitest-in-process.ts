/**
 * The part of vitest that the tests of `src/core` use: collected once, run many times in one warm process. A mutant costs
 * milliseconds here, and seconds where a test runner is started for it.
 */

import { expect as jestExpect } from 'expect';
import fc from 'fast-check';

/** A test that was collected. The id names file, description and position. */
export type CollectedTest = { readonly id: string; readonly run: () => unknown };

type Body = (...row: never[]) => unknown;

const collected: CollectedTest[] = [];
let path: string[] = [];

// One seed, so that the same mutant has the same fate twice; few runs, since each is paid for every mutant.
fc.configureGlobal({ seed: 1 });
process.env['RUNS'] ??= '100';

/** Forgets what was collected, and names the file whose tests come next. */
export function beginFile(name: string): void {
  path = [name];
}

/** Everything that was collected since the last time. */
export function takeTests(): CollectedTest[] {
  return collected.splice(0);
}

/** Runs `body`, whose tests belong to this description. */
export function describe(name: string, body: () => void): void {
  path.push(name);
  body();
  path.pop();
}
describe.each = eachOf(describe as (name: string, body: () => unknown) => void);

/** Collects a test. A third argument, its time limit, is not looked at: the whole run has one. */
export function it(name: string, run: () => unknown): void {
  collected.push({ id: `${[...path, name].join(' > ')} #${collected.length}`, run });
}
it.each = eachOf(it);

function eachOf(define: (name: string, body: () => unknown) => void) {
  return (rows: readonly unknown[]) =>
    (name: string, body: Body): void => {
      for (const row of rows) {
        const values = (Array.isArray(row) ? row : [row]) as never[];
        define(name, () => body(...values));
      }
    };
}

/** Like that of vitest, which takes a message too. */
export const expect = Object.assign((value: unknown, _message?: string) => jestExpect(value), jestExpect, {
  fail: (message = 'failed'): never => {
    throw new Error(message);
  },
});
