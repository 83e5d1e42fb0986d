/**
 * Events of events.k8s.io/v1 about our objects. They are a courtesy: recording one never throws, never waits, and gives
 * up rather than pile up. Whatever a user must know is in the object's status as well.
 */
import { type ApiErrorKind, ApiFailure, failedWith } from './api-error.ts';
import { backOffMs, type Clock, pause, systemClock } from './clock.ts';
import { type EventSubject, eventBody, eventName, eventResource, type NewEvent } from './event-object.ts';
import type { ApiTransport } from './http.ts';
import { microTime } from './micro-time.ts';
import type { Resource } from './resource.ts';
import type { StoredObject } from './stored-object.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Why an Event was not written. */
export type EventLoss = 'Throttled' | 'QueueFull' | 'Terminating' | 'Refused' | 'Unavailable';

/** `onLoss` counts what was not written; `error` is given where it is worth a line in the log. Neither may throw. */
export type EventRecorderOptions = {
  readonly server: ApiTransport;
  /** `<domain>/<controller>`. */
  readonly reportingController: string;
  /** The Pod's name. */
  readonly reportingInstance: string;
  readonly onLoss: (loss: EventLoss, error?: unknown) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
};

/** An Event that was written, and its repeats since. */
type Series = {
  readonly key: string;
  readonly event: NewEvent;
  readonly name: string;
  readonly firstAt: Date;
  stored: StoredObject | undefined;
  count: number;
  /** The count that was sent last. */
  reportedCount: number;
  lastAtMs: number;
  lastAt: Date;
  queued: boolean;
};

