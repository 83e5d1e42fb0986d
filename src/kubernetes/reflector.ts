/**
 * Keeps a local copy of one resource's objects: a list, then a watch from where it ended, again and again, whatever the API
 * server does meanwhile.
 */
import { type ApiError, ApiFailure } from './api-error.ts';
import { type BackOff, backOffMs, type Clock, pause, systemClock } from './clock.ts';
import { ObjectStore, type Observer } from './object-store.ts';
import type { Resource, Selection, WatchEvent } from './resource.ts';
import { keyOf, type ObjectName, parseStoredObject, type StoredObject } from './stored-object.ts';

/** What a reflector did or met, for logs and metrics. */
export type ReflectorReport =
  | { readonly kind: 'Listed'; readonly resource: string; readonly objects: number }
  | { readonly kind: 'WatchEnded'; readonly resource: string; readonly why: 'Closed' | 'Stalled' | 'Expired' }
  | { readonly kind: 'Failed'; readonly resource: string; readonly error: unknown; readonly retryInMs: number }
  | { readonly kind: 'Unreadable'; readonly resource: string; readonly object: string; readonly error: unknown }
  | { readonly kind: 'ObserverFailed'; readonly resource: string; readonly error: unknown };

/** `report` must not throw. Clock and randomness are the process's own unless given. */
export type ReflectorOptions<T extends StoredObject> = {
  readonly resource: Resource<T>;
  readonly selection?: Selection;
  readonly report: (report: ReflectorReport) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
};

/** The server sends a bookmark about once a minute: silence for longer than this means that the connection is dead. */
const STALL_MS = 90_000;
/** How exactly the server ends a watch at the time that was asked for. */
const TIMEOUT_SLACK_MS = 5_000;
const MIN_TIMEOUT_SECONDS = 300;
const BACK_OFF: BackOff = { baseMs: 800, maxMs: 30_000 };

type WatchEnd =
  | { readonly kind: 'Closed'; readonly isInTime: boolean }
  | { readonly kind: 'Stalled' | 'Expired' }
  | { readonly kind: 'Failed'; readonly error: unknown };

/** The copies that a reflector keeps, as far as a store reads them and puts there what its own writes returned. */
export type Copies<T extends StoredObject> = Pick<Reflector<T>, 'get' | 'list' | 'seen'>;

