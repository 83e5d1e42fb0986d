/** A clock that moves only when the test says so. */
import type { Clock } from '../../src/kubernetes/clock.ts';

type Timer = { readonly atMs: number; readonly run: () => void };

export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();
  readonly #startedAt = Date.UTC(2026, 10, 24, 10, 0, 0);

  now(): number {
    return this.#nowMs;
  }

  date(): Date {
    return new Date(this.#startedAt + this.#nowMs);
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return (): void => {
      this.#timers.delete(timer);
    };
  }

  /** How far away each pending timer is, the next one first. */
  get pendingMs(): number[] {
    return [...this.#timers].map((timer) => timer.atMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Moves the time on, running each timer at its own moment. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.run();
    }
    this.#nowMs = endMs;
  }
}
