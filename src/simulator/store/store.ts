/**
 * The array's side of its store: every call is a message to the store's thread, answered in order.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ArrayStore } from '../ports.ts';
import type { Batch } from './batch.ts';
import { type StoredArray, StoreError } from './database.ts';
import type { StoreRequest, StoreResponse } from './store-messages.ts';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** The name of the database in the data directory. */
export const databaseName = 'array.sqlite';

const digestBytes = 32;

/** An open store. */
export class Store implements ArrayStore {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];

  private constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./store-thread.${extension}`, import.meta.url), { name: 'store', execArgv: [] });
    this.#worker.on('message', (response: StoreResponse) => this.#settle(response));
    this.#worker.on('error', (error: unknown) => this.#fail(new Error("The store's thread ended.", { cause: error })));
    this.#worker.on('exit', () => this.#fail(new Error('The store has been closed.')));
  }

  /** Opens the store of a data directory. Rejects with StoreError when the directory cannot be used. */
  static async open(directory: string): Promise<{ readonly store: Store; readonly stored: StoredArray }> {
    const store = new Store();
    try {
      const stored = (await store.#ask({ kind: 'open', path: join(directory, databaseName) })) as StoredArray;
      return { store, stored };
    } catch (error) {
      await store.#worker.terminate();
      throw error;
    }
  }

  /** Resolves when the batch is committed. */
  async commit(batch: Batch): Promise<void> {
    await this.#ask({ kind: 'commit', batch });
  }

  /** The hexadecimal SHA-256 of every chunk of a snapshot, or undefined when they are not known. */
  async digests(lunID: string): Promise<readonly string[] | undefined> {
    const chunks = (await this.#ask({ kind: 'digests', lunID })) as Uint8Array | undefined;
    if (chunks === undefined) {
      return undefined;
    }
    const hex = Buffer.from(chunks).toString('hex');
    return Array.from({ length: chunks.length / digestBytes }, (_, index) =>
      hex.slice(index * digestBytes * 2, (index + 1) * digestBytes * 2),
    );
  }

  async putDigests(lunID: string, digests: readonly string[]): Promise<void> {
    await this.#ask({ kind: 'putDigests', lunID, chunks: Buffer.from(digests.join(''), 'hex') });
  }

  /** Keeps a fault over restarts; `null` forgets it. */
  async putFault(id: string, record: Uint8Array | null): Promise<void> {
    await this.#ask({ kind: 'putFault', id, record });
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close' });
    await this.#worker.terminate();
  }

  #ask(request: StoreRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  #settle(response: StoreResponse): void {
    const waiting = this.#waiting.shift();
    if (response.ok) {
      waiting?.resolve(response.value);
      return;
    }
    waiting?.reject(response.isStoreError ? new StoreError(response.message) : new Error(response.message));
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) {
      waiting.reject(error);
    }
  }
}