/** A reflector of the objects of one selection. Call `run` once; it resolves when its signal aborts. */
export class Reflector<T extends StoredObject> {
  readonly #resource: Resource<T>;
  readonly #selection: Selection;
  readonly #report: (report: ReflectorReport) => void;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #store: ObjectStore<T>;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #version = '';
  /** Failures since something last worked; the back-off grows with it. */
  #failures = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#resource = options.resource;
    this.#selection = options.selection ?? {};
    this.#report = options.report;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    const resource = options.resource.plural;
    this.#store = new ObjectStore<T>((error) => options.report({ kind: 'ObserverFailed', resource, error }));
  }

  /** Whether a first complete list is in the store. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves when `hasSynced` becomes true; never, if it does not. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** The object as last seen; undefined when there is none, or none that could be read. */
  get(name: ObjectName): T | undefined {
    return this.#store.get(keyOf(name));
  }

  list(): T[] {
    return this.#store.list();
  }

  /** Adds an observer, tells it of what is there already, and gives the function that removes it. */
  observe(observer: Observer<T>): () => void {
    return this.#store.observe(observer);
  }

  /** Takes the object that our own write returned, if it is later than the one in the store. */
  seen(object: T): void {
    this.#store.seen(object);
  }

  /** Lists and watches until `signal` aborts. Never rejects: failures are reported and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#list(signal);
        await this.#watchUntilEnd(signal);
      } catch (error) {
        await this.#wait(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#store.listBegins();
    const objects: T[] = [];
    const unreadable = new Set<string>();
    let version = '';
    for await (const page of this.#resource.listPages(this.#selection, { signal })) {
      for (const item of page.items) {
        const object = this.#parse(item, unreadable);
        if (object !== undefined) objects.push(object);
      }
      version = page.resourceVersion;
    }
    this.#store.replace(objects, unreadable);
    this.#version = version;
    this.#report({ kind: 'Listed', resource: this.#resource.plural, objects: this.#store.size });
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  /**
   * Watches until the watch ends, however it ends: a new list comes next. A watch is not resumed from its last version, since
   * it may have ended with its server, and the next one may have another history: an etcd that was put back gives out versions
   * a second time, and a watch from our version would pass over what was written under the lower ones. For the same reason
   * the end in good time bounds for how long a restore between a list and its watch can go unnoticed.
   */
  async #watchUntilEnd(signal: AbortSignal): Promise<void> {
    const end = await this.#watch(signal);
    if (signal.aborted) return;
    if (end.kind !== 'Failed') this.#report({ kind: 'WatchEnded', resource: this.#resource.plural, why: end.kind });
    if (end.kind === 'Closed' && end.isInTime) this.#failures = 0;
    else await this.#pauseAfter(end, signal);
  }

  async #pauseAfter(end: WatchEnd, signal: AbortSignal): Promise<void> {
    if (end.kind === 'Expired') return this.#pauseBeforeRelist(signal);
    if (end.kind !== 'Stalled') await this.#wait(end.kind === 'Failed' ? end.error : undefined, signal);
  }

  /** None after the first expiry, which is ordinary; a server that answers every list with an expiry is not hammered. */
  async #pauseBeforeRelist(signal: AbortSignal): Promise<void> {
    if (this.#failures > 0) await this.#wait(undefined, signal);
    else this.#failures = 1;
  }

  async #watch(signal: AbortSignal): Promise<WatchEnd> {
    const stall = new StallTimer(this.#clock, STALL_MS, signal);
    const timeoutSeconds = Math.ceil(MIN_TIMEOUT_SECONDS * (1 + this.#random()));
    const from = { resourceVersion: this.#version, timeoutSeconds };
    const startedAt = this.#clock.now();
    try {
      for await (const event of this.#resource.watch(this.#selection, from, stall.signal)) {
        stall.restart();
        if (event.kind === 'Error')
          return endFor(event.error, new ApiFailure(`watch ${this.#resource.plural}`, event.error));
        this.#failures = 0;
        this.#apply(event);
      }
      const lateMs = this.#clock.now() - startedAt - timeoutSeconds * 1000;
      return { kind: 'Closed', isInTime: Math.abs(lateMs) < TIMEOUT_SLACK_MS };
    } catch (error) {
      if (stall.hasFired) return { kind: 'Stalled' };
      return error instanceof ApiFailure ? endFor(error.error, error) : { kind: 'Failed', error };
    } finally {
      stall.stop();
    }
  }

  #apply(event: Exclude<WatchEvent, { kind: 'Error' }>): void {
    if (event.kind === 'Bookmark') {
      this.#version = event.resourceVersion;
      return;
    }
    const { metadata } = parseStoredObject(event.object);
    if (event.kind === 'Deleted') {
      this.#store.remove(metadata);
    } else if (this.#store.isNews(metadata)) {
      const object = this.#parse(event.object);
      if (object !== undefined) this.#store.put(object);
    }
    this.#version = metadata.resourceVersion;
  }

  /**
   * An object that cannot be read is reported and passed over; an earlier state of it stays, since taking it for deleted
   * would be worse than acting on an old version, which every write checks.
   */
  #parse(item: unknown, unreadable?: Set<string>): T | undefined {
    const stored = parseStoredObject(item);
    try {
      return this.#resource.parse(stored);
    } catch (error) {
      const object = keyOf(stored.metadata);
      unreadable?.add(object);
      this.#report({ kind: 'Unreadable', resource: this.#resource.plural, object, error });
      return undefined;
    }
  }

  /** The pause after a failure, or after a watch that was closed at once. */
  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#failures += 1;
    const asked = error instanceof ApiFailure ? (error.error.retryAfterMs ?? 0) : 0;
    const retryInMs = Math.max(asked, backOffMs(this.#failures, BACK_OFF, this.#random));
    if (error !== undefined) this.#report({ kind: 'Failed', resource: this.#resource.plural, error, retryInMs });
    await pause(this.#clock, retryInMs, signal);
  }
}

function endFor(error: ApiError, failure: ApiFailure): WatchEnd {
  return error.kind === 'Gone' ? { kind: 'Expired' } : { kind: 'Failed', error: failure };
}

/** Aborts its signal when it has not been restarted for so long, or when the signal it depends on aborts. */
class StallTimer {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  readonly #stopWithParent = (): void => this.#controller.abort(this.#parent.reason);
  #cancel: () => void = (): void => undefined;
  hasFired = false;

  constructor(clock: Clock, stallMs: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#parent = parent;
    parent.addEventListener('abort', this.#stopWithParent, { once: true });
    // An observer may have ended it while the list was taken: no event comes any more.
    if (parent.aborted) this.#stopWithParent();
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    this.#cancel();
    this.#cancel = this.#clock.after(this.#stallMs, () => {
      this.hasFired = true;
      this.#controller.abort();
    });
  }

  stop(): void {
    this.#cancel();
    this.#parent.removeEventListener('abort', this.#stopWithParent);
  }
}
