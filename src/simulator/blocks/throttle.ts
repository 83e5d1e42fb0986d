/** Decides when the next piece of a copy may begin: the byte rate, pause and cancel of one running copy. */
import { CopyCancelledError } from './copy-errors.ts';

/** At most this much unused allowance is kept, so that a copy that stood still does not catch up in one burst. */
const BURST_SECONDS = 0.1;
const MIN_PIECE_BYTES = 64 * 1024;
const PIECES_PER_SECOND = 20;
const LONGEST_TIMER_MS = 60_000;

/** A token bucket that may go into debt by one piece: the rate is right on average whatever the piece's size. */
export class Throttle {
  #bytesPerSecond: number;
  #allowanceBytes = 0;
  #updatedAtMs = performance.now();
  #paused = false;
  #cancelled = false;
  readonly #waiting = new Set<() => void>();

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Bytes per second, 0 for no limit; holds from the next piece on. */
  setRate(bytesPerSecond: number): void {
    this.#refill();
    this.#allowanceBytes = Math.min(this.#allowanceBytes, 0);
    this.#bytesPerSecond = bytesPerSecond;
    this.#change();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#change();
  }

  cancel(): void {
    this.#cancelled = true;
    this.#change();
  }

  /** A piece no larger than this keeps the copy even at a low rate: about twenty pieces a second. */
  pieceBytes(maxBytes: number): number {
    if (this.#bytesPerSecond === 0) {
      return maxBytes;
    }
    const bytes = Math.floor(this.#bytesPerSecond / PIECES_PER_SECOND / MIN_PIECE_BYTES) * MIN_PIECE_BYTES;
    return Math.min(maxBytes, Math.max(MIN_PIECE_BYTES, bytes));
  }

  /** Waits while paused and until the rate allows `bytes`; rejects with CopyCancelledError once cancelled. */
  async admit(bytes: number): Promise<void> {
    for (;;) {
      await this.admitUnmetered();
      const waitMs = this.#waitMs();
      if (waitMs === 0) {
        this.#allowanceBytes -= bytes;
        return;
      }
      await this.#changeWithin(waitMs);
    }
  }

  /** Waits while paused; rejects with CopyCancelledError once cancelled. For work that moves no bytes to the target. */
  async admitUnmetered(): Promise<void> {
    while (this.#paused && !this.#cancelled) {
      await this.#changeWithin(LONGEST_TIMER_MS);
    }
    if (this.#cancelled) {
      throw new CopyCancelledError();
    }
  }

  #waitMs(): number {
    this.#refill();
    if (this.#bytesPerSecond === 0 || this.#allowanceBytes >= 0) {
      return 0;
    }
    return Math.ceil((-this.#allowanceBytes / this.#bytesPerSecond) * 1000);
  }

  #refill(): void {
    const now = performance.now();
    const earned = ((now - this.#updatedAtMs) / 1000) * this.#bytesPerSecond;
    this.#updatedAtMs = now;
    if (this.#bytesPerSecond === 0) {
      this.#allowanceBytes = 0;
      return;
    }
    this.#allowanceBytes = Math.min(this.#allowanceBytes + earned, this.#bytesPerSecond * BURST_SECONDS);
  }

  #change(): void {
    for (const wake of this.#waiting) {
      wake();
    }
  }

  #changeWithin(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(waitMs, LONGEST_TIMER_MS));
      this.#waiting.add(wake);
    });
  }
}
