// How long the array takes to answer while it copies at full speed.
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import type { FullCopies } from './full.ts';
import type { Lab } from './lab.ts';
import { timeFullResync } from './timed-resync.ts';

const EVERY_MS = 5;

/**
 * Milliseconds that GetOperation took, called every 5 ms while full copies ran. A call does not wait for the one before
 * it: an array that hangs for a second is seen by two hundred calls and not by one.
 */
export async function answerTimes(
  lab: Lab,
  copies: FullCopies,
  run: { verify: boolean; count: number },
): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < run.count; round += 1) {
    const done = new AbortController();
    let asking: Promise<number[]> = Promise.resolve([]);
    const onStart = (operationID: string): void => {
      asking = ask(lab, operationID, done.signal);
    };
    const { target } = copies;
    await timeFullResync(lab, { source: copies.next().snapshot, target, verify: run.verify, onStart }).finally(() =>
      done.abort(),
    );
    samples.push(...(await asking));
  }
  return samples;
}

async function ask({ array }: Lab, operationId: string, signal: AbortSignal): Promise<number[]> {
  const calls: Promise<number | undefined>[] = [];
  const startedAt = performance.now();
  while (!signal.aborted) {
    calls.push(timeCall(array, operationId));
    await delay(Math.max(0, startedAt + calls.length * EVERY_MS - performance.now()));
  }
  return (await Promise.all(calls)).filter((milliseconds) => milliseconds !== undefined);
}

/** Undefined when the operation had ended and was released meanwhile: then nothing was copied during the call. */
async function timeCall({ client }: Lab['array'], operationId: string): Promise<number | undefined> {
  const startedAt = performance.now();
  try {
    await client.getOperation({ operationId });
  } catch (error) {
    if (error instanceof RpcError && error.code === status.NOT_FOUND) return undefined;
    throw error;
  }
  return performance.now() - startedAt;
}
