/** What keeps a late, repeated or mistaken request from changing anything. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { CancelState, LunState, Outcome, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { ArrayProcess } from '../support/array.ts';
import {
  digest,
  lunOf,
  makeLun,
  mib,
  order,
  refusalOf,
  request,
  run,
  startScene,
  untilEnded,
  untilOperation,
} from './array-scene.ts';

let array: ArrayProcess;

beforeAll(async () => {
  array = await startScene();
  await makeLun(array, { id: 's', size: 4 * mib });
});

afterAll(async () => {
  await array[Symbol.asyncDispose]();
});

describe('StartOperation', () => {
  it('returns the operation and starts nothing when it is repeated, before and after the end', async () => {
    await makeLun(array, { id: 'rep', size: 4 * mib });
    const start = await request(array, [['s', 'rep']], { operationId: 'rep.1', owner: 'o/rep' });
    await array.client.startOperation(start);
    await array.client.startOperation(start);
    const ended = await untilEnded(array, 'rep.1');
    const lun = await lunOf(array, 'rep');
    await array.admin.fillPattern({ lunId: 'rep', seed: 'new owner data' });
    const bytes = await digest(array, 'rep');
    const { operation } = await array.client.startOperation(start);
    expect(operation).toEqual(ended);
    expect(await digest(array, 'rep')).toBe(bytes);
    expect((await lunOf(array, 'rep')).state).toBe(lun.state);
    const changed = { ...start, runId: 'another' };
    expect((await refusalOf(array.client.startOperation(changed))).code).toBe(status.ALREADY_EXISTS);
  });

  it('is refused as STALE after a cancel of the unknown id, however late it arrives', async () => {
    await makeLun(array, { id: 'dead', size: 4 * mib });
    const start = await request(array, [['s', 'dead']], { operationId: 'dead.1', owner: 'o/dead' });
    const before = await lunOf(array, 'dead');
    const answer = await array.client.cancelOperation({
      arrayId: array.arrayID,
      operationId: 'dead.1',
      owner: 'o/dead',
      targetLunIds: ['dead', 'gone'],
    });
    expect(answer.state).toBe(CancelState.DEAD);
    expect(answer.luns.map(({ id }) => id)).toEqual(['dead']);
    const after = await lunOf(array, 'dead');
    expect(after.generation).toBeGreaterThan(before.generation);
    expect(after.contentGeneration).toBe(before.contentGeneration);
    expect((await refusalOf(array.client.startOperation(start))).metadata).toMatchObject({
      refusal: 'STALE',
      lun: 'dead',
    });
  });

  it('does not kill its id when it is refused', async () => {
    await makeLun(array, { id: 'pub', size: 4 * mib });
    await array.admin.publish({ lunId: 'pub', node: 'node-1' });
    const start = await request(array, [['s', 'pub']], { operationId: 'pub.1', owner: 'o/pub' });
    expect((await refusalOf(array.client.startOperation(start))).metadata['refusal']).toBe('TARGET_PUBLISHED');
    await array.admin.unpublish({ lunId: 'pub', node: 'node-1' });
    await array.client.startOperation(start);
    expect((await untilEnded(array, 'pub.1')).outcome).toBe(Outcome.SUCCEEDED);
  });

  it('is BUSY for a LUN of a running operation and leaves the cancel of an unknown id without effect on it', async () => {
    await makeLun(array, { id: 'busy', size: 4 * mib });
    await makeLun(array, { id: 'busy-2', size: 4 * mib });
    await order(array, { action: FaultAction.STALL, step: Step.ACCEPTED, lunId: 'busy' });
    await array.client.startOperation(
      await request(array, [['s', 'busy']], { operationId: 'busy.1', owner: 'o/busy' }),
    );
    const generation = (await lunOf(array, 'busy')).generation;
    for (const pair of [
      ['s', 'busy'],
      ['busy', 'busy-2'],
      ['busy-2', 's'],
    ] as const) {
      const start = await request(array, [pair], { operationId: 'busy.2', owner: 'o/busy-2' });
      expect((await refusalOf(array.client.startOperation(start))).metadata['refusal']).toBe('BUSY');
    }
    const dead = await array.client.cancelOperation({
      arrayId: array.arrayID,
      operationId: 'busy.9',
      owner: 'o/x',
      targetLunIds: ['busy'],
    });
    expect(dead.state).toBe(CancelState.DEAD);
    expect((await lunOf(array, 'busy')).generation).toBe(generation);
    await array.admin.clearFaults({});
    expect((await untilEnded(array, 'busy.1')).outcome).toBe(Outcome.SUCCEEDED);
  });

  it('is refused for another array, and that is no fence', async () => {
    await makeLun(array, { id: 'other', size: 4 * mib });
    const start = await request(array, [['s', 'other']], { operationId: 'other.1', owner: 'o/other' });
    const refusal = await refusalOf(array.client.startOperation({ ...start, arrayId: 'another array' }));
    expect(refusal).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'VSS_E_BAD_STATE' });
    expect(refusal.metadata['refusal']).toBeUndefined();
    await array.client.startOperation(start);
    await untilEnded(array, 'other.1');
  });

  it('says what is wrong with an argument and what to do', async () => {
    const start = await request(array, [['s', 's']], { operationId: 'bad id', owner: 'o/bad' });
    expect(await refusalOf(array.client.startOperation(start))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'E_INVALIDARG',
      message: 'operation_id is "bad id".',
      remedy: 'Use [A-Za-z0-9._:-]{1,128}.',
    });
  });
});

describe('the source of a running operation', () => {
  it('neither changes nor goes away', async () => {
    await makeLun(array, { id: 'frozen', size: 8 * mib });
    await makeLun(array, { id: 'frozen-t', size: 8 * mib });
    await array.admin.snapshot({ lunId: 'frozen', id: 'frozen-snap' });
    await makeLun(array, { id: 'frozen-t2', size: 8 * mib });
    const bytes = await digest(array, 'frozen');
    await order(array, { action: FaultAction.STALL, step: Step.ACCEPTED, count: 2 });
    const starts = [
      await request(array, [['frozen', 'frozen-t']], { operationId: 'frozen.1', owner: 'o/frozen' }),
      await request(array, [['frozen-snap', 'frozen-t2']], { operationId: 'frozen.2', owner: 'o/frozen' }),
    ];
    for (const start of starts) {
      await array.client.startOperation(start);
    }
    await untilOperation(array, 'frozen.1', ({ step }) => step === Step.ACCEPTED);
    if (array.ready['isReflinkAvailable'] === false) {
      const writing = array.admin.fillPattern({ lunId: 'frozen', seed: 'late' });
      expect((await refusalOf(writing)).reason).toBe('VSS_E_RESYNC_IN_PROGRESS');
    }
    for (const lunId of ['frozen', 'frozen-snap']) {
      expect((await refusalOf(array.admin.deleteLun({ lunId }))).reason).toBe('VSS_E_RESYNC_IN_PROGRESS');
    }
    await array.admin.clearFaults({});
    await untilEnded(array, 'frozen.1');
    await untilEnded(array, 'frozen.2');
    expect(await digest(array, 'frozen-t')).toBe(bytes);
    expect(await digest(array, 'frozen-t2')).toBe(bytes);
  });
});

describe('a published source', () => {
  it('is copied as it was at acceptance where it can be cloned at once, and refused elsewhere', async () => {
    await makeLun(array, { id: 'live', size: 8 * mib });
    await makeLun(array, { id: 'live-t', size: 8 * mib });
    await array.admin.publish({ lunId: 'live', node: 'node-1' });
    const bytes = await digest(array, 'live');
    await order(array, { action: FaultAction.STALL, step: Step.ACCEPTED });
    const start = await request(array, [['live', 'live-t']], { operationId: 'live.1', owner: 'o/live' });
    if (array.ready['isReflinkAvailable'] === false) {
      expect((await refusalOf(array.client.startOperation(start))).metadata['refusal']).toBe('SOURCE_PUBLISHED');
      await array.admin.clearFaults({});
      return;
    }
    const luns = await array.client.listLuns({});
    await array.client.startOperation(start);
    await array.admin.fillPattern({ lunId: 'live', seed: 'written meanwhile' });
    expect((await array.client.listLuns({})).luns).toHaveLength(luns.luns.length);
    await array.admin.clearFaults({});
    expect((await untilEnded(array, 'live.1')).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, 'live-t')).toBe(bytes);
    expect(await digest(array, 'live')).not.toBe(bytes);
  });
});

describe('generations', () => {
  it('are raised by publishing, and tell who wrote last', async () => {
    await makeLun(array, { id: 'gen', size: 4 * mib });
    await run(array, [['s', 'gen']], { operationId: 'gen.1', owner: 'o/gen' });
    const ended = await lunOf(array, 'gen', 'o/gen');
    expect(ended.contentGeneration).toBe(ended.runs[0]?.endGeneration);
    await array.admin.publish({ lunId: 'gen', node: 'a' });
    const published = await lunOf(array, 'gen', 'o/gen');
    expect(published.contentGeneration).toBeGreaterThan(ended.contentGeneration);
    await array.admin.publish({ lunId: 'gen', node: 'a' });
    await array.admin.unpublish({ lunId: 'gen', node: 'a' });
    expect((await lunOf(array, 'gen')).generation).toBe(published.generation);
    expect((await lunOf(array, 'gen')).state).toBe(LunState.ONLINE);
  });
});
