/** Faults to order: each of them is seen by the caller as it would be with a broken array or network. */
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction, FaultPoint } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Capability, LunState, Outcome, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
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
  startScene,
  untilEnded,
  untilOperation,
} from './array-scene.ts';

let array: ArrayProcess;
let serial = 0;

beforeAll(async () => {
  array = await startScene();
  await makeLun(array, { id: 's', size: 12 * mib });
});

afterAll(async () => {
  await array[Symbol.asyncDispose]();
});

afterEach(async () => {
  await array.admin.clearFaults({});
});

async function target(): Promise<{ id: string; operationId: string; owner: string }> {
  serial += 1;
  await makeLun(array, { id: `t${serial}`, size: 12 * mib });
  return { id: `t${serial}`, operationId: `op.${serial}`, owner: `o/${serial}` };
}

describe('a fault of a call', () => {
  it('refuses StartOperation as the array’s own veto, with and without a remedy', async () => {
    const { id, ...names } = await target();
    const start = await request(array, [['s', id]], names);
    for (const remedy of ['Replace the failed disk.', '']) {
      const reason = 'VSS_E_PROVIDER_VETO';
      await order(array, { action: FaultAction.FAIL, method: 'StartOperation', reason, remedy, message: 'Disk 3.' });
      const refusal = await refusalOf(array.client.startOperation(start));
      expect(refusal).toMatchObject({ code: status.FAILED_PRECONDITION, reason, remedy, message: 'Disk 3.' });
      expect(refusal.metadata['refusal']).toBe('ARRAY');
    }
    await array.client.startOperation(start);
    expect((await untilEnded(array, names.operationId)).outcome).toBe(Outcome.SUCCEEDED);
  });

  it('fires at the n-th call, as often as ordered, and only for its LUN', async () => {
    const fault = { action: FaultAction.FAIL, method: 'GetLuns', code: status.UNAVAILABLE };
    await order(array, { ...fault, nth: 2, count: 2, lunId: 's' });
    const outcomes: string[] = [];
    for (const ids of [['s'], ['x'], ['s'], ['s'], ['s']]) {
      outcomes.push(
        await array.client.getLuns({ ids }).then(
          () => 'OK',
          () => 'failed',
        ),
      );
    }
    expect(outcomes).toEqual(['OK', 'OK', 'failed', 'failed', 'OK']);
  });

  it('loses the answer of a call that took effect', async () => {
    const { id, ...names } = await target();
    await order(array, {
      action: FaultAction.FAIL,
      method: 'StartOperation',
      point: FaultPoint.AFTER,
      code: status.UNKNOWN,
    });
    const refusal = await refusalOf(array.client.startOperation(await request(array, [['s', id]], names)));
    expect(refusal.isDefinite).toBe(false);
    expect((await untilEnded(array, names.operationId)).outcome).toBe(Outcome.SUCCEEDED);
  });

  it.each([FaultPoint.BEFORE, FaultPoint.AFTER])('cuts the connection (%i) and serves the next one', async (point) => {
    await order(array, { action: FaultAction.DROP_CONNECTION, method: 'GetArray', point });
    expect(await refusalOf(array.client.getArray({}))).toMatchObject({ code: status.UNAVAILABLE, isDefinite: false });
    await expect
      .poll(
        async () =>
          array.client.getArray({}).then(
            (answer) => answer.arrayId,
            () => '',
          ),
        { timeout: 5_000 },
      )
      .toBe(array.arrayID);
  });

  it('hangs until the caller’s deadline', async () => {
    await order(array, { action: FaultAction.HANG, method: 'GetArray' });
    const call = array.client.getArray({}, { timeoutMs: 200 });
    expect((await refusalOf(call)).code).toBe(status.DEADLINE_EXCEEDED);
    expect((await array.client.getArray({})).arrayId).toBe(array.arrayID);
  });

  it('is refused when it could never fire', async () => {
    for (const fault of [
      { action: FaultAction.FAIL },
      { action: FaultAction.FAIL, method: 'Nothing' },
      { action: FaultAction.STALL, method: 'GetArray' },
    ]) {
      expect((await refusalOf(order(array, fault))).code).toBe(status.INVALID_ARGUMENT);
    }
  });
});

