/** What a resync leaves on its targets: the source's bytes, size and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { LunState, Outcome, SafetySnapshots, SizePolicy, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { ArrayProcess } from '../support/array.ts';
import { digest, lunOf, makeLun, mib, order, pairOf, read, run, runOf, snapshot, startScene } from './array-scene.ts';

let array: ArrayProcess;

beforeAll(async () => {
  array = await startScene();
});

afterAll(async () => {
  await array[Symbol.asyncDispose]();
});

describe('a resync', () => {
  it('makes a dense target equal to its source, byte for byte, and says so with digests', async () => {
    await makeLun(array, { id: 'dense', size: 24 * mib });
    await snapshot(array, 'dense', 'dense-snap');
    await array.admin.fillPattern({ lunId: 'dense', seed: 'damage' });
    const before = await digest(array, 'dense-snap');
    expect(await digest(array, 'dense')).not.toBe(before);
    const operation = await run(array, [['dense-snap', 'dense']], { operationId: 'dense.1', owner: 'o/dense' });
    expect(operation.outcome).toBe(Outcome.SUCCEEDED);
    expect(operation.step).toBe(Step.VERIFYING);
    expect(pairOf(operation)).toMatchObject({ sourceDigest: before, targetDigest: before });
    expect(pairOf(operation).copiedBytes).toBe(BigInt(24 * mib));
    expect(await digest(array, 'dense')).toBe(before);
    const lun = await lunOf(array, 'dense', 'o/dense');
    expect(lun.state).toBe(LunState.ONLINE);
    expect(lun.generation).toBe(pairOf(operation).endGeneration);
    expect(lun.contentGeneration).toBe(lun.generation);
    expect(await runOf(array, 'dense', 'o/dense')).toMatchObject({
      outcome: Outcome.SUCCEEDED,
      endGeneration: lun.generation,
      sourceDigest: before,
      targetDigest: before,
      safetySnapshotId: pairOf(operation).safetySnapshotId,
    });
  });

  it('turns data into holes where a sparse source has none', async () => {
    await makeLun(array, { id: 'sparse', size: 256 * mib, ranges: [[64 * mib, 4 * mib]] });
    await makeLun(array, {
      id: 'sparse-target',
      size: 256 * mib,
      ranges: [
        [0, 8 * mib],
        [200 * mib, 8 * mib],
      ],
    });
    const operation = await run(array, [['sparse', 'sparse-target']], { operationId: 'sparse.1', owner: 'o/sparse' });
    expect(operation.outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, 'sparse-target')).toBe(await digest(array, 'sparse'));
    expect(Number((await lunOf(array, 'sparse-target')).allocatedBytes)).toBeLessThan(5 * mib);
  });

  it.each([
    ['shrinks a larger target', 16, 24],
    ['grows a smaller target', 24, 16],
  ])('%s to the size of its source', async (name, sourceMiB, targetMiB) => {
    const id = name.replaceAll(' ', '-');
    await makeLun(array, { id: `${id}-s`, size: sourceMiB * mib });
    await makeLun(array, { id: `${id}-t`, size: targetMiB * mib });
    const operation = await run(array, [[`${id}-s`, `${id}-t`]], { operationId: `${id}.1`, owner: `o/${id}` });
    expect(operation.outcome).toBe(Outcome.SUCCEEDED);
    expect(pairOf(operation)).toMatchObject({
      targetSizeBeforeBytes: BigInt(targetMiB * mib),
      targetSizeAfterBytes: BigInt(sourceMiB * mib),
    });
    expect((await lunOf(array, `${id}-t`)).sizeBytes).toBe(BigInt(sourceMiB * mib));
    expect(await digest(array, `${id}-t`)).toBe(await digest(array, `${id}-s`));
  });

  it('keeps the size of a larger target when asked to, and zeroes what lies behind the source', async () => {
    await makeLun(array, { id: 'keep-s', size: 8 * mib });
    await makeLun(array, { id: 'keep-t', size: 12 * mib });
    const operation = await run(array, [['keep-s', 'keep-t']], {
      operationId: 'keep.1',
      owner: 'o/keep',
      sizePolicy: SizePolicy.KEEP_LARGER,
    });
    expect(operation.outcome).toBe(Outcome.SUCCEEDED);
    expect((await lunOf(array, 'keep-t')).sizeBytes).toBe(BigInt(12 * mib));
    expect(await digest(array, 'keep-t', 8 * mib)).toBe(await digest(array, 'keep-s'));
    for (let offset = 8 * mib; offset < 12 * mib; offset += mib) {
      expect(Buffer.from(await read(array, 'keep-t', offset, mib)).equals(Buffer.alloc(mib))).toBe(true);
    }
  });

  it('leaves every changed target fenced and the others as they were when one of three pairs fails', async () => {
    for (const name of ['one', 'two', 'three']) {
      await makeLun(array, { id: `g-${name}-s`, size: 8 * mib });
      await makeLun(array, { id: `g-${name}-t`, size: 8 * mib });
    }
    const untouched = await digest(array, 'g-three-t');
    await order(array, { action: FaultAction.CORRUPT_CHUNK, chunk: 1, lunId: 'g-two-t' });
    const pairs = ['one', 'two', 'three'].map((name) => [`g-${name}-s`, `g-${name}-t`] as const);
    const operation = await run(array, pairs, { operationId: 'group.1', owner: 'o/group' });
    expect(operation.outcome).toBe(Outcome.FAILED);
    expect(operation.error).toMatchObject({ reason: 'VSS_E_UNEXPECTED_PROVIDER_ERROR', lunId: 'g-two-t' });
    expect(pairOf(operation, 1).sourceDigest).not.toBe(pairOf(operation, 1).targetDigest);
    expect((await lunOf(array, 'g-one-t')).state).toBe(LunState.INCONSISTENT);
    expect((await lunOf(array, 'g-two-t')).state).toBe(LunState.INCONSISTENT);
    expect((await lunOf(array, 'g-three-t')).state).toBe(LunState.ONLINE);
    expect(await digest(array, 'g-three-t')).toBe(untouched);
    const again = await run(array, pairs, { operationId: 'group.2', owner: 'o/group' });
    expect(again.outcome).toBe(Outcome.SUCCEEDED);
    for (const [source, target] of pairs) {
      expect(await digest(array, target)).toBe(await digest(array, source));
    }
    expect(again.pairs.map((pair) => pair.safetySnapshotId)).toEqual(
      operation.pairs.map((pair) => pair.safetySnapshotId),
    );
  });

  it('takes no safety snapshot when told not to', async () => {
    await makeLun(array, { id: 'never-s', size: 4 * mib });
    await makeLun(array, { id: 'never-t', size: 4 * mib });
    const operation = await run(array, [['never-s', 'never-t']], {
      operationId: 'never.1',
      owner: 'o/never',
      safetySnapshots: SafetySnapshots.NEVER,
    });
    expect(operation.outcome).toBe(Outcome.SUCCEEDED);
    expect(pairOf(operation).safetySnapshotId).toBe('');
  });
});
