/** Plays one seed after another, until the time is up or enough was found. */
import { type Outcome, play } from './play.ts';
import { type Scenario, scenarioOf } from './scenario.ts';

export type Search = {
  readonly firstSeed: number;
  /** From seed to seed: threads take turns. */
  readonly step: number;
  readonly untilMs: number;
  /** Stops after so many scenarios. */
  readonly limit: number;
  readonly stopAtFirst: boolean;
  /** Every how manieth seed is played twice, to see that both are the same. */
  readonly twiceEvery: number;
};

export type Result = {
  scenarios: number;
  effects: number;
  twice: number;
  /** How long the first failure took to be found. */
  foundAfterSeconds?: number;
  readonly failures: { readonly scenario: Scenario; readonly outcome: Outcome }[];
  /** Seeds whose second playing was another. */
  readonly differing: number[];
};

export async function search(task: Search): Promise<Result> {
  const result: Result = { scenarios: 0, effects: 0, twice: 0, failures: [], differing: [] };
  const startedAt = performance.now();
  for (
    let seed = task.firstSeed;
    result.scenarios < task.limit && performance.now() < task.untilMs;
    seed += task.step
  ) {
    const scenario = scenarioOf(seed);
    const outcome = await play(scenario);
    result.scenarios += 1;
    result.effects += outcome.effects;
    if (outcome.violation !== undefined) {
      result.foundAfterSeconds ??= (performance.now() - startedAt) / 1000;
      result.failures.push({ scenario, outcome });
      if (task.stopAtFirst) return result;
    }
    if (result.scenarios % task.twiceEvery !== 0) continue;
    result.twice += 1;
    if ((await play(scenario)).digest !== outcome.digest) result.differing.push(seed);
  }
  return result;
}
