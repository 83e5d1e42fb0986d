/** How long the search takes to find each bug that was put into the sources. */
import { runParts, twoAtATime } from '../../support/parts.ts';
import type { SourcePatch } from '../../support/source-patches.ts';
import { type Scenario, scenarioOf } from './scenario.ts';
import type { Result } from './search.ts';
import type { Task } from './worker.ts';

export type Hunt = {
  readonly bug: SourcePatch;
  /** The invariant that it broke; undefined: it was not found. */
  readonly rule: string | undefined;
  readonly what: string;
  readonly scenarios: number;
  readonly seconds: number;
  /** The smallest scenario that shows it. */
  readonly scenario: Scenario | undefined;
};

/** Searches with one bug in the sources, in one thread, until something is found. */
export async function hunt(bug: SourcePatch, firstSeed: number, limitMs: number): Promise<Hunt> {
  const started = performance.now();
  const task: Task = {
    firstSeed,
    milliseconds: limitMs,
    limit: 1_000_000,
    stopAtFirst: true,
    patch: bug,
    isShrunk: true,
  };
  // A bug may make the search itself hang or run out of memory, which is as good a finding.
  const [result] = await runParts<Task, Result>(new URL('./worker.ts', import.meta.url), task, 1).catch(
    (error: unknown) => [crashed(error)],
  );
  const violation = result?.failures[0]?.outcome.violation;
  return {
    bug,
    rule: violation?.rule,
    what: violation?.what.split('\n')[0] ?? '',
    scenarios: result?.scenarios ?? 0,
    seconds: result?.foundAfterSeconds ?? (performance.now() - started) / 1000,
    scenario: violation?.rule === 'Crash' ? undefined : result?.failures[0]?.scenario,
  };
}

function crashed(error: unknown): Result {
  const violation = { rule: 'Crash', what: String(error) };
  const outcome = { violation, faults: [], digest: '', trace: [], effects: 0 };
  return { scenarios: 1, effects: 0, twice: 0, failures: [{ scenario: scenarioOf(0), outcome }], differing: [] };
}

/** All of them, two at a time; `say` is told of each as it ends. */
export function huntAll(bugs: readonly SourcePatch[], limitMs: number, say: (hunt: Hunt) => void): Promise<Hunt[]> {
  return twoAtATime(bugs, async (bug) => {
    const found = await hunt(bug, 1, limitMs);
    say(found);
    return found;
  });
}
