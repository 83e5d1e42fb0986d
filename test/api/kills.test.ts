// The operator or the array is killed in the middle of a run: nothing is done twice, and no target stays half-written.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import { FaultAction, FaultPoint } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { LunState, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import {
  conditionOf,
  lunOf,
  messageOf,
  order,
  safetySnapshotsOf,
  setBandwidth,
  startsOf,
  untilCopying,
} from './acceptance.ts';

const SIZE = 32 * MIB;
const SLOW = 8 * MIB;

describe('the operator is killed and started again', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await startScene(inject('cluster'));
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  it('before the array got the call: it is made once', async () => {
    await makePair(scene, 'intent');
    await hangStart(scene, FaultPoint.BEFORE);
    await apply(scene, 'intent');
    await scene.until('intent', 'the intent is on record', ({ status }) => status.operationID !== undefined);
    await scene.operator.kill();
    expect(await acceptedOf(scene, 'intent')).toEqual([]);
    await expectOneOperation(scene, 'intent');
  });

  it('before it got the answer: the call is not made a second time', async () => {
    await makePair(scene, 'answer');
    await hangStart(scene, FaultPoint.AFTER);
    await apply(scene, 'answer');
    await untilAccepted(scene, 'answer');
    await scene.operator.kill();
    await expectOneOperation(scene, 'answer');
  });

  it('while the array copies: the copy goes on and is followed to its end', async () => {
    await makePair(scene, 'copying');
    await setBandwidth(scene, SLOW);
    await apply(scene, 'copying');
    await untilCopying(scene, 'copying');
    await scene.operator.kill();
    await setBandwidth(scene, 0);
    await expectOneOperation(scene, 'copying');
  });

  it('after the array had finished, before that was in the status', async () => {
    await makePair(scene, 'ended');
    await setBandwidth(scene, SLOW);
    await apply(scene, 'ended');
    await untilCopying(scene, 'ended');
    process.kill(scene.operator.pid, 'SIGSTOP');
    await setBandwidth(scene, 0);
    const isOnline = async (): Promise<boolean> => (await lunOf(scene, 'ended-dst'))?.state === LunState.ONLINE;
    await until(() => 'the array to finish', isOnline);
    await scene.operator.kill();
    expect((await scene.read('ended'))?.status.completionTime).toBeUndefined();
    await expectOneOperation(scene, 'ended');
  });
});

describe('the array is killed in the middle of a copy', () => {
  it.concurrent('once: a second attempt copies the difference and keeps the first safety snapshot', async () => {
    await using scene = await startScene(inject('cluster'));
    const source = await makeDamaged(scene, 'once');
    await setBandwidth(scene, SLOW);
    await scene.apply('once', { pairs: [lunPair('data', source, 'once-dst')], backoffLimit: 1 });
    const first = await untilWriting(scene, 'once');
    const snapshots = await safetySnapshotsOf(scene, 'once-dst');
    expect(snapshots).toHaveLength(1);
    await scene.array.kill();
    await scene.array.restart();
    await setBandwidth(scene, 0);
    const done = await scene.finished('once');
    expect(reasonOf(done)).toBe('Completed');
    expect(done.status.attempt).toBe(2);
    expect(answeredIDs(scene, 'once')).toEqual([first, `${done.metadata.uid}.2`]);
    expect(done.status.pairs?.[0]?.safetySnapshotID).toBe(snapshots[0]);
    expect(await safetySnapshotsOf(scene, 'once-dst')).toEqual(snapshots);
    expect(await scene.digest('once-dst')).toBe(await scene.digest(source));
    // Counted from the restart on: the second attempt alone.
    const { arrayCopyBytes } = await scene.array.admin.counters({});
    expect(Number(arrayCopyBytes)).toBeGreaterThan(0);
    expect(Number(arrayCopyBytes)).toBeLessThanOrEqual(SIZE / 2);
  });

  it.concurrent('in every attempt: the target gets back its former bytes', async () => {
    await using scene = await startScene(inject('cluster'));
    await makePair(scene, 'every');
    const before = await scene.digest('every-dst');
    const atByte = BigInt(SIZE / 2);
    await order(scene, { action: FaultAction.CRASH, step: Step.COPYING, atByte, count: 2, durable: true });
    await scene.apply('every', { pairs: [lunPair('data', 'every-src', 'every-dst')], backoffLimit: 1 });
    await scene.array.exited();
    await scene.array.restart();
    expect((await lunOf(scene, 'every-dst'))?.state).toBe(LunState.INCONSISTENT);
    await scene.array.exited();
    await scene.array.restart();
    const ended = await scene.finished('every');
    expect(reasonOf(ended)).toBe('BackoffLimitExceeded');
    expect(messageOf(ended)).toMatch(/2 attempts failed.*interrupted by a restart of the array/);
    expect(ended.status.dataState).toBe('RolledBack');
    expect(conditionOf(ended, 'TargetConsistent')?.status).toBe('True');
    expect(await scene.digest('every-dst')).toBe(before);
    expect((await lunOf(scene, 'every-dst'))?.state).toBe(LunState.ONLINE);
  });
});

