/**
 * Leader election by a Lease, with the semantics of client-go's: time is measured only here, by a monotonic clock, and a
 * lease counts as expired when its record has not changed for its duration *as observed by us*. The times written in it
 * are for people. It decides who works, for efficiency; that two who work do no harm is the safety protocol's task.
 */
import { failedWith } from './api-error.ts';
import { type Clock, pause, systemClock } from './clock.ts';
import type { ApiTransport } from './http.ts';
import type { Lease, LeaseRecord } from './lease-object.ts';
import { leases } from './lease-object.ts';
import { microTime } from './micro-time.ts';
import type { Resource } from './resource.ts';

/** `identity` must be unique among all processes, such as a Pod's name with a random suffix. */
export type LeaderElectionOptions = {
  readonly server: ApiTransport;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** Told each failed try; it must not throw. */
  readonly report: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly timing: LeaseTiming;
};

/** How long others wait, how long the leader tries to renew before it gives up, and the pause between tries. */
export type LeaseTiming = {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
};

/** Candidates wait up to this much longer than the retry period, so that they do not all try at one moment. */
const JITTER = 1.2;

/** Why leadership ended; the reason of the signal that `acquire` gives. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}

type Observed = { readonly lease: Lease; readonly sinceMs: number };

/** One candidate. Use: `acquire`, work while its signal is not aborted, `release`. */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leases: Resource<Lease>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #timing: LeaseTiming;
  readonly #lost = new AbortController();
  readonly #stopRenewing = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  #observed: Observed | undefined;
  #needsRead = true;
  #isLeader = false;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leases = leases(options.server);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#timing = options.timing;
  }

  /** Whether this process leads now. */
  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Who leads as last seen; empty when nobody does. */
  get holder(): string {
    return this.#observed?.lease.spec.holderIdentity ?? '';
  }

  /**
   * Waits until this process leads, and gives the signal that aborts when it no longer does; renewing goes on behind it.
   * Rejects with the reason of `signal` when that aborts first. To be called once.
   */
  async acquire(signal: AbortSignal): Promise<AbortSignal> {
    for (;;) {
      signal.throwIfAborted();
      const triedAtMs = this.#clock.now();
      if (await this.#try(signal, this.#timing.renewDeadlineMs)) {
        this.#isLeader = true;
        this.#renewing = this.#renewUntilLost(triedAtMs);
        return this.#lost.signal;
      }
      await pause(this.#clock, this.#timing.retryPeriodMs * (1 + JITTER * this.#random()), signal);
    }
  }

  /**
   * Stops renewing and gives the lease up, so that the next leader need not wait for it to expire. To be called when no
   * work is left. Never rejects: a lease that could not be released expires.
   */
  async release(deadlineMs = 5_000): Promise<void> {
    this.#stopRenewing.abort();
    await this.#renewing;
    if (!this.#isLeader) return;
    const signal = AbortSignal.timeout(deadlineMs);
    try {
      // A renewal that was cut short may or may not have been carried out: then the record is read again first.
      const lease = await this.#current({ signal, deadlineMs });
      if (lease === undefined || this.#isHeldByAnother()) return;
      const now = microTime(this.#clock.date());
      // The duration of 1 s is client-go's way to let candidates in at once.
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now };
      await this.#write(spec, { signal, deadlineMs });
    } catch (error) {
      this.#options.report(error);
    } finally {
      this.#isLeader = false;
    }
  }

  /** Renews until it fails for the renew deadline, counted from when the last success was *sent*, or another one leads. */
  async #renewUntilLost(acquiredAtMs: number): Promise<void> {
    const stop = this.#stopRenewing.signal;
    let renewedAtMs = acquiredAtMs;
    for (;;) {
      await pause(this.#clock, this.#timing.retryPeriodMs, stop);
      if (stop.aborted) return;
      const sentAtMs = this.#clock.now();
      const leftMs = renewedAtMs + this.#timing.renewDeadlineMs - sentAtMs;
      if (leftMs <= 0) return this.#lose(`not renewed for ${this.#timing.renewDeadlineMs} ms`);
      if (await this.#try(stop, leftMs)) renewedAtMs = sentAtMs;
      else if (this.#isHeldByAnother()) return this.#lose(`taken over by ${this.holder}`);
    }
  }

  #lose(why: string): void {
    this.#isLeader = false;
    this.#lost.abort(
      new LeadershipLost(`leadership lost: lease ${this.#options.namespace}/${this.#options.name} ${why}`),
    );
  }

  /** One try to take or renew the lease, within `deadlineMs`. False when it is another's, or the try failed. */
  async #try(signal: AbortSignal, deadlineMs: number): Promise<boolean> {
    const until = this.#clock.now() + deadlineMs;
    const options = (): { signal: AbortSignal; deadlineMs: number } => ({
      signal,
      deadlineMs: Math.max(1, until - this.#clock.now()),
    });
    try {
      const current = await this.#current(options());
      if (current === undefined) {
        await this.#create(options());
        return true;
      }
      if (this.#isHeldByAnother() && !this.#hasExpired()) return false;
      await this.#write(this.#nextRecord(current.spec), options());
      return true;
    } catch (error) {
      // The record may be another's by now, or ours: the next try reads it.
      this.#needsRead = true;
      if (!signal.aborted && !failedWith(error, 'Conflict', 'AlreadyExists')) this.#options.report(error);
      return false;
    }
  }

  /** The leader renews what it wrote last without reading it first; its version is the proof that nobody else wrote. */
  async #current(options: { signal: AbortSignal; deadlineMs: number }): Promise<Lease | undefined> {
    if (this.#isLeader && !this.#needsRead && this.#observed !== undefined) return this.#observed.lease;
    const { namespace, name } = this.#options;
    const lease = await this.#leases.get({ namespace, name }, options);
    if (lease !== undefined) this.#observe(lease);
    else this.#observed = undefined;
    return lease;
  }

  #observe(lease: Lease): void {
    this.#needsRead = false;
    if (lease.metadata.resourceVersion === this.#observed?.lease.metadata.resourceVersion) return;
    this.#observed = { lease, sinceMs: this.#clock.now() };
  }

  #isHeldByAnother(): boolean {
    return this.holder !== '' && this.holder !== this.#options.identity;
  }

  #hasExpired(): boolean {
    if (this.#observed === undefined) return true;
    const { lease, sinceMs } = this.#observed;
    return this.#clock.now() - sinceMs >= lease.spec.leaseDurationSeconds * 1000;
  }

  #nextRecord(current: LeaseRecord): LeaseRecord {
    const now = microTime(this.#clock.date());
    const isOurs = current.holderIdentity === this.#options.identity;
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#timing.leaseDurationMs / 1000),
      acquireTime: isOurs ? current.acquireTime : now,
      renewTime: now,
      leaseTransitions: isOurs ? current.leaseTransitions : current.leaseTransitions + 1,
    };
  }

  async #create(options: { signal: AbortSignal; deadlineMs: number }): Promise<void> {
    const { namespace, name, identity } = this.#options;
    const spec = this.#nextRecord({
      holderIdentity: identity,
      leaseDurationSeconds: 0,
      acquireTime: microTime(this.#clock.date()),
      renewTime: '',
      leaseTransitions: 0,
    });
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec };
    this.#observe(await this.#leases.create({ namespace, name }, body, options));
  }

  async #write(spec: LeaseRecord, options: { signal?: AbortSignal; deadlineMs: number }): Promise<void> {
    if (this.#observed === undefined) throw new Error('a lease is written that has not been read');
    const { namespace, name } = this.#options;
    this.#observe(await this.#leases.patch({ namespace, name }, { spec }, this.#observed.lease.metadata, options));
  }
}
