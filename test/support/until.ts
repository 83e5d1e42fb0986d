// Waiting for a state with a deadline, in place of sleeping for luck.
import { setTimeout as delay } from 'node:timers/promises';

/**
 * How long a test waits at most for what must come. A bound against waiting for ever and not an expectation, since what
 * else the machine does decides how long things take.
 */
export const PATIENCE_MS = 150_000;

/** Asks every 50 ms until `isSo`; throws an Error that says what was waited for when the time is up. */
export async function until(
  what: () => string,
  isSo: () => Promise<boolean> | boolean,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what()}`);
    await delay(50);
  }
}
