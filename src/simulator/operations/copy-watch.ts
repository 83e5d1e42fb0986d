/**
 * Follows a copy: commits its progress, keeps it within its pool, and lets faults fire at their byte.
 */
import { freeBytes } from '../array-parts.ts';
import type { CopyHandle, CopyProgress } from '../blocks/copier.ts';
import { recordProgress } from '../state/steps.ts';
import type { PairTurn } from './copy-pair.ts';
import type { OperationContext } from './operation-context.ts';
import { poolFull } from './operation-stop.ts';

const intervalMs = 200;

/** The watch over one pair's copy. */
export class CopyWatch {
  readonly #context: OperationContext;
  readonly #turn: PairTurn;
  /** Bytes of the source that need no copy, since nothing was written there. */
  readonly #equalBytes: number;
  readonly #ended = new AbortController();
  #latest: CopyProgress = { step: 'COPYING', copiedBytes: 0, writtenBytes: 0, verifiedBytes: 0 };
  #handle: CopyHandle | undefined;
  #failure: Error | undefined;
  #firing: Promise<void> = Promise.resolve();

  constructor(context: OperationContext, turn: PairTurn, equalBytes: number) {
    this.#context = context;
    this.#turn = turn;
    this.#equalBytes = equalBytes;
  }

  /** Takes a report of the copy. */
  observe(progress: CopyProgress): void {
    this.#latest = progress;
    if (progress.step === 'COPYING' && this.#context.parts.faults.isWaitingForBytes()) {
      // Paused before anything else is written, so that the fault comes at its byte and not a piece later.
      this.#handle?.pause();
      this.#firing = this.#firing.then(() => this.#fireAtByte());
    }
  }

  /** Resolves when the copy has ended and everything that it reported was dealt with. */
  async follow(handle: CopyHandle): Promise<void> {
    this.#handle = handle;
    while (!this.#ended.signal.aborted) {
      await this.#context.parts.clock.wait(intervalMs, this.#ended.signal);
      await this.#firing;
      await this.#commit();
      this.#watchPool();
    }
    await this.#firing;
    this.throwFailure();
  }

  end(): void {
    this.#ended.abort();
  }

  /** Throws what made this watch stop the copy, if anything did. */
  throwFailure(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  async #commit(): Promise<void> {
    const { targetLunID } = this.#turn.pair;
    const { copiedBytes, writtenBytes, step } = this.#latest;
    const progress = { targetLunID, copiedBytes: this.#equalBytes + copiedBytes, writtenBytes };
    try {
      await this.#context.commit((state, id) => recordProgress(state, id, progress), false);
      if (step === 'VERIFYING' && this.#turn.isLast && this.#context.record.step !== 'VERIFYING') {
        await this.#context.enter('VERIFYING');
      }
    } catch (error) {
      this.#stop(error);
    }
  }

  async #fireAtByte(): Promise<void> {
    const before = this.#context.record.pairs
      .slice(
        0,
        this.#context.record.pairs.findIndex((pair) => pair.targetLunID === this.#turn.pair.targetLunID),
      )
      .reduce((sum, pair) => sum + pair.copiedBytes, 0);
    // What the fault stops shows how far the copy was, as a real array would.
    await this.#commit();
    try {
      await this.#context.fire('COPYING', before + this.#latest.copiedBytes, [this.#turn.pair.targetLunID]);
      this.#handle?.resume();
    } catch (error) {
      this.#stop(error);
    }
  }

  #watchPool(): void {
    const { parts } = this.#context;
    const { targetLunID } = this.#turn.pair;
    const pool = parts.committed.state.luns.get(targetLunID)?.pool ?? '';
    if (this.#latest.step === 'COPYING' && freeBytes(parts, pool) < 0) {
      this.#stop(poolFull(targetLunID, pool));
    }
  }

  #stop(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#handle?.cancel();
  }
}
