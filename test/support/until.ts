// Waiting for a state with a deadline, in place of sleeping for luck.
import { setTimeout as delay } from 'node:timers/promises';

/** Asks every 50 ms until `isSo`; throws an Error that says what was waited for when the time is up. */
export async function until(
  what: () => string,
  isSo: () => Promise<boolean> | boolean,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what()}`);
    await delay(50);
  }
}
