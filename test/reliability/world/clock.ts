/**
 * Time that passes only when nothing else can happen: timers run in the order of their time, and between two of them
 * every promise that can go on does. The same calls give the same order, so that a run can be repeated.
 */
import type { Clock } from '../../../src/kubernetes/clock.ts';
import type { ArrayClock } from '../../../src/simulator/ports.ts';

type Timer = { readonly atMs: number; readonly order: number; readonly run: () => void };

/** The time of one simulated world, from an arbitrary day on. */
export class VirtualClock implements Clock {
  readonly #epochMs = Date.parse('2026-11-24T10:00:00Z');
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #order = 0;

  now(): number {
    return this.#nowMs;
  }

  date(): Date {
    return new Date(this.#epochMs + this.#nowMs);
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Resolves after a while of this clock's time. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /**
   * Lets the world go on until `isOver`, looked at after every event, or until the time is up. Resolves to whether it was
   * over.
   */
  async runUntil(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await settle();
    while (!isOver()) {
      const next = this.#next();
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return false;
      }
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.run();
      await settle();
    }
    return true;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      const isEarlier = first === undefined || timer.atMs < first.atMs;
      if (isEarlier || (timer.atMs === first?.atMs && timer.order < first.order)) first = timer;
    }
    return first;
  }
}

/** The same time for an array; `isAlive` keeps what a dead process had planned from happening. */
export function arrayClock(clock: VirtualClock, isAlive: () => boolean): ArrayClock {
  return {
    now: () => clock.date().getTime(),
    every: (milliseconds, run) => {
      let cancel = (): void => undefined;
      const tick = (): void => {
        if (!isAlive()) return;
        run();
        cancel = clock.after(milliseconds, tick);
      };
      cancel = clock.after(milliseconds, tick);
      return () => cancel();
    },
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const cancel = clock.after(milliseconds, resolve);
        signal.addEventListener('abort', () => {
          cancel();
          resolve();
        });
      }),
  };
}

/** A macrotask begins only when no promise can go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
