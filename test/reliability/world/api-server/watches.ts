/** Watches: what has changed since a version, then every change as it comes, until the time is up. */
import type { Clock } from '../../../../src/kubernetes/clock.ts';
import type { Change, ObjectHistory } from './object-history.ts';

export type WatchOptions = {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly from: number;
  readonly timeoutMs: number;
};

/** About how often the real server sends a bookmark. */
const BOOKMARK_MS = 60_000;

export class Watches {
  readonly #history: ObjectHistory;
  readonly #clock: Clock;
  readonly #open = new Set<Inbox>();

  constructor(history: ObjectHistory, clock: Clock) {
    this.#history = history;
    this.#clock = clock;
  }

  async *watch(options: WatchOptions, signal: AbortSignal | undefined): AsyncGenerator<unknown, void, undefined> {
    const past = this.#history.since(options.from);
    if (past === undefined) {
      yield {
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' },
      };
      return;
    }
    const queue: unknown[] = past.filter((change) => concerns(change, options)).map(eventOf);
    const inbox = new Inbox(queue);
    this.#open.add(inbox);
    const forget = this.#history.onChange((change) => {
      // After a restore the server's history is behind the watch's: nothing is news until it has caught up.
      if (concerns(change, options) && change.version > options.from) inbox.put(eventOf(change));
    });
    const cancelEnd = this.#clock.after(options.timeoutMs, () => inbox.end());
    const abort = (): void => inbox.fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    const cancelBookmarks = this.#bookmarks(inbox);
    try {
      yield* inbox;
    } finally {
      forget();
      this.#open.delete(inbox);
      cancelEnd();
      cancelBookmarks();
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Every connection is cut. */
  cut(): void {
    for (const inbox of this.#open) inbox.fail(new Error('the connection was cut'));
  }

  #bookmarks(inbox: Inbox): () => void {
    let cancel = (): void => undefined;
    const tick = (): void => {
      inbox.put({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.#history.version) } } });
      cancel = this.#clock.after(BOOKMARK_MS, tick);
    };
    cancel = this.#clock.after(BOOKMARK_MS, tick);
    return () => cancel();
  }
}

/** What has come and was not taken yet. */
class Inbox implements AsyncIterable<unknown> {
  readonly #items: unknown[];
  #isEnded = false;
  #error: unknown;
  #wake: () => void = () => undefined;

  constructor(items: unknown[]) {
    this.#items = items;
  }

  put(item: unknown): void {
    this.#items.push(item);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error = error ?? new Error('aborted');
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#items.length > 0) yield this.#items.shift();
      else if (this.#isEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function concerns({ resource, last }: Change, options: WatchOptions): boolean {
  return (
    resource === options.resource && (options.namespace === undefined || last.metadata.namespace === options.namespace)
  );
}

function eventOf({ before, object, last }: Change): unknown {
  return { type: object === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED', object: last };
}
