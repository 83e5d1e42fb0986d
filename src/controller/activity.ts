/**
 * For how long an operation has shown no change, and an array no answer, as this process saw it. Kept in memory: after a
 * restart the time begins anew, which lets a run live longer and never ends one too early.
 */
import type { Operation } from '../core/array.ts';

export class Activity {
  readonly #monotonic: () => number;
  readonly #operations = new Map<string, { readonly signature: string; readonly sinceMs: number }>();
  readonly #silentSince = new Map<string, number>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Milliseconds since the operation last changed its step, bytes or heartbeat. */
  idleMs(operation: Operation): number {
    const bytes = operation.pairs.map((pair) => pair.copiedBytes).join(',');
    const signature = `${operation.step} ${bytes} ${operation.heartbeat}`;
    const known = this.#operations.get(operation.operationID);
    if (known?.signature === signature) return this.#monotonic() - known.sinceMs;
    this.#operations.set(operation.operationID, { signature, sinceMs: this.#monotonic() });
    return 0;
  }

  /** Time without an answer, or suspended, does not count: the operation's time begins anew. */
  forget(operationID: string): void {
    this.#operations.delete(operationID);
  }

  /** Notes whether the array answered, and gives the milliseconds for which it has not. */
  silentMs(arrayName: string, answered: boolean): number {
    if (answered) {
      this.#silentSince.delete(arrayName);
      return 0;
    }
    const since = this.#silentSince.get(arrayName) ?? this.#monotonic();
    this.#silentSince.set(arrayName, since);
    return this.#monotonic() - since;
  }
}