/** LUNs `<name>-src` and `<name>-dst` with different bytes. */
async function makePair(scene: Scene, name: string): Promise<void> {
  await scene.lun(`${name}-src`, SIZE, `${name} source`);
  await scene.lun(`${name}-dst`, SIZE, `${name} target`);
}

/** LUN `<name>-dst` with a snapshot, whose id is returned, and other bytes in its first half since. */
async function makeDamaged(scene: Scene, name: string): Promise<string> {
  const lunId = `${name}-dst`;
  await scene.lun(lunId, SIZE, `${name} good`);
  const { lun } = await scene.array.admin.snapshot({ lunId });
  await scene.array.admin.fillPattern({ lunId, offset: 0n, length: BigInt(SIZE / 2), seed: `${name} damage` });
  return lun?.id ?? '';
}

function apply(scene: Scene, name: string): Promise<LunResync> {
  return scene.apply(name, { pairs: [lunPair('data', `${name}-src`, `${name}-dst`)], backoffLimit: 0 });
}

/** The next StartOperation is never answered. */
async function hangStart(scene: Scene, point: FaultPoint): Promise<void> {
  await order(scene, { action: FaultAction.HANG, method: 'StartOperation', point });
}

/** Starts the operator again, and expects success by one operation that wrote the target once. */
async function expectOneOperation(scene: Scene, name: string): Promise<void> {
  await scene.operator.start();
  const done = await scene.finished(name);
  const operationID = `${done.metadata.uid}.1`;
  expect(reasonOf(done)).toBe('Completed');
  expect(done.status.attempt).toBe(1);
  expect(await scene.digest(`${name}-dst`)).toBe(await scene.digest(`${name}-src`));
  expect(await acceptedOf(scene, name)).toEqual([operationID]);
  expect(answeredIDs(scene, name).filter((id) => id !== operationID)).toEqual([]);
}

/** The operations of an object that began at the array, by its journal. */
async function acceptedOf(scene: Scene, name: string): Promise<string[]> {
  const { entries } = await scene.array.admin.journal({});
  const owner = `/${scene.namespace}/${name}/`;
  return entries
    .filter((entry) => entry.event === 'ACCEPTED' && entry.owner.includes(owner))
    .map((entry) => entry.operationId);
}

/** The operations of an object that StartOperation was answered with OK for, each one once. */
function answeredIDs(scene: Scene, name: string): string[] {
  const ids = startsOf(scene, name).flatMap(({ code, operationID }) => (code === 'OK' ? [operationID] : []));
  return [...new Set(ids)];
}

async function untilAccepted(scene: Scene, name: string): Promise<void> {
  const isAccepted = async (): Promise<boolean> => (await acceptedOf(scene, name)).length > 0;
  await until(() => `the operation of ${name} to be accepted`, isAccepted);
}

/** Waits until some blocks are written and some are not; gives the operation's id. */
async function untilWriting(scene: Scene, name: string): Promise<string> {
  const { metadata } = await scene.until(name, 'an operation', ({ status }) => status.operationID !== undefined);
  const operationId = `${metadata.uid}.1`;
  await untilAccepted(scene, name);
  let written = 0;
  const isHalfWay = async (): Promise<boolean> => {
    const { operation } = await scene.array.client.getOperation({ operationId });
    written = Number(operation?.pairs[0]?.writtenBytes ?? 0);
    return written >= SIZE / 8;
  };
  await until(() => `${operationId} to be half-way; it has written ${written}`, isHalfWay);
  expect(written).toBeLessThan(SIZE / 2);
  return operationId;
}
