/** One thread of a search, with a rule taken out of the sources where one is named. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Part } from '../../support/parts.ts';
import { installPatches, type SourcePatch } from '../../support/source-patches.ts';

export type Task = {
  readonly firstSeed: number;
  readonly milliseconds: number;
  readonly limit: number;
  readonly stopAtFirst: boolean;
  readonly patch?: SourcePatch;
  /** Makes the first failure small. */
  readonly isShrunk?: boolean;
};

const { part, parts, input } = workerData as Part<Task>;
if (input.patch !== undefined) installPatches([input.patch]);
// Only now: what is imported before the patch is installed stays as it is.
const { search } = await import('./search.ts');
const { firstSeed, milliseconds, limit, stopAtFirst } = input;
const untilMs = performance.now() + milliseconds;
const result = await search({ limit, stopAtFirst, firstSeed: firstSeed + part, step: parts, untilMs, twiceEvery: 100 });
const first = result.failures[0];
if (input.isShrunk === true && first !== undefined) {
  const { shrink } = await import('./shrink.ts');
  result.failures[0] = { ...first, scenario: await shrink(first.scenario, first.outcome) };
}
parentPort?.postMessage(result);
