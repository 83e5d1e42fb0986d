/** Watches: what has changed since a version, then every change as it comes, until the time is up. */
import { ApiFailure, noAnswer } from '../../../../src/kubernetes/api-error.ts';
import type { Clock } from '../../../../src/kubernetes/clock.ts';
import type { ApiRequest } from '../../../../src/kubernetes/http.ts';
import { Inbox } from './inbox.ts';
import type { Kind } from './kinds.ts';
import type { Change, ObjectHistory, Stored } from './object-history.ts';
import { failureOf, nameOf, Refusal } from './refusals.ts';

/** About how often the real server sends a bookmark; one more comes before it ends the watch. */
const BOOKMARK_MS = 60_000;
const BEFORE_END_MS = 2_000;
const DEFAULT_TIMEOUT_SECONDS = '1800';

type Scope = { readonly kind: Kind; readonly namespace: string | undefined };

export class Watches {
  readonly #history: ObjectHistory;
  readonly #clock: Clock;
  readonly #open = new Map<Inbox, ApiRequest>();
  /** A server knows no event from before its start. */
  #startedAt: number;

  constructor(history: ObjectHistory, clock: Clock) {
    this.#history = history;
    this.#clock = clock;
    this.#startedAt = history.isKept(0) ? 0 : history.version;
  }

  async *watch(request: ApiRequest, scope: Scope): AsyncGenerator<unknown, void, undefined> {
    const { signal, query = {} } = request;
    signal?.throwIfAborted();
    const { resourceVersion = '', timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, allowWatchBookmarks } = query;
    if (!/^\d*$/.test(resourceVersion)) throw failureOf(request, new Refusal(500, '', 'resourceVersion is no number'));
    const inbox = new Inbox();
    const from = this.#begin(inbox, Number(resourceVersion), scope);
    this.#open.set(inbox, request);
    const forget = this.#history.onChange((change) => {
      // After a restore the server's history is behind the watch's: nothing is news until it has caught up.
      if (concerns(change, scope) && change.version > from) inbox.put(eventOf(change));
    });
    const endsAt = this.#clock.now() + Number(timeoutSeconds) * 1000;
    const cancelEnd = this.#clock.after(Number(timeoutSeconds) * 1000, () => inbox.end());
    const cancelBookmarks =
      allowWatchBookmarks === 'true' ? this.#bookmarks(inbox, from, { scope, endsAt }) : undefined;
    const abort = (): void => inbox.fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      yield* inbox;
    } finally {
      forget();
      this.#open.delete(inbox);
      cancelEnd();
      cancelBookmarks?.();
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The server starts anew: every connection is cut, and the events from before are known no more. */
  restart(): void {
    this.#startedAt = this.#history.version;
    for (const [inbox, request] of this.#open)
      inbox.fail(new ApiFailure(nameOf(request), noAnswer('the connection was cut')));
  }

  /** Puts what has happened since, and gives the version after which everything is news. */
  #begin(inbox: Inbox, version: number, scope: Scope): number {
    if (version === 0) {
      const now = this.#history.list(scope.kind.resource, scope.namespace);
      for (const object of now) inbox.put({ type: 'ADDED', object });
      return this.#history.version;
    }
    if (version < this.#startedAt) {
      inbox.put({ type: 'ERROR', object: new Refusal(410, 'Expired', 'too old resource version').status });
      inbox.end();
      return version;
    }
    for (const change of this.#history.since(version)) if (concerns(change, scope)) inbox.put(eventOf(change));
    return version;
  }

  /** None says less than what the watch began at. */
  #bookmarks(inbox: Inbox, from: number, { scope, endsAt }: { scope: Scope; endsAt: number }): () => void {
    let cancel = (): void => undefined;
    const next = (): void => {
      const untilLastMs = endsAt - BEFORE_END_MS - this.#clock.now();
      if (untilLastMs >= 0) cancel = this.#clock.after(Math.min(BOOKMARK_MS, untilLastMs), tick);
    };
    const tick = (): void => {
      if (this.#history.version >= from) inbox.put(bookmark(scope.kind, this.#history.version));
      if (endsAt - BEFORE_END_MS > this.#clock.now()) next();
    };
    next();
    return () => cancel();
  }
}

function bookmark({ apiVersion, kind }: Kind, version: number): unknown {
  return { type: 'BOOKMARK', object: { apiVersion, kind, metadata: { resourceVersion: String(version) } } };
}

function concerns({ resource, last }: Change, { kind, namespace }: Scope): boolean {
  return resource === kind.resource && (namespace === undefined || last.metadata.namespace === namespace);
}

function eventOf({ before, object, last }: Change): { readonly type: string; readonly object: Stored } {
  return { type: object === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED', object: last };
}
