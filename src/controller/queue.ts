/**
 * The work queue between what changes and who works on it: a key waits at most once however often it is added, is worked
 * on by one worker at a time, and comes back when it was added meanwhile. It holds keys, never objects, so its size is
 * bounded by the number of objects.
 */

/** A source of time; `now` is monotonic, in milliseconds. */
export type QueueClock = {
  now(): number;
  after(delayMs: number, run: () => void): () => void;
};

/** Told what happens, for metrics. Durations are in milliseconds. None may throw. */
export type QueueObserver = {
  readonly onAdd?: () => void;
  /** A worker took a key that had waited so long. */
  readonly onTake?: (waitedMs: number) => void;
  readonly onDone?: (workedMs: number) => void;
  readonly onRetry?: () => void;
};

/** Back-off doubles from `baseDelayMs` to `maxDelayMs` with each `addRateLimited` until `forget`. */
export type WorkQueueOptions = {
  readonly clock: QueueClock;
  readonly baseDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly observer?: QueueObserver;
};

type Delayed = { readonly atMs: number; readonly cancel: () => void };

/** A queue of keys. Every key that `get` gives must be given back to `done`. */
export class WorkQueue<K extends string> {
  readonly #clock: QueueClock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #observer: QueueObserver;
  /** Waiting and not worked on, in order, with the time of the first add. */
  readonly #waiting = new Map<K, number>();
  /** Added while being worked on. */
  readonly #again = new Map<K, number>();
  /** Being worked on, since when. */
  readonly #active = new Map<K, number>();
  readonly #delayed = new Map<K, Delayed>();
  readonly #failures = new Map<K, number>();
  readonly #workers: ((key: K | undefined) => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#baseDelayMs = options.baseDelayMs ?? 1_000;
    this.#maxDelayMs = options.maxDelayMs ?? 60_000;
    this.#observer = options.observer ?? {};
  }

  /** How many keys wait for a worker, without those that are delayed. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** How many keys wait for their time to come. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** How long each key that is being worked on has been, in milliseconds. */
  get unfinishedMs(): number[] {
    const now = this.#clock.now();
    return [...this.#active.values()].map((sinceMs) => now - sinceMs);
  }

  /** Adds a key now. Nothing happens when it waits already, or the queue is closed. */
  add(key: K): void {
    if (this.#closed || this.#waiting.has(key) || this.#again.has(key)) return;
    this.#observer.onAdd?.();
    const now = this.#clock.now();
    if (this.#active.has(key)) this.#again.set(key, now);
    else this.#offer(key, now);
  }

  /** Adds a key after a delay; of several delayed adds of one key only the earliest counts. */
  addAfter(key: K, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) return this.add(key);
    const atMs = this.#clock.now() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined) {
      if (earlier.atMs <= atMs) return;
      earlier.cancel();
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, cancel });
  }

  /** Adds a key after its back-off, which grows with each call. */
  addRateLimited(key: K): void {
    if (this.#closed) return;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#observer.onRetry?.();
    this.addAfter(key, Math.min(this.#baseDelayMs * 2 ** Math.min(failures, 30), this.#maxDelayMs));
  }

  /** Ends the back-off of a key that did well, or whose object is gone. */
  forget(key: K): void {
    this.#failures.delete(key);
  }

  /** Waits for a key and gives it to the caller alone; undefined when the queue is closed. */
  get(): Promise<K | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const first = this.#waiting.entries().next();
    if (first.done === true) return new Promise((resolve) => this.#workers.push(resolve));
    const [key, sinceMs] = first.value;
    this.#waiting.delete(key);
    this.#claim(key, sinceMs);
    return Promise.resolve(key);
  }

  /** Gives a key back; it waits again if it was added while it was worked on. */
  done(key: K): void {
    const sinceMs = this.#active.get(key);
    if (sinceMs === undefined) throw new Error(`the work queue is given back "${key}", which nobody has taken`);
    this.#active.delete(key);
    this.#observer.onDone?.(this.#clock.now() - sinceMs);
    const addedAtMs = this.#again.get(key);
    this.#again.delete(key);
    if (addedAtMs !== undefined && !this.#closed) this.#offer(key, addedAtMs);
    if (this.#active.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /**
   * Ends the queue: workers that wait get undefined, what waits or is delayed is dropped, later adds are ignored. Nothing
   * is lost by it: all state is in the objects, and the next process begins with a list of them.
   */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    for (const keys of [this.#delayed, this.#waiting, this.#again, this.#failures]) keys.clear();
    for (const resolve of this.#workers.splice(0)) resolve(undefined);
  }

  /** Resolves when no key is being worked on. */
  idle(): Promise<void> {
    if (this.#active.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #offer(key: K, sinceMs: number): void {
    const worker = this.#workers.shift();
    if (worker === undefined) {
      this.#waiting.set(key, sinceMs);
      return;
    }
    this.#claim(key, sinceMs);
    worker(key);
  }

  #claim(key: K, sinceMs: number): void {
    const now = this.#clock.now();
    this.#active.set(key, now);
    this.#observer.onTake?.(now - sinceMs);
  }
}
