/** One thread of the checker: one scenario, with a rule taken out where one is named. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Part } from '../../support/parts.ts';
import { installPatches } from '../../support/source-patches.ts';
import { ABLATIONS } from './ablations.ts';

export type Task = { readonly scenario: string; readonly ablation?: string; readonly limit: number };

const { scenario: name, ablation: ablationName, limit } = (workerData as Part<Task>).input;
const ablation = ABLATIONS.find((candidate) => candidate.name === ablationName);
if (ablation !== undefined) installPatches(ablation.patches);
// Only now: what is imported before the patches are installed stays as it is.
const { explore } = await import('./explore.ts');
const { scenarios } = await import('./scenarios.ts');
const scenario = scenarios({ resourceVersion: true, ...ablation?.rules }).find((candidate) => candidate.name === name);
if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
parentPort?.postMessage(explore(scenario, limit));
