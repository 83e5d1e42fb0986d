/** The process's own time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ArrayClock } from './ports.ts';

export const systemClock: ArrayClock = {
  now: () => Date.now(),
  every: (milliseconds, run) => {
    const timer = setInterval(run, milliseconds);
    return () => clearInterval(timer);
  },
  // Being woken by the signal is no error.
  wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => undefined),
};
