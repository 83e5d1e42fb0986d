/**
 * What happened lately, and how many bytes went which way. Kept in memory, bounded, gone with the process.
 */

export type JournalEntry = {
  readonly time: number;
  /** A method, or an operation's step or outcome, or a fault. */
  readonly event: string;
  readonly owner: string;
  readonly operationID: string;
  /** The gRPC status of a call. */
  readonly code: string;
  readonly milliseconds: number;
  readonly detail: string;
};

const maxEntries = 10_000;

/** The newest entries and the counters of this process. */
export class Journal {
  readonly callsByMethod = new Map<string, number>();
  readonly #entries: JournalEntry[] = [];
  arrayCopyBytes = 0;
  hostReadBytes = 0;
  hostWriteBytes = 0;

  add(entry: JournalEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > maxEntries * 1.1) {
      this.#entries.splice(0, this.#entries.length - maxEntries);
    }
  }

  countCall(method: string): void {
    this.callsByMethod.set(method, (this.callsByMethod.get(method) ?? 0) + 1);
  }

  /** The newest entries, oldest first. */
  newest(limit: number): readonly JournalEntry[] {
    return this.#entries.slice(-limit);
  }
}
