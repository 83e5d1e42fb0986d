/** How long to wait before the next attempt. */

const FIRST_MS = 10_000;
const MOST_MS = 300_000;

/** 10 s · 2ⁿ after the n-th failure (from 0), at most 300 s. */
export function backoffAfter(failures: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(failures, 10), MOST_MS);
}
