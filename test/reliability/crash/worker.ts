/** One thread of an exploration. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Part } from '../../support/parts.ts';
import { type Exploration, explore } from './explore.ts';

const { part, parts, input } = workerData as Part<Exploration>;
parentPort?.postMessage(await explore(input, part, parts));
