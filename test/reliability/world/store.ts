/**
 * The array's store over the project's own database, in memory. A crash keeps every commit that was asked to be durable,
 * and of those after the last such one as many as `kept` says, in order: that is what a write-ahead log promises.
 */
import type { ArrayStore } from '../../../src/simulator/ports.ts';
import type { Batch } from '../../../src/simulator/store/batch.ts';
import { Database, type StoredArray } from '../../../src/simulator/store/database.ts';

type Entry =
  | { readonly kind: 'commit'; readonly batch: Batch }
  | { readonly kind: 'digests'; readonly lunID: string; readonly chunks: Buffer }
  | { readonly kind: 'fault'; readonly id: string; readonly record: Uint8Array | null };

/** What one array has committed, which outlives its processes. */
export class CommitLog {
  readonly #arrayID: string;
  #entries: Entry[] = [];
  #database: Database;

  constructor(arrayID: string) {
    this.#arrayID = arrayID;
    this.#database = new Database(':memory:', () => arrayID);
  }

  load(): StoredArray {
    return this.#database.load();
  }

  append(entry: Entry): void {
    this.#entries.push(entry);
    apply(this.#database, entry);
  }

  digests(lunID: string): Uint8Array | undefined {
    return this.#database.digests(lunID);
  }

  /** Power is lost: a part of what may be lost is. */
  crash(kept: number): void {
    const firm = this.#entries.findLastIndex((entry) => entry.kind !== 'commit' || entry.batch.isFlushed) + 1;
    const loose = this.#entries.length - firm;
    const left = this.#entries.slice(0, firm + Math.floor(kept * (loose + 1)));
    this.#database.close();
    this.#database = new Database(':memory:', () => this.#arrayID);
    this.#entries = left;
    for (const entry of left) apply(this.#database, entry);
  }
}

/** The store of one process; `around` is the gate of its effects. */
export function simulatedStore(
  log: CommitLog,
  around: (name: string, subject: string, effect: () => void) => Promise<void>,
): ArrayStore {
  return {
    commit: (batch) => around('commit', '', () => log.append({ kind: 'commit', batch })),
    digests: async (lunID) => {
      const chunks = log.digests(lunID);
      if (chunks === undefined) return undefined;
      return Buffer.from(chunks).toString('hex').match(/.{64}/g) ?? [];
    },
    putDigests: (lunID, digests) =>
      around('digests', lunID, () =>
        log.append({ kind: 'digests', lunID, chunks: Buffer.from(digests.join(''), 'hex') }),
      ),
    putFault: (id, record) => around('fault', id, () => log.append({ kind: 'fault', id, record })),
    close: async () => undefined,
  };
}

function apply(database: Database, entry: Entry): void {
  switch (entry.kind) {
    case 'commit':
      return database.commit(entry.batch);
    case 'digests':
      return database.putDigests(entry.lunID, entry.chunks);
    case 'fault':
      return database.putFault(entry.id, entry.record);
  }
}
