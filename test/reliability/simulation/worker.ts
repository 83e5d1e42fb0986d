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
};

const { part, parts, input } = workerData as Part<Task>;
if (input.patch !== undefined) installPatches([input.patch]);
// Only now: what is imported before the patch is installed stays as it is.
const { search } = await import('./search.ts');
const { firstSeed, milliseconds, ...task } = input;
const untilMs = performance.now() + milliseconds;
const result = await search({ ...task, firstSeed: firstSeed + part, step: parts, untilMs, twiceEvery: 100 });
parentPort?.postMessage(result);
