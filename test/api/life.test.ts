// Cancel, suspend, delete, abandon: how a run ends before its time, and that its targets get back what they had.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { LunState, Outcome } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { kubectl } from '../support/api-client.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import {
  callsOf,
  cancelInMidRun,
  conditionOf,
  digestsOf,
  lunOf,
  messageOf,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
  untilEvent,
  untilGone,
} from './acceptance.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** A run of its own in the middle of a slow copy from `<name>-src` over `<name>-dst`; gives the target's first digest. */
async function runInMidCopy(name: string): Promise<Record<string, string>> {
  await scene.lun(`${name}-src`, 16 * MIB, `${name} source`);
  await scene.lun(`${name}-dst`, 16 * MIB, `${name} target`);
  const before = await digestsOf(scene, [`${name}-dst`]);
  await slowDown(scene);
  await scene.apply(name, { pairs: [lunPair('data', `${name}-src`, `${name}-dst`)] });
  await untilCopying(scene, name);
  return before;
}

async function untilCancelled(name: string): Promise<void> {
  await until(
    () => `${name}: CancelOperation`,
    () => callsOf(scene, name, 'CancelOperation').length > 0,
  );
}

describe('cancel', () => {
  it('in the middle of the copy rolls the target back, and is no success to anybody who waits for one', async () => {
    const before = await runInMidCopy('cancelled');
    await cancelInMidRun(scene, 'cancelled');
    const ended = await scene.finished('cancelled');
    expect(reasonOf(ended)).toBe('Cancelled');
    expect(ended.status.hresult).toEqual({ name: 'VSS_S_ASYNC_CANCELLED', code: '0x0004230B' });
    expect(ended.status.dataState).toBe('RolledBack');
    expect(conditionOf(ended, 'Succeeded')?.status).toBe('False');
    expect(conditionOf(ended, 'TargetConsistent')?.status).toBe('True');
    expect(await digestsOf(scene, ['cancelled-dst'])).toEqual(before);
    expect((await lunOf(scene, 'cancelled-dst'))?.state).toBe(LunState.ONLINE);
    const wait = ['-n', scene.namespace, 'wait', '--for=condition=Succeeded', '--timeout=1s', 'lunresync/cancelled'];
    const waited = await kubectl(scene.cluster, wait);
    expect(waited.code).not.toBe(0);
    expect(waited.stderr).toMatch(/timed out/);
    await untilEvent(scene, 'cancelled', ({ reason }) => reason === 'ResyncCancelled');
  });

  it('after the end changes nothing', async () => {
    await scene.lun('done-src', 4 * MIB, 'done source');
    await scene.lun('done-dst', 4 * MIB, 'done target');
    await scene.apply('done', { pairs: [lunPair('data', 'done-src', 'done-dst')] });
    const done = await scene.finished('done');
    expect(reasonOf(done)).toBe('Completed');
    const before = await digestsOf(scene, ['done-dst']);
    await scene.patch('done', { cancel: true });
    const seen = await scene.until('done', 'the cancel was seen', ({ status, metadata }) => {
      return metadata.generation > done.metadata.generation && status.observedGeneration === metadata.generation;
    });
    expect(reasonOf(seen)).toBe('Completed');
    expect({ ...seen.status, observedGeneration: 0, conditions: [] }).toEqual({
      ...done.status,
      observedGeneration: 0,
      conditions: [],
    });
    expect(callsOf(scene, 'done', 'CancelOperation')).toEqual([]);
    expect(await digestsOf(scene, ['done-dst'])).toEqual(before);
  });
});

describe('suspend', () => {
  it('holds the start, and lets a copy that runs go on', async () => {
    await runInMidCopy('running');
    await scene.patch('running', { suspend: true });
    await scene.lun('held-dst', 4 * MIB, 'held');
    const before = await digestsOf(scene, ['held-dst']);
    await scene.apply('held', { suspend: true, pairs: [lunPair('data', 'running-src', 'held-dst')] });
    await scene.until('held', 'it is held', (resync) => reasonOf(resync) === 'Suspended');
    await setBandwidth(scene, 0);
    const done = await scene.finished('running');
    expect(reasonOf(done)).toBe('Completed');
    expect(await scene.digest('running-dst')).toBe(await scene.digest('running-src'));
    const held = await scene.read('held');
    expect(held?.status.hresult?.name).toBe('VSS_S_ASYNC_PENDING');
    expect(held?.status.startTime).toBeUndefined();
    expect(startsOf(scene, 'held')).toEqual([]);
    expect(await digestsOf(scene, ['held-dst'])).toEqual(before);
  });
});

