/** What an operation that does not succeed leaves behind, and how a run gets back from there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import {
  CancelState,
  IdentityPolicy,
  LunState,
  OperationKind,
  Outcome,
  Step,
} from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { ArrayProcess } from '../support/array.ts';
import {
  digest,
  lunOf,
  makeLun,
  mib,
  order,
  pairOf,
  refusalOf,
  request,
  run,
  runOf,
  snapshot,
  startScene,
  untilEnded,
  untilOperation,
} from './array-scene.ts';

let array: ArrayProcess;

beforeAll(async () => {
  array = await startScene();
});

afterAll(async () => {
  await array[Symbol.asyncDispose]();
});

async function cancel(operationId: string, owner: string, target: string): Promise<CancelState> {
  const answer = await array.client.cancelOperation({
    arrayId: array.arrayID,
    operationId,
    owner,
    targetLunIds: [target],
  });
  return answer.state;
}

describe('a roll-back', () => {
  it('restores bytes, size and disk signature of a target whose resync failed after its first block', async () => {
    await makeLun(array, { id: 'rb-o', size: 8 * mib });
    await snapshot(array, 'rb-o', 'rb-o-snap');
    await array.admin.deleteLun({ lunId: 'rb-o' });
    await makeLun(array, { id: 'rb', size: 12 * mib });
    const before = await lunOf(array, 'rb');
    const bytes = await digest(array, 'rb');
    await order(array, { action: FaultAction.CORRUPT_CHUNK, lunId: 'rb' });
    const failed = await run(array, [['rb-o-snap', 'rb']], {
      operationId: 'rb.1',
      owner: 'o/rb',
      identityPolicy: IdentityPolicy.REVERT_TO_ORIGINAL,
    });
    expect(failed.outcome).toBe(Outcome.FAILED);
    expect(await lunOf(array, 'rb')).toMatchObject({ state: LunState.INCONSISTENT, sizeBytes: BigInt(8 * mib) });
    const safety = pairOf(failed).safetySnapshotId;
    const back = await run(array, [[safety, 'rb']], {
      operationId: 'rb.2',
      owner: 'o/rb',
      kind: OperationKind.ROLL_BACK,
    });
    expect(back.outcome).toBe(Outcome.ROLLED_BACK);
    const after = await lunOf(array, 'rb', 'o/rb');
    expect(after).toMatchObject({
      state: LunState.ONLINE,
      sizeBytes: BigInt(12 * mib),
      diskSignature: before.diskSignature,
    });
    expect(await digest(array, 'rb')).toBe(bytes);
    expect(await runOf(array, 'rb', 'o/rb')).toMatchObject({
      kind: OperationKind.ROLL_BACK,
      outcome: Outcome.ROLLED_BACK,
      safetySnapshotId: safety,
      originalSizeBytes: BigInt(12 * mib),
    });
  });

  it('gives back the old signature after a resync that reverted it', async () => {
    await makeLun(array, { id: 'sig-o', size: 4 * mib });
    const original = (await lunOf(array, 'sig-o')).diskSignature;
    await snapshot(array, 'sig-o', 'sig-snap');
    await array.admin.deleteLun({ lunId: 'sig-o' });
    await makeLun(array, { id: 'sig', size: 4 * mib });
    const own = (await lunOf(array, 'sig')).diskSignature;
    const policy = { identityPolicy: IdentityPolicy.REVERT_TO_ORIGINAL };
    const done = await run(array, [['sig-snap', 'sig']], { operationId: 'sig.1', owner: 'o/sig', ...policy });
    expect((await lunOf(array, 'sig')).diskSignature).toBe(original);
    await run(array, [[pairOf(done).safetySnapshotId, 'sig']], {
      operationId: 'sig.2',
      owner: 'o/sig',
      kind: OperationKind.ROLL_BACK,
    });
    expect((await lunOf(array, 'sig')).diskSignature).toBe(own);
  });

  it('accepts nothing but the owner’s own safety snapshot of that target', async () => {
    await makeLun(array, { id: 'own-s', size: 4 * mib });
    await makeLun(array, { id: 'own-t', size: 4 * mib });
    await snapshot(array, 'own-t', 'own-user-snap');
    const done = await run(array, [['own-s', 'own-t']], { operationId: 'own.1', owner: 'o/own' });
    const kind = OperationKind.ROLL_BACK;
    for (const [source, owner] of [
      ['own-user-snap', 'o/own'],
      [pairOf(done).safetySnapshotId, 'o/another'],
    ] as const) {
      const start = await request(array, [[source, 'own-t']], { operationId: 'own.2', owner, kind });
      const refusal = await refusalOf(array.client.startOperation(start));
      expect(refusal).toMatchObject({
        reason: 'VSS_E_BAD_STATE',
        metadata: { refusal: 'SAFETY_SNAPSHOT', lun: 'own-t' },
      });
    }
  });
});

describe('safety snapshots', () => {
  it('are refused a second time when the owner’s were deleted', async () => {
    await makeLun(array, { id: 'ss-s', size: 4 * mib });
    await makeLun(array, { id: 'ss-t', size: 4 * mib });
    const done = await run(array, [['ss-s', 'ss-t']], { operationId: 'ss.1', owner: 'o/ss' });
    const deletion = { arrayId: array.arrayID, owner: 'o/ss' };
    expect((await array.client.deleteSafetySnapshots(deletion)).deleted).toBe(1);
    expect((await array.client.deleteSafetySnapshots(deletion)).deleted).toBe(0);
    expect((await array.client.getLuns({ ids: [pairOf(done).safetySnapshotId] })).luns).toEqual([]);
    const start = await request(array, [['ss-s', 'ss-t']], { operationId: 'ss.2', owner: 'o/ss' });
    expect((await refusalOf(array.client.startOperation(start))).metadata['refusal']).toBe('SAFETY_SNAPSHOT');
  });

  it('stay while an operation uses them', async () => {
    await makeLun(array, { id: 'su-s', size: 4 * mib });
    await makeLun(array, { id: 'su-t', size: 4 * mib });
    const stall = await order(array, { action: FaultAction.STALL, step: Step.RESIZING, lunId: 'su-t' });
    await array.client.startOperation(await request(array, [['su-s', 'su-t']], { operationId: 'su.1', owner: 'o/su' }));
    await untilOperation(array, 'su.1', ({ step }) => step === Step.RESIZING);
    const refusal = await refusalOf(array.client.deleteSafetySnapshots({ arrayId: array.arrayID, owner: 'o/su' }));
    expect(refusal.reason).toBe('VSS_E_RESYNC_IN_PROGRESS');
    await array.admin.clearFaults({ id: stall });
    expect((await untilEnded(array, 'su.1')).outcome).toBe(Outcome.SUCCEEDED);
  });
});

describe('a cancel', () => {
  it.each([Step.ACCEPTED, Step.SNAPSHOTTING, Step.RESIZING, Step.COPYING])(
    'in step %i, before the first block, gives the target back as it was',
    async (step) => {
      const [source, target, owner] = [`cb-s${step}`, `cb-t${step}`, `o/cb${step}`];
      await makeLun(array, { id: source, size: 4 * mib });
      await makeLun(array, { id: target, size: 4 * mib });
      const bytes = await digest(array, target);
      await order(array, { action: FaultAction.STALL, step, lunId: target });
      const start = await request(array, [[source, target]], { operationId: `cb.${step}`, owner });
      const { operation } = await array.client.startOperation(start);
      await untilOperation(array, `cb.${step}`, (current) => current.step === step);
      expect((await lunOf(array, target)).state).toBe(LunState.RESYNCING);
      expect(await cancel(`cb.${step}`, owner, target)).toBe(CancelState.STOPPING);
      const ended = await untilEnded(array, `cb.${step}`);
      expect(ended).toMatchObject({ outcome: Outcome.CANCELLED, error: { reason: 'VSS_S_ASYNC_CANCELLED' } });
      const lun = await lunOf(array, target);
      expect(lun.state).toBe(LunState.ONLINE);
      expect(lun.generation).toBeGreaterThan(operation?.pairs[0]?.acceptedGeneration ?? 0n);
      expect(await digest(array, target)).toBe(bytes);
      expect(await cancel(`cb.${step}`, owner, target)).toBe(CancelState.ENDED);
      expect((await lunOf(array, target)).generation).toBe(lun.generation);
    },
  );

  it('after the first block leaves the target INCONSISTENT and not publishable', async () => {
    await makeLun(array, { id: 'ca-s', size: 32 * mib });
    await makeLun(array, { id: 'ca-t', size: 32 * mib });
    const start = await request(array, [['ca-s', 'ca-t']], {
      operationId: 'ca.1',
      owner: 'o/ca',
      maxBytesPerSecond: BigInt(4 * mib),
    });
    await array.client.startOperation(start);
    await untilOperation(array, 'ca.1', ({ pairs }) => (pairs[0]?.writtenBytes ?? 0n) > 0n);
    await cancel('ca.1', 'o/ca', 'ca-t');
    expect((await untilEnded(array, 'ca.1')).outcome).toBe(Outcome.CANCELLED);
    expect((await lunOf(array, 'ca-t')).state).toBe(LunState.INCONSISTENT);
    const refusal = await refusalOf(array.admin.publish({ lunId: 'ca-t', node: 'node-1' }));
    expect(refusal).toMatchObject({ reason: 'VSS_E_BAD_STATE', isDefinite: true });
    expect((await refusalOf(array.admin.readRange({ lunId: 'ca-t', length: 512 }))).reason).toBe('VSS_E_BAD_STATE');
    const generation = (await lunOf(array, 'ca-t')).generation;
    const forced = await array.client.forceOnline({
      arrayId: array.arrayID,
      lunId: 'ca-t',
      ifGeneration: generation,
    });
    expect(forced.lun?.state).toBe(LunState.ONLINE);
    expect(forced.lun?.generation).toBeGreaterThan(generation);
    await array.admin.publish({ lunId: 'ca-t', node: 'node-1' });
  });

  it('of an operation of another owner is refused', async () => {
    await makeLun(array, { id: 'co-s', size: 4 * mib });
    await makeLun(array, { id: 'co-t', size: 4 * mib });
    await run(array, [['co-s', 'co-t']], { operationId: 'co.1', owner: 'o/co' });
    expect((await refusalOf(cancel('co.1', 'o/thief', 'co-t'))).reason).toBe('VSS_E_BAD_STATE');
  });
});
