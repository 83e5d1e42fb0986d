/** A resync copies only what differs when the array can tell, and everything that may differ when it cannot. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { OperationKind, Outcome, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { ArrayProcess } from '../support/array.ts';
import {
  digest,
  lunOf,
  makeLun,
  mib,
  order,
  pairOf,
  request,
  run,
  snapshot,
  startScene,
  untilEnded,
} from './array-scene.ts';

const size = 64 * mib;
const granule = 64 * 1024;

let array: ArrayProcess;
let serial = 0;
let lun: string;
let snap: string;

beforeAll(async () => {
  array = await startScene();
});

afterAll(async () => {
  await array[Symbol.asyncDispose]();
});

beforeEach(async () => {
  serial += 1;
  lun = `v${serial}`;
  snap = `v${serial}-snap`;
  await makeLun(array, { id: lun, size });
  await snapshot(array, lun, snap);
});

async function write(offset: number, length: number, seed = 'damage'): Promise<void> {
  await array.admin.fillPattern({ lunId: lun, offset: BigInt(offset), length: BigInt(length), seed });
}

async function resync(
  attempt: number,
  source = snap,
  kind = OperationKind.RESYNC,
): Promise<{ written: number; id: string; safety: string; outcome: Outcome }> {
  const id = `${lun}.${attempt}`;
  const operation = await run(array, [[source, lun]], { operationId: id, owner: `o/${lun}`, kind });
  const pair = pairOf(operation);
  return { written: Number(pair.writtenBytes), id, safety: pair.safetySnapshotId, outcome: operation.outcome };
}

describe('a copy from a snapshot of the target', () => {
  it('writes only what was written through the array since', async () => {
    const bytes = await digest(array, lun);
    await write(10 * mib, 100);
    await write(40 * mib + 5, mib);
    const done = await resync(1);
    expect(done.outcome).toBe(Outcome.SUCCEEDED);
    expect(done.written).toBe(granule + mib + granule);
    expect(await digest(array, lun)).toBe(bytes);
    await write(mib, 10);
    const again = await run(array, [[snap, lun]], { operationId: `${lun}.x`, owner: 'o/second' });
    expect(Number(pairOf(again).writtenBytes)).toBe(granule);
    expect(await digest(array, lun)).toBe(bytes);
  });

  it('remembers over a crash what was written', async () => {
    const bytes = await digest(array, lun);
    await write(20 * mib, 200);
    await array.restart();
    const done = await resync(1);
    expect(done.written).toBe(granule);
    expect(await digest(array, lun)).toBe(bytes);
  });

  it('is undone by a roll-back that copies only what the resync changed', async () => {
    await write(0, 3 * mib);
    const damaged = await digest(array, lun);
    const done = await resync(1);
    const back = await resync(2, done.safety, OperationKind.ROLL_BACK);
    expect(back).toMatchObject({ outcome: Outcome.ROLLED_BACK, written: 3 * mib });
    expect(await digest(array, lun)).toBe(damaged);
    const forth = await run(array, [[snap, lun]], { operationId: `${lun}.3`, owner: 'o/third' });
    expect(Number(pairOf(forth).writtenBytes)).toBe(3 * mib);
  });

  it('reads all of a target that a node had meanwhile, since it wrote past the array', async () => {
    const bytes = await digest(array, lun);
    const { path } = await array.admin.publish({ lunId: lun, node: 'node-1' });
    const { open } = await import('node:fs/promises');
    await using file = await open(path, 'r+');
    await file.write(Buffer.from('written by the node'), 0, 19, 33 * mib);
    await array.admin.unpublish({ lunId: lun, node: 'node-1' });
    const done = await resync(1);
    expect(done.outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, lun)).toBe(bytes);
    expect(done.written).toBeGreaterThan(0);
    if (array.ready['isReflinkAvailable'] === false) {
      // Compared, not copied. Where blocks can be shared that is cheaper still, and counts as written.
      expect(done.written).toBeLessThan(size / 4);
    }
  });

  it('does not believe a snapshot that was taken while a node had the LUN', async () => {
    const { path } = await array.admin.publish({ lunId: lun, node: 'node-1' });
    await snapshot(array, lun, `${lun}-late`);
    const bytes = await digest(array, `${lun}-late`);
    const { open } = await import('node:fs/promises');
    await using file = await open(path, 'r+');
    await file.write(Buffer.from('written by the node'), 0, 19, 50 * mib);
    await array.admin.unpublish({ lunId: lun, node: 'node-1' });
    expect((await resync(1, `${lun}-late`)).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, lun)).toBe(bytes);
  });

  it('takes from another snapshot also what a resync in between has changed', async () => {
    await write(8 * mib, 2 * mib, 'between');
    await snapshot(array, lun, `${lun}-b`);
    const between = await digest(array, lun);
    await write(30 * mib, mib);
    await resync(1);
    const done = await run(array, [[`${lun}-b`, lun]], { operationId: `${lun}.b`, owner: 'o/b' });
    expect(await digest(array, lun)).toBe(between);
    expect(Number(pairOf(done).writtenBytes)).toBe(3 * mib);
  });

  it('repairs after an interrupted copy with the difference only', async () => {
    const bytes = await digest(array, lun);
    await write(4 * mib, 16 * mib);
    await order(array, { action: FaultAction.CRASH, step: Step.COPYING, atByte: BigInt(4 * mib) });
    const start = await request(array, [[snap, lun]], {
      operationId: `${lun}.1`,
      owner: `o/${lun}`,
      maxBytesPerSecond: BigInt(16 * mib),
    });
    await array.client.startOperation(start).catch(() => undefined);
    await array.exited();
    await array.restart();
    const again = await resync(2);
    expect(again.outcome).toBe(Outcome.SUCCEEDED);
    expect(again.written).toBeLessThanOrEqual(16 * mib);
    expect(await digest(array, lun)).toBe(bytes);
  });

  it('copies everything again after a failed proof, wherever the wrong byte is', async () => {
    const bytes = await digest(array, lun);
    await write(0, mib);
    await order(array, { action: FaultAction.CORRUPT_CHUNK, chunk: 12, lunId: lun });
    expect((await resync(1)).outcome).toBe(Outcome.FAILED);
    expect((await resync(2)).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, lun)).toBe(bytes);
  });

  it('is right when the target was made smaller and larger in between', async () => {
    const bytes = await digest(array, lun);
    await makeLun(array, { id: `${lun}-small`, size: 16 * mib });
    await run(array, [[`${lun}-small`, lun]], { operationId: `${lun}.s`, owner: 'o/small' });
    expect((await lunOf(array, lun)).sizeBytes).toBe(BigInt(16 * mib));
    expect((await resync(1)).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, lun)).toBe(bytes);
  });
});

describe('the array’s own record of a copy', () => {
  it('counts copied bytes apart from those of hosts', async () => {
    await write(0, mib);
    const before = await array.admin.counters({});
    await resync(1);
    const after = await array.admin.counters({});
    expect(after.hostWriteBytes).toBe(before.hostWriteBytes);
    expect(after.hostReadBytes).toBe(before.hostReadBytes);
    expect(after.arrayCopyBytes - before.arrayCopyBytes).toBe(BigInt(mib));
    expect((await untilEnded(array, `${lun}.1`)).outcome).toBe(Outcome.SUCCEEDED);
  });
});