describe('a fault of an operation', () => {
  it.each([
    ['E_OUTOFMEMORY', Step.SNAPSHOTTING, LunState.ONLINE],
    ['VSS_E_INSUFFICIENT_STORAGE', Step.VERIFYING, LunState.INCONSISTENT],
  ])('ends it with %s at its step', async (reason, step, state) => {
    const { id, ...names } = await target();
    await order(array, { action: FaultAction.FAIL, step, reason, remedy: 'Do something.' });
    const ended = await run(array, [['s', id]], names);
    expect(ended).toMatchObject({ outcome: Outcome.FAILED, step, error: { reason, remedy: 'Do something.' } });
    expect((await lunOf(array, id)).state).toBe(state);
  });

  it('fails it at a byte of the copy, after the first block', async () => {
    const { id, ...names } = await target();
    await order(array, { action: FaultAction.FAIL, step: Step.COPYING, atByte: BigInt(4 * mib), lunId: id });
    const ended = await run(array, [['s', id]], names);
    expect(ended).toMatchObject({ outcome: Outcome.FAILED, error: { reason: 'VSS_E_PROVIDER_VETO', remedy: '' } });
    expect((await lunOf(array, id)).state).toBe(LunState.INCONSISTENT);
  });

  it('stalls it without progress and heartbeat until it is taken back', async () => {
    const { id, ...names } = await target();
    const stall = { action: FaultAction.STALL, step: Step.COPYING, atByte: BigInt(mib) };
    const fault = await order(array, stall);
    await array.client.startOperation(
      await request(array, [['s', id]], { ...names, maxBytesPerSecond: BigInt(8 * mib) }),
    );
    await untilOperation(array, names.operationId, ({ pairs }) => (pairs[0]?.copiedBytes ?? 0n) >= BigInt(mib));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const first = await untilOperation(array, names.operationId, () => true);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await untilOperation(array, names.operationId, () => true)).toEqual(first);
    expect(first.outcome).toBe(Outcome.RUNNING);
    await array.admin.clearFaults({ id: fault });
    expect((await untilEnded(array, names.operationId)).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, id)).toBe(await digest(array, 's'));
  });

  it('lies: succeeds without a byte copied', async () => {
    const { id, ...names } = await target();
    const bytes = await digest(array, id);
    await order(array, { action: FaultAction.SUCCEED_WITHOUT_COPYING });
    const ended = await run(array, [['s', id]], names);
    expect(ended.outcome).toBe(Outcome.SUCCEEDED);
    expect(pairOf(ended)).toMatchObject({ copiedBytes: 0n, sourceDigest: '', targetDigest: '' });
    expect(await digest(array, id)).toBe(bytes);
  });

  it('reports a digest that is not the target’s', async () => {
    const { id, ...names } = await target();
    await order(array, { action: FaultAction.WRONG_DIGESTS });
    const pair = pairOf(await run(array, [['s', id]], names));
    expect(pair.targetDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(pair.targetDigest).not.toBe(pair.sourceDigest);
    expect(await digest(array, id)).toBe(pair.sourceDigest);
  });
});

describe('other disguises', () => {
  it('claims fewer capabilities and another version', async () => {
    await array.admin.setContract({ capabilities: [Capability.VERIFY], contractVersion: 7 });
    expect(await array.client.getArray({})).toMatchObject({ capabilities: [Capability.VERIFY], contractVersion: 7 });
    await array.admin.setContract({});
    expect((await array.client.getArray({})).capabilities).toHaveLength(5);
  });

  it('answers late', async () => {
    await array.admin.setLatency({ milliseconds: 150, method: 'GetArray' });
    const started = performance.now();
    await array.client.getArray({});
    expect(performance.now() - started).toBeGreaterThan(140);
    await array.admin.setLatency({ milliseconds: 0, method: 'GetArray' });
  });
});