const MAX_QUEUED = 1_000;
const MAX_SERIES = 4_096;
/** A repeat later than this is told as a new Event. */
const SERIES_MS = 10 * 60_000;
const MAX_TRIES = 4;
const BACK_OFF = { baseMs: 500, maxMs: 10_000 };
const REQUEST_DEADLINE_MS = 10_000;
/** As many writes at once for one object, then one more each five minutes; as client-go limits them. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;

/** Records Events in the background. Call `flush` before the end. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #events: Resource<StoredObject>;
  readonly #buckets: TokenBuckets;
  readonly #series = new Map<string, Series>();
  readonly #queue: Series[] = [];
  #sending = false;
  readonly #stop = new AbortController();
  readonly #idle: (() => void)[] = [];

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#events = eventResource(options.server);
    this.#buckets = new TokenBuckets({ burst: BURST, refillMs: REFILL_MS, clock: this.#clock });
  }

  /**
   * Records an Event. The same reason and type for the same object within ten minutes is a repeat: it is counted, and
   * the count is written at 2, 4, 8 and so on, with the note of the first.
   */
  record(event: NewEvent): void {
    if (this.#stop.signal.aborted) return;
    const key = [event.regarding.uid, event.type, event.reason].join(' ');
    const known = this.#series.get(key);
    if (known !== undefined && this.#clock.now() - known.lastAtMs < SERIES_MS) this.#repeat(known);
    else this.#begin(key, event);
  }

  /** Writes what is queued and the counts not yet written, for at most `deadlineMs`, then drops the rest. */
  async flush(deadlineMs: number): Promise<void> {
    for (const series of this.#series.values()) {
      if (series.count > series.reportedCount) this.#enqueue(series);
    }
    const done = new Promise<void>((resolve) => this.#idle.push(resolve));
    const cancel = this.#clock.after(deadlineMs, () => this.#stop.abort());
    if (this.#sending) await done;
    cancel();
    this.#stop.abort();
  }

  #begin(key: string, event: NewEvent): void {
    const firstAt = this.#clock.date();
    const series: Series = {
      key,
      event,
      name: eventName(event.regarding.name, firstAt, this.#random),
      firstAt,
      stored: undefined,
      count: 1,
      reportedCount: 0,
      lastAtMs: this.#clock.now(),
      lastAt: firstAt,
      queued: false,
    };
    if (!this.#enqueue(series)) return;
    // A map keeps the order of insertion: the first is the one that began longest ago.
    this.#series.delete(key);
    this.#series.set(key, series);
    const oldest = this.#series.keys().next();
    if (this.#series.size > MAX_SERIES && oldest.done !== true) this.#series.delete(oldest.value);
  }

  #repeat(series: Series): void {
    series.count += 1;
    series.lastAtMs = this.#clock.now();
    series.lastAt = this.#clock.date();
    if (series.count >= 2 * series.reportedCount) this.#enqueue(series);
  }

  #enqueue(series: Series): boolean {
    if (series.queued) return true;
    if (this.#queue.length >= MAX_QUEUED) return this.#lose('QueueFull');
    if (!this.#buckets.take(series.event.regarding.uid)) return this.#lose('Throttled');
    series.queued = true;
    this.#queue.push(series);
    if (!this.#sending) void this.#sendAll();
    return true;
  }

  #lose(loss: EventLoss, error?: unknown): false {
    this.#options.onLoss(loss, error);
    return false;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (;;) {
      const series = this.#queue.shift();
      if (series === undefined) break;
      series.queued = false;
      if (this.#stop.signal.aborted) this.#lose('Unavailable');
      else await this.#sendWithRetries(series);
    }
    this.#sending = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #sendWithRetries(series: Series): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#send(series);
        return;
      } catch (error) {
        const loss = this.#stop.signal.aborted ? 'Unavailable' : lossOf(error);
        if (loss !== 'Unavailable' || tries === MAX_TRIES || this.#stop.signal.aborted) {
          this.#end(series, loss, error);
          return;
        }
        const asked = error instanceof ApiFailure ? (error.error.retryAfterMs ?? 0) : 0;
        const waitMs = Math.max(asked, backOffMs(tries, BACK_OFF, this.#random));
        await pause(this.#clock, waitMs, this.#stop.signal);
      }
    }
  }

  /** Ends a series that could not be written, so that what it would repeat is told as a new Event. */
  #end(series: Series, loss: EventLoss, error: unknown): void {
    if (this.#series.get(series.key) === series) this.#series.delete(series.key);
    // A create that was repeated because its answer was lost; or the Event has expired or was edited.
    if (failedWith(error, 'AlreadyExists', 'Conflict')) return;
    this.#lose(loss, loss === 'Terminating' ? undefined : error);
  }

  async #send(series: Series): Promise<void> {
    const { event, count, firstAt, lastAt } = series;
    // Before the answer, so that a repeat or a flush meanwhile does not queue the same count again.
    series.reportedCount = count;
    const call = { signal: this.#stop.signal, deadlineMs: REQUEST_DEADLINE_MS };
    const name = { namespace: namespaceOf(event.regarding), name: series.name };
    const repeats = count < 2 ? {} : { series: { count, lastObservedTime: microTime(lastAt) } };
    if (series.stored === undefined) {
      const body = eventBody(event, { ...name, firstAt, ...this.#options });
      series.stored = await this.#events.create(name, { ...body, ...repeats }, call);
    } else {
      series.stored = await this.#events.patch(name, repeats, series.stored.metadata, call);
    }
  }
}

/** Events of cluster-scoped objects live in `default`, where `kubectl describe` looks for them. */
function namespaceOf(subject: EventSubject): string {
  return subject.namespace ?? 'default';
}

function lossOf(failure: unknown): EventLoss {
  if (!(failure instanceof ApiFailure)) return 'Refused';
  const { kind, causeReason } = failure.error;
  if (causeReason === 'NamespaceTerminating') return 'Terminating';
  return LOSS_BY_KIND[kind] ?? 'Refused';
}

const LOSS_BY_KIND: Readonly<Partial<Record<ApiErrorKind, EventLoss>>> = {
  Unavailable: 'Unavailable',
  TooManyRequests: 'Unavailable',
  Unauthorized: 'Unavailable',
  // The namespace is gone, or the Event has expired.
  NotFound: 'Terminating',
};
