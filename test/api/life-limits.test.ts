// Limits of time, the plan, the undo, and what happens to safety snapshots and objects after the end.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { sendOk } from '../support/api-client.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import {
  callsOf,
  conditionOf,
  digestsOf,
  lunOf,
  messageOf,
  order,
  resyncPath,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  startsOf,
  untilEvent,
  untilGone,
} from './acceptance.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
  await scene.lun('src', 4 * MIB, 'source');
  await scene.lun('big', 16 * MIB, 'big source');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const undo = (name: string): { readonly name: string; readonly source: { readonly undoOf: string } } => ({
  name: 'data',
  source: { undoOf: name },
});

describe('a run that takes too long', () => {
  it('ends with DeadlineExceeded after its activeDeadlineSeconds, rolled back', async () => {
    await scene.lun('deadline', 16 * MIB, 'deadline');
    const before = await digestsOf(scene, ['deadline']);
    await slowDown(scene);
    await scene.apply('deadline', { activeDeadlineSeconds: 2, pairs: [lunPair('data', 'big', 'deadline')] });
    await until(
      () => 'CancelOperation',
      () => callsOf(scene, 'deadline', 'CancelOperation').length > 0,
    );
    await setBandwidth(scene, 0);
    const ended = await scene.finished('deadline');
    expect(reasonOf(ended)).toBe('DeadlineExceeded');
    expect(ended.status.hresult?.name).toBe('VSS_E_UNEXPECTED');
    expect(ended.status.dataState).toBe('RolledBack');
    expect(messageOf(ended)).toMatch(/2 s, its activeDeadlineSeconds.*with a longer deadline/);
    expect(await digestsOf(scene, ['deadline'])).toEqual(before);
  });

  it('ends with NoProgress when the array stands still for stallTimeoutSeconds, rolled back', async () => {
    await scene.lun('stalled', 16 * MIB, 'stalled');
    const before = await digestsOf(scene, ['stalled']);
    await order(scene, { action: FaultAction.STALL, step: Step.COPYING, atByte: BigInt(4 * MIB), lunId: 'stalled' });
    await scene.apply('stalled', { stallTimeoutSeconds: 2, pairs: [lunPair('data', 'big', 'stalled')] });
    const ended = await scene.finished('stalled');
    expect(reasonOf(ended)).toBe('NoProgress');
    expect(ended.status.hresult?.name).toBe('VSS_E_UNEXPECTED');
    expect(ended.status.dataState).toBe('RolledBack');
    expect(messageOf(ended)).toMatch(/no change of step, bytes or heartbeat for \d+ s.*Find out why/);
    expect(await digestsOf(scene, ['stalled'])).toEqual(before);
  });
});

describe('mode Plan', () => {
  it('makes all checks, says what a run would do, and changes nothing', async () => {
    await scene.lun('planned', 6 * MIB, 'planned');
    const before = await lunOf(scene, 'planned');
    const bytes = await digestsOf(scene, ['src', 'planned']);
    await scene.apply('plan', { mode: 'Plan', pairs: [lunPair('data', 'src', 'planned')] });
    const planned = await scene.finished('plan');
    expect(reasonOf(planned)).toBe('Planned');
    expect(conditionOf(planned, 'Succeeded')?.status).toBe('True');
    expect(planned.status.dataState).toBe('Untouched');
    const action = expect.stringMatching(
      /safety snapshot.*shrink the target from 6 MiB to 4 MiB.*copy 4 MiB from LUN src/,
    );
    expect(planned.status.plan).toMatchObject([{ pair: 'data', action }]);
    expect(startsOf(scene, 'plan')).toEqual([]);
    expect(await lunOf(scene, 'planned')).toEqual(before);
    expect(await digestsOf(scene, ['src', 'planned'])).toEqual(bytes);
    expect(await safetySnapshotsOf(scene, 'planned')).toEqual([]);
  });

  it('ends with the reason that a run would end with', async () => {
    await scene.array.admin.createLun({ id: 'nameless', pool: 'pool', sizeBytes: BigInt(MIB), noIdentifiers: true });
    await scene.apply('plan-refused', { mode: 'Plan', pairs: [lunPair('data', 'src', 'nameless')] });
    expect(reasonOf(await scene.finished('plan-refused'))).toBe('VolumeNotSupported');
  });
});

