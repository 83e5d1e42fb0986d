import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Clock, systemClock } from '../../src/kubernetes/clock.ts';
import { LeaderElection, LeadershipLost } from '../../src/kubernetes/lease.ts';
import { leases } from '../../src/kubernetes/lease-object.ts';
import { TcpProxy } from '../kubernetes/tcp-proxy.ts';
import { eventually, Fixture } from './kubernetes-fixture.ts';

const TIMING = { leaseDurationMs: 2_000, renewDeadlineMs: 1_000, retryPeriodMs: 200 };
const fixture = new Fixture();
const never = new AbortController().signal;
let namespace = '';
let count = 0;

beforeAll(async () => {
  namespace = await fixture.namespace();
});
afterAll(() => fixture[Symbol.asyncDispose]());

function leaseName(): string {
  count += 1;
  return `lease-${count}`;
}

function candidate(name: string, identity: string, options: { clock?: Clock; of?: Fixture } = {}): LeaderElection {
  const { server } = options.of ?? fixture;
  const report = (): void => undefined;
  const clock = options.clock ?? systemClock;
  return new LeaderElection({ server, namespace, name, identity, report, clock, timing: TIMING });
}

async function stored(name: string): Promise<{ holderIdentity: string; leaseTransitions: number; renewTime: string }> {
  const lease = await leases(fixture.server).get({ namespace, name });
  if (lease === undefined) throw new Error('there is no lease');
  return lease.spec;
}

describe('LeaderElection', () => {
  it('lets one of many candidates lead, and the next one at once when it releases', async () => {
    const name = leaseName();
    const candidates = Array.from({ length: 4 }, (_, index) => candidate(name, `c-${index}`));
    const waiting = candidates.map((one) => one.acquire(never).then(() => one));
    const first = await Promise.race(waiting);
    expect(candidates.filter((one) => one.isLeader)).toEqual([first]);
    expect(await stored(name)).toMatchObject({ leaseTransitions: 0 });
    for (let led = 1; led < 4; led += 1) {
      const leader = candidates.find((one) => one.isLeader);
      const releasedAt = performance.now();
      await leader?.release();
      const next = await eventually(() => candidates.find((one) => one.isLeader));
      expect(next).not.toBe(leader);
      expect(performance.now() - releasedAt).toBeLessThan(TIMING.leaseDurationMs - 500);
    }
    expect(await stored(name)).toMatchObject({ leaseTransitions: 3 });
    await candidates.find((one) => one.isLeader)?.release();
    expect((await stored(name)).holderIdentity).toBe('');
  });

  it('keeps the lease for as long as it is renewed, and writes times with six digits', async () => {
    const name = leaseName();
    const leader = candidate(name, 'leader');
    const lost = await leader.acquire(never);
    const before = await stored(name);
    const other = candidate(name, 'other');
    const stop = new AbortController();
    const waiting = other.acquire(stop.signal).catch(() => 'gave up');
    await eventually(async () => (await stored(name)).renewTime > before.renewTime);
    const until = performance.now() + 2 * TIMING.leaseDurationMs;
    await eventually(() => performance.now() > until);
    expect([leader.isLeader, other.isLeader, lost.aborted, other.holder]).toEqual([true, false, false, 'leader']);
    expect((await stored(name)).renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    stop.abort();
    expect(await waiting).toBe('gave up');
    await leader.release();
  });

  it('does not take over a lease because the clock of its holder is wrong', async () => {
    const name = leaseName();
    const past: Clock = { ...systemClock, date: () => new Date(Date.now() - 25 * 365 * 86_400_000) };
    const leader = candidate(name, 'in the past', { clock: past });
    await leader.acquire(never);
    const other = candidate(name, 'other');
    const startedAt = performance.now();
    const waiting = other.acquire(never);
    await eventually(() => performance.now() - startedAt > TIMING.leaseDurationMs + 500);
    expect([leader.isLeader, other.isLeader]).toEqual([true, false]);
    await leader.release();
    await waiting;
    await other.release();
  });

  it('loses the lease before another can have it, when the API server cannot be reached', async () => {
    const name = leaseName();
    await using proxy = await TcpProxy.start(new URL(inject('cluster').admin.server));
    await using cutOff = new Fixture();
    proxy.redirect(cutOff.config);
    const leader = candidate(name, 'cut off', { of: cutOff });
    const lost = await leader.acquire(never);
    const other = candidate(name, 'other');
    const tookOver = other.acquire(never).then(() => performance.now());
    proxy.freeze();
    const lostAt = await new Promise<number>((resolve) => {
      lost.addEventListener('abort', () => resolve(performance.now()));
    });
    expect(lost.reason).toBeInstanceOf(LeadershipLost);
    expect(leader.isLeader).toBe(false);
    expect(lostAt).toBeLessThan(await tookOver);
    await leader.release();
    await other.release();
  });

  it('loses the lease when somebody else has written their name into it', async () => {
    const name = leaseName();
    const leader = candidate(name, 'leader');
    const lost = await leader.acquire(never);
    await eventually(async () => {
      const lease = await leases(fixture.server).get({ namespace, name });
      if (lease === undefined) return false;
      const usurped = { spec: { holderIdentity: 'usurper' } };
      return leases(fixture.server)
        .patch({ namespace, name }, usurped, lease.metadata)
        .catch(() => false as const);
    });
    await eventually(() => lost.aborted);
    expect(String(lost.reason)).toContain('taken over by usurper');
  });
});
