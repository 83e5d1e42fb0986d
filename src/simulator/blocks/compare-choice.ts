/** Chooses, piece by piece, whether comparing before writing is cheaper than writing: it is when much turns out to be equal. */
import type { CopyMode } from './worker-tasks.ts';

/**
 * Below this share of equal bytes plain writing is cheaper: a comparison costs about a third of a durable write, and the
 * pieces that are compared in vain are written as well.
 */
const WORTHWHILE_SHARE = 0.3;
/** Even then one piece in sixteen is compared, since the equal part of a LUN may lie behind the changed one. */
const PROBE_EVERY = 16;
const WEIGHT_OF_LATEST = 0.25;

/** Learns from what the comparisons found. */
export class CompareChoice {
  readonly #fixed: CopyMode | undefined;
  #equalShare = 0.5;
  #pieces = 0;

  /** A caller that knows better decides; a copy of known ranges is of what has changed, so nothing is compared. */
  constructor(job: { readonly preferCompare?: boolean; readonly ranges?: readonly unknown[] }) {
    if (job.preferCompare !== undefined) {
      this.#fixed = job.preferCompare ? 'compare' : 'write';
    } else if (job.ranges !== undefined) {
      this.#fixed = 'write';
    }
  }

  nextMode(): CopyMode {
    if (this.#fixed !== undefined) {
      return this.#fixed;
    }
    this.#pieces += 1;
    return this.#equalShare >= WORTHWHILE_SHARE || this.#pieces % PROBE_EVERY === 0 ? 'probe' : 'write';
  }

  /** Takes in what a piece found; a piece without comparable data teaches nothing. */
  learn(found: { readonly comparedBytes: number; readonly equalBytes: number }): void {
    if (found.comparedBytes > 0) {
      const share = found.equalBytes / found.comparedBytes;
      this.#equalShare += WEIGHT_OF_LATEST * (share - this.#equalShare);
    }
  }
}
