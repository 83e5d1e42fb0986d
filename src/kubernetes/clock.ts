/**
 * Time as the API server's adapter sees it: passed in, so that a test can step it, and monotonic wherever something is
 * measured, so that a corrected wall clock neither ends a lease nor holds back a retry.
 */

/** A source of time. `now` never goes back and counts milliseconds from an arbitrary start; `date` is the wall clock. */
export type Clock = {
  now(): number;
  date(): Date;
  /** Calls `run` once, `delayMs` from now, unless the function it returned is called first. */
  after(delayMs: number, run: () => void): () => void;
};

/** The process's own clock. */
export const systemClock: Clock = {
  now: (): number => performance.now(),
  date: (): Date => new Date(),
  after: (delayMs: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, delayMs);
    return (): void => clearTimeout(timer);
  },
};

/** Waits `delayMs`, or until `signal` aborts, whichever is first; it never rejects, so look at the signal afterwards. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Limits of an exponential back-off, in milliseconds. */
export type BackOff = { readonly baseMs: number; readonly maxMs: number };

/**
 * The wait before the next try after `failures` failed ones (1 for the first): doubled each time up to the limit, then
 * shortened at random by up to half, so that clients that failed together do not come back together.
 */
export function backOffMs(failures: number, limits: BackOff, random: () => number): number {
  const full = Math.min(limits.baseMs * 2 ** Math.min(failures - 1, 30), limits.maxMs);
  return full * (1 - random() / 2);
}