describe('undoOf', () => {
  it('gives a target back the bytes and the size that it had before the run', async () => {
    await scene.lun('undone', 6 * MIB, 'undone');
    const before = await digestsOf(scene, ['undone']);
    await scene.apply('first', { pairs: [lunPair('data', 'src', 'undone')] });
    const first = await scene.finished('first');
    expect(conditionOf(first, 'UndoAvailable')?.status).toBe('True');
    expect((await lunOf(scene, 'undone'))?.sizeBytes).toBe(BigInt(4 * MIB));
    await scene.apply('undo', { pairs: [undo('first')] });
    const undone = await scene.finished('undo');
    expect(reasonOf(undone)).toBe('Completed');
    expect(undone.status.pairs?.[0]?.target).toMatchObject({ lunID: 'undone', finalSizeBytes: 6 * MIB });
    expect((await lunOf(scene, 'undone'))?.sizeBytes).toBe(BigInt(6 * MIB));
    expect(await digestsOf(scene, ['undone'])).toEqual(before);
  });

  it('never puts back what belongs to another run or another LUN, whatever the status of that run says', async () => {
    const names = ['mine', 'theirs'] as const;
    const first = await Promise.all(
      names.map(async (name) => {
        await scene.lun(name, 4 * MIB, `first content of ${name}`);
        const before = await scene.digest(name);
        await scene.apply(name, { pairs: [lunPair('data', 'src', name)] });
        return { before, pair: (await scene.finished(name)).status.pairs?.[0] };
      }),
    );
    const [mine, theirs] = first;
    const now = await digestsOf(scene, names);
    const tamper = async (pair: object): Promise<void> => {
      const status = { pairs: [{ ...mine?.pair, ...pair }] };
      await sendOk(scene.cluster.admin, 'PATCH', `${resyncPath(scene, 'mine')}/status`, { status });
    };
    await tamper({ target: theirs?.pair?.target, safetySnapshotID: theirs?.pair?.safetySnapshotID });
    await scene.apply('undo-other-lun', { pairs: [undo('mine')] });
    const refused = await scene.finished('undo-other-lun');
    expect(reasonOf(refused)).toBe('SnapshotNotInSet');
    expect(messageOf(refused)).toMatch(/no safety snapshot of LUN theirs for the run to undo/);
    expect(await digestsOf(scene, names)).toEqual(now);
    await tamper({ safetySnapshotID: theirs?.pair?.safetySnapshotID });
    await scene.apply('undo-other-snapshot', { pairs: [undo('mine')] });
    expect(reasonOf(await scene.finished('undo-other-snapshot'))).toBe('Completed');
    expect(await digestsOf(scene, names)).toEqual({ ...now, mine: mine?.before });
  });
});

describe('after the end', () => {
  it('safety snapshots go after safetySnapshotRetentionSeconds, and with them the undo', async () => {
    await scene.lun('kept', 4 * MIB, 'kept');
    await scene.apply('kept', { pairs: [lunPair('data', 'src', 'kept')] });
    const done = await scene.finished('kept');
    expect(conditionOf(done, 'UndoAvailable')?.status).toBe('True');
    expect(await safetySnapshotsOf(scene, 'kept')).toHaveLength(1);
    await scene.patch('kept', { safetySnapshotRetentionSeconds: 1 });
    const later = await scene.until('kept', 'its undo is gone', (resync) => {
      return conditionOf(resync, 'UndoAvailable')?.reason === 'SafetySnapshotsDeleted';
    });
    expect(conditionOf(later, 'UndoAvailable')?.status).toBe('False');
    expect([reasonOf(later), later.status.completionTime]).toEqual(['Completed', done.status.completionTime]);
    expect(await safetySnapshotsOf(scene, 'kept')).toEqual([]);
    await scene.apply('undo-late', { pairs: [undo('kept')] });
    const refused = await scene.finished('undo-late');
    expect([reasonOf(refused), refused.status.hresult?.name]).toEqual([
      'SnapshotNotInSet',
      'VSS_E_SNAPSHOT_NOT_IN_SET',
    ]);
    expect(messageOf(refused)).toMatch(/snapshot of LUN kept that the run to undo took has been deleted/);
  });

  it('the object goes after ttlSecondsAfterFinished, unless Argo CD would create it again', async () => {
    for (const id of ['ttl-a', 'ttl-b']) await scene.lun(id, 4 * MIB, id);
    const marks = { 'argocd.argoproj.io/tracking-id': 'shop:lunresync.io/LunResync:shop/argo' };
    const ttlSecondsAfterFinished = 1;
    await scene.apply('argo', { ttlSecondsAfterFinished, pairs: [lunPair('data', 'src', 'ttl-a')] }, marks);
    expect(reasonOf(await scene.finished('argo'))).toBe('Completed');
    const events = await untilEvent(scene, 'argo', ({ reason }) => reason === 'TTLIgnored');
    const warning = events.find(({ reason }) => reason === 'TTLIgnored');
    expect(warning).toMatchObject({ type: 'Warning', note: expect.stringContaining('Argo CD manages this object') });
    await scene.apply('plain', { ttlSecondsAfterFinished, pairs: [lunPair('data', 'src', 'ttl-b')] });
    await untilGone(scene, 'plain');
    expect(await safetySnapshotsOf(scene, 'ttl-b')).toEqual([]);
    expect(await scene.digest('ttl-b')).toBe(await scene.digest('src'));
    expect((await scene.read('argo'))?.metadata.deletionTimestamp).toBeUndefined();
    expect(await scene.read('argo')).toBeDefined();
  });
});
