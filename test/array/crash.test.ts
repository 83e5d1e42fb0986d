/** The array killed at every interesting instant: what it finds when it starts again, and how a run goes on. */
import { describe, expect, it } from 'vitest';
import { FaultAction, FaultPoint } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { LunState, OperationKind, Outcome, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { startArray } from '../support/array.ts';
import {
  digest,
  lunOf,
  makeLun,
  mib,
  order,
  owner,
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

describe('an array that is killed', () => {
  it('in mid-copy: INTERRUPTED, fenced, and the second attempt uses the first one’s safety snapshots', async () => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 32 * mib });
    await makeLun(array, { id: 't', size: 32 * mib });
    const original = await digest(array, 't');
    const start = await request(array, [['s', 't']], { maxBytesPerSecond: BigInt(4 * mib) });
    await array.client.startOperation(start);
    const seen = await untilOperation(array, 'uid-1.1', ({ pairs }) => (pairs[0]?.writtenBytes ?? 0n) > 0n);
    await array.kill();
    await array.restart();
    const { operation } = await array.client.getOperation({ operationId: 'uid-1.1' });
    expect(operation).toMatchObject({ outcome: Outcome.INTERRUPTED, step: Step.COPYING });
    expect(operation?.pairs[0]?.copiedBytes).toBeGreaterThanOrEqual(pairOf(seen).copiedBytes);
    const lun = await lunOf(array, 't');
    expect(lun.state).toBe(LunState.INCONSISTENT);
    expect(lun.runs[0]).toMatchObject({ outcome: Outcome.INTERRUPTED, endGeneration: lun.generation });
    expect((await array.client.startOperation(start)).operation?.outcome).toBe(Outcome.INTERRUPTED);
    expect((await refusalOf(array.client.startOperation({ ...start, operationId: 'late' }))).metadata['refusal']).toBe(
      'STALE',
    );
    const again = await run(array, [['s', 't']], { operationId: 'uid-1.2' });
    expect(again.outcome).toBe(Outcome.SUCCEEDED);
    expect(pairOf(again).safetySnapshotId).toBe(pairOf(seen).safetySnapshotId);
    expect(await digest(array, 't')).toBe(await digest(array, 's'));
    const back = await run(array, [[pairOf(seen).safetySnapshotId, 't']], {
      operationId: 'uid-1.3',
      kind: OperationKind.ROLL_BACK,
    });
    expect(back.outcome).toBe(Outcome.ROLLED_BACK);
    expect(await digest(array, 't')).toBe(original);
  });

  it.each([
    [Step.ACCEPTED, LunState.ONLINE],
    [Step.SNAPSHOTTING, LunState.ONLINE],
    [Step.RESIZING, LunState.ONLINE],
    [Step.COPYING, LunState.INCONSISTENT],
    [Step.VERIFYING, LunState.INCONSISTENT],
  ])('in step %i: the target is %i, and the next attempt succeeds', async (step, state) => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 12 * mib });
    await makeLun(array, { id: 't', size: 8 * mib });
    const bytes = await digest(array, 't');
    await order(array, { action: FaultAction.CRASH, step });
    // The crash may be faster than the answer, which proves nothing either way.
    await array.client.startOperation(await request(array, [['s', 't']])).catch(() => undefined);
    await array.exited();
    await array.restart();
    expect(array.ready['interrupted']).toEqual(['uid-1.1']);
    expect(await runOf(array, 't')).toMatchObject({ outcome: Outcome.INTERRUPTED });
    expect((await lunOf(array, 't')).state).toBe(state);
    if (state === LunState.ONLINE) {
      expect(await digest(array, 't')).toBe(bytes);
    }
    expect((await run(array, [['s', 't']], { operationId: 'uid-1.2' })).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, 't')).toBe(await digest(array, 's'));
  });

  it.each([
    ['before', FaultPoint.BEFORE],
    ['after', FaultPoint.AFTER],
  ])('%s it accepted: the caller cannot tell, the LUN’s runs can', async (when, point) => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 4 * mib });
    await makeLun(array, { id: 't', size: 4 * mib });
    await order(array, { action: FaultAction.CRASH, method: 'StartOperation', point });
    const start = await request(array, [['s', 't']]);
    expect((await refusalOf(array.client.startOperation(start))).isDefinite).toBe(false);
    await array.exited();
    await array.restart();
    const runs = (await lunOf(array, 't')).runs.map(({ operationId, outcome }) => ({ operationId, outcome }));
    expect(runs).toEqual(when === 'before' ? [] : [{ operationId: 'uid-1.1', outcome: Outcome.INTERRUPTED }]);
    expect(array.callLog().filter(({ method }) => method === 'StartOperation')).toMatchObject([
      { owner, operationID: 'uid-1.1', code: when === 'before' ? 'CRASHED_BEFORE' : 'CRASHED_AFTER' },
    ]);
    expect((await run(array, [['s', 't']], { operationId: 'uid-1.2' })).outcome).toBe(Outcome.SUCCEEDED);
  });

  it.each([
    [5, 40, 90, 150],
    [20, 60, 110, 230],
    [30, 75, 130, 300],
  ])(
    'again and again, %i, %i, %i and %i ms after the start: no target is ever ONLINE with other bytes than a whole image',
    async (...delays) => {
      await using array = await startScene();
      await makeLun(array, { id: 's', size: 24 * mib });
      await makeLun(array, { id: 't', size: 16 * mib });
      const whole = [await digest(array, 's'), await digest(array, 't')];
      for (const [index, delay] of delays.entries()) {
        const attempt = { operationId: `uid-1.${index}`, maxBytesPerSecond: BigInt(128 * mib) };
        const before = await lunOf(array, 't');
        const starting = array.client
          .startOperation(await request(array, [['s', 't']], attempt))
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, delay));
        await array.kill();
        await starting;
        await array.restart();
        const lun = await lunOf(array, 't');
        expect(lun.state).not.toBe(LunState.RESYNCING);
        const [newest] = lun.runs;
        if (newest?.operationId === attempt.operationId) {
          expect(lun.generation).toBeGreaterThan(before.generation);
          expect([Outcome.INTERRUPTED, Outcome.SUCCEEDED]).toContain(newest.outcome);
          expect(newest.endGeneration).toBe(lun.generation);
        } else {
          expect(lun.generation).toBe(before.generation);
        }
        if (lun.state === LunState.ONLINE) {
          expect(whole).toContain(await digest(array, 't'));
        }
      }
      expect((await run(array, [['s', 't']], { operationId: 'uid-1.last' })).outcome).toBe(Outcome.SUCCEEDED);
      expect(await digest(array, 't')).toBe(whole[0]);
    },
  );

  it('keeps its identity, its LUNs and the generations', async () => {
    await using array = await startScene();
    await makeLun(array, { id: 't', size: 4 * mib });
    await snapshot(array, 't', 'snap');
    const before = await array.client.listLuns({});
    const bytes = await digest(array, 't');
    const id = array.arrayID;
    await array.restart();
    expect(array.arrayID).toBe(id);
    expect(await array.client.listLuns({})).toEqual(before);
    expect(await digest(array, 't')).toBe(bytes);
    await array.admin.deleteLun({ lunId: 't' });
    const highest = Math.max(...before.luns.map(({ generation }) => Number(generation)));
    const made = await makeLun(array, { id: 't2', size: 4 * mib });
    expect(Number(made.generation)).toBeGreaterThan(highest);
    expect((await refusalOf(array.admin.createLun({ id: 't', pool: 'pool', sizeBytes: 512n }))).message).toContain(
      'never reused',
    );
  });

  it('fires a durable fault again after the restart, and another one not', async () => {
    await using array = await startScene();
    const fault = { action: FaultAction.FAIL, method: 'GetArray', reason: 'E_OUTOFMEMORY' };
    await order(array, { ...fault, durable: true });
    await array.restart();
    expect((await refusalOf(array.client.getArray({}))).reason).toBe('E_OUTOFMEMORY');
    await array.client.getArray({});
    await order(array, fault);
    await array.restart();
    await array.client.getArray({});
  });
});

describe('an array that is stopped', () => {
  it('says how many operations will be interrupted', async () => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 4 * mib });
    await makeLun(array, { id: 't', size: 4 * mib });
    await order(array, { action: FaultAction.STALL, step: Step.ACCEPTED });
    await array.client.startOperation(await request(array, [['s', 't']]));
    expect(JSON.parse(await array.stop())).toMatchObject({ event: 'stopped', running: 1 });
    await array.restart();
    expect((await untilEnded(array, 'uid-1.1')).outcome).toBe(Outcome.INTERRUPTED);
  });
});

describe('a data directory', () => {
  it('is refused while another array uses it', async () => {
    await using array = await startScene();
    await expect(startArray({ dataDirectory: array.dataDirectory })).rejects.toThrow(/in use by another process/);
  });
});
