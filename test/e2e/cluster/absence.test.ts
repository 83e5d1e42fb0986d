// The array goes away in the middle of a copy and comes back; objects and namespaces are deleted meanwhile.
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { isExpected } from '../support/engine.ts';
import { namespace } from '../support/installation.ts';
import { isStalled, type Run, reasonOf, useRuns } from '../support/runs.ts';
import { GOLDEN } from '../support/simulated-array.ts';

describe.skipIf(!isExpected('cluster'))('a run in the middle of its copy', () => {
  const runs = useRuns();
  afterEach(() => runs().array.start());

  it('waits for an array that is down, and copies anew when it is back: what its crash interrupted is over', async () => {
    const { array, startHeld, until: untilSo, ended } = runs();
    const run = await startHeld('array-down');
    await array.stop();
    await untilSo(run, 'the word that the array gives no answer', (it) => reasonOf(it) === 'ArrayUnreachable');
    await array.start();
    const resync = await ended(run);
    expect(reasonOf(resync)).toBe('Completed');
    expect(resync.status).toMatchObject({ attempt: 2, dataState: 'MatchesSource' });
    expect(await array.startedFor(run.uid)).toEqual([`${run.uid}.2`]);
    expect(await array.digest(run.name)).toBe(await array.digest(GOLDEN));
  });

  it('is rolled back before its object goes when it is deleted', async () => {
    const { array, startHeld, remove, gone } = runs();
    const run = await startHeld('deleted');
    await remove(run);
    await untilEnding(run);
    await array.letCopiesRun();
    await gone(run);
    await expectAsBefore(run);
  });

  it('that is deleted while the array is down says so, and goes when the array is back and has rolled it back', async () => {
    const { cluster, array, startHeld, until: untilSo, remove, gone } = runs();
    const run = await startHeld('deleted-without-array');
    await array.stop();
    await remove(run);
    await untilSo(run, 'that it is held back', (it) => reasonOf(it) === 'Cancelling' && isStalled(it));
    const mine = `--field-selector=reason=DeletionHeldBack,involvedObject.name=${run.name}`;
    const events = ['get', 'events', '--namespace=runs', mine, '--output=name'];
    await until(
      () => 'the Event DeletionHeldBack',
      async () => (await cluster.kubectl(...events)) !== '',
    );
    await array.start();
    await gone(run);
    await expectAsBefore(run);
  });

  it('is rolled back when its namespace is deleted, and the namespace goes', async () => {
    const { cluster, array, startHeld } = runs();
    await cluster.apply(namespace('doomed', 'restricted'));
    const run = await startHeld('in-doomed', { namespace: 'doomed' });
    await cluster.kubectl('delete', 'namespace', 'doomed', '--wait=false');
    await untilEnding(run);
    await array.letCopiesRun();
    await cluster.kubectl('wait', 'namespace/doomed', '--for=delete', '--timeout=180s');
    await expectAsBefore(run);
  });

  /** Waits until the copy has been told to stop: at full speed it could be over before. */
  async function untilEnding(run: Run): Promise<void> {
    await until(
      () => `${run.name}: CancelOperation`,
      async () => (await runs().array.cancelledFor(run.uid)).length > 0,
    );
  }

  /** The array has stopped for this run, and its target holds what it held before. */
  async function expectAsBefore({ name, uid, before }: Run): Promise<void> {
    const { array } = runs();
    expect(await array.runningFor(uid)).toEqual([]);
    expect(await array.isOnline(name)).toBe(true);
    expect(await array.digest(name)).toBe(before);
  }
});