describe('deleting the object', () => {
  it('in the middle of the copy cancels, rolls back, deletes the safety snapshots, and only then lets go', async () => {
    const before = await runInMidCopy('deleted');
    expect(await safetySnapshotsOf(scene, 'deleted-dst')).toHaveLength(1);
    await scene.remove('deleted');
    await untilCancelled('deleted');
    await setBandwidth(scene, 0);
    await untilGone(scene, 'deleted');
    expect(await digestsOf(scene, ['deleted-dst'])).toEqual(before);
    expect((await lunOf(scene, 'deleted-dst'))?.state).toBe(LunState.ONLINE);
    expect(await safetySnapshotsOf(scene, 'deleted-dst')).toEqual([]);
    const { operations } = await scene.array.client.listOperations({});
    const own = operations.filter(({ owner }) => owner.includes('/deleted/'));
    expect(own.filter(({ outcome }) => outcome === Outcome.RUNNING)).toEqual([]);
    const rollBack = startsOf(scene, 'deleted').at(-1)?.operationID;
    expect(own.map(({ operationId }) => operationId)).not.toContain(rollBack);
  });

  it('while the array is down says so once, and goes on when the array is back', async () => {
    const before = await runInMidCopy('held-back');
    await scene.array.kill();
    await scene.remove('held-back');
    const stuck = await scene.until('held-back', 'it is stalled', (resync) => {
      const stalled = conditionOf(resync, 'Stalled');
      return stalled?.status === 'True' && stalled.reason === 'ArrayUnreachable';
    });
    expect(stuck.metadata.deletionTimestamp).toBeDefined();
    expect(stuck.metadata.finalizers).not.toEqual([]);
    expect(reasonOf(stuck)).toBe('Cancelling');
    expect(stuck.status.completionTime).toBeUndefined();
    expect(messageOf(stuck)).toMatch(/gives no answer/);
    const events = await untilEvent(scene, 'held-back', ({ reason }) => reason === 'DeletionHeldBack');
    await scene.array.restart();
    await untilGone(scene, 'held-back');
    const told = (await scene.events('held-back')).filter(({ reason }) => reason === 'DeletionHeldBack');
    expect(told).toEqual(events.filter(({ reason }) => reason === 'DeletionHeldBack'));
    expect(told).toMatchObject([{ type: 'Warning', note: expect.stringContaining('set spec.abandoned') }]);
    expect(await digestsOf(scene, ['held-back-dst'])).toEqual(before);
    expect(await safetySnapshotsOf(scene, 'held-back-dst')).toEqual([]);
  });

  it('after the end, while the array is down, waits until the safety snapshots can be deleted', async () => {
    await scene.lun('late-src', 4 * MIB, 'late source');
    await scene.lun('late-dst', 4 * MIB, 'late target');
    await scene.apply('late', { pairs: [lunPair('data', 'late-src', 'late-dst')] });
    expect(reasonOf(await scene.finished('late'))).toBe('Completed');
    await scene.array.kill();
    await scene.remove('late');
    const stuck = await scene.until('late', 'it is stalled', (resync) => {
      return conditionOf(resync, 'Stalled')?.reason === 'ArrayUnreachable';
    });
    expect(conditionOf(stuck, 'Stalled')?.status).toBe('True');
    expect(reasonOf(stuck)).toBe('Completed');
    const held = await untilEvent(scene, 'late', ({ reason }) => reason === 'DeletionHeldBack');
    expect(held.filter(({ reason }) => reason === 'DeletionHeldBack')).toHaveLength(1);
    await scene.array.restart();
    expect(await safetySnapshotsOf(scene, 'late-dst')).toHaveLength(1);
    await untilGone(scene, 'late');
    expect(await safetySnapshotsOf(scene, 'late-dst')).toEqual([]);
    expect(await scene.digest('late-dst')).toBe(await scene.digest('late-src'));
  });
});

describe('an array that will not come back', () => {
  it('is let go of when the administrator says so, with an Event that names operation and LUNs', async () => {
    await runInMidCopy('lost');
    const operationID = (await scene.read('lost'))?.status.operationID ?? 'none';
    await scene.array.kill();
    await scene.remove('lost');
    await untilEvent(scene, 'lost', ({ reason }) => reason === 'DeletionHeldBack');
    await scene.patchArray({ abandoned: true });
    await untilGone(scene, 'lost');
    const events = await untilEvent(scene, 'lost', ({ reason }) => reason === 'Abandoned');
    const note = events.find(({ reason }) => reason === 'Abandoned')?.note;
    expect(note).toMatch(operationID);
    expect(note).toMatch('lost-dst');
    await scene.apply('too-early', { pairs: [lunPair('data', 'late-src', 'late-dst')] });
    const held = await scene.until('too-early', 'it is held', (resync) => reasonOf(resync) === 'Maintenance');
    expect(messageOf(held)).toMatch(/is abandoned.*Set spec\.abandoned of the StorageArray to false/);
    await scene.array.restart();
    await scene.patchArray({ abandoned: false });
    expect(reasonOf(await scene.finished('too-early'))).toBe('Completed');
  });
});
