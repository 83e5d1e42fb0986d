// What a run does to the sizes of its targets, and that a group of pairs succeeds or fails as one.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { LunState, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { conditionOf, digestsOf, lunOf, messageOf, order, type Spec } from './acceptance.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('the size of a target', () => {
  it.each([
    ['larger', 12],
    ['smaller', 4],
  ])('is exactly that of its source afterwards when it was %s', async (name, mebibytes) => {
    await scene.lun(`${name}-src`, 8 * MIB, `${name} source`);
    await scene.lun(`${name}-dst`, mebibytes * MIB, `${name} target`);
    const before = await digestsOf(scene, [`${name}-src`, `${name}-dst`]);
    await scene.apply(name, { pairs: [lunPair('data', `${name}-src`, `${name}-dst`)] });
    const done = await scene.finished(name);
    expect(reasonOf(done)).toBe('Completed');
    expect(await sizesOf([`${name}-dst`])).toEqual([8 * MIB]);
    const source = before[`${name}-src`];
    expect(source).not.toBe(before[`${name}-dst`]);
    expect(await digestsOf(scene, [`${name}-src`, `${name}-dst`])).toEqual({
      [`${name}-src`]: source,
      [`${name}-dst`]: source,
    });
    expect(done.status.pairs?.[0]?.target).toMatchObject({ sizeBytes: mebibytes * MIB, finalSizeBytes: 8 * MIB });
  });

  it('stays with KeepLarger, and what lies behind the source reads as zeros', async () => {
    await scene.lun('keep-src', 8 * MIB, 'keep source');
    await scene.lun('keep-dst', 12 * MIB, 'keep target');
    await scene.apply('keep', { pairs: [lunPair('data', 'keep-src', 'keep-dst')], sizePolicy: 'KeepLarger' });
    expect(reasonOf(await scene.finished('keep'))).toBe('Completed');
    expect(await sizesOf(['keep-dst'])).toEqual([12 * MIB]);
    const { digest } = await scene.array.admin.digest({ lunId: 'keep-dst', length: BigInt(8 * MIB) });
    expect(digest).toBe(await scene.digest('keep-src'));
    for (let offset = 8 * MIB; offset < 12 * MIB; offset += MIB) {
      const { data } = await scene.array.admin.readRange({ lunId: 'keep-dst', offset: BigInt(offset), length: MIB });
      expect(Buffer.compare(data, Buffer.alloc(MIB))).toBe(0);
    }
  });
});

describe('three pairs of which the second fails in the middle of its copy', () => {
  it('leaves every target with its former bytes and size', async () => {
    const group = await makeGroup('back', [12, 4, 2]);
    const sizes = await sizesOf(group.targets);
    const before = await digestsOf(scene, group.targets);
    await failSecondCopy(group.targets);
    await scene.apply('back', group.spec);
    const ended = await scene.finished('back');
    expect(await digestsOf(scene, group.targets)).toEqual(before);
    expect(await sizesOf(group.targets)).toEqual(sizes);
    expect(await statesOf(group.targets)).toEqual([LunState.ONLINE, LunState.ONLINE, LunState.ONLINE]);
    expect(dataStatesOf(ended)).toEqual(['RolledBack', 'RolledBack', 'RolledBack']);
    expectFailure(ended, { dataState: 'RolledBack', consistent: 'True' });
  });

  it('without safety snapshots leaves what it had changed fenced and the rest as it was, and says so', async () => {
    // The third target has its source's size already, so that nothing of it changes before its turn.
    const group = await makeGroup('never', [12, 8, 8]);
    const third = group.targets[2] ?? '';
    const before = await scene.digest(third);
    await failSecondCopy(group.targets);
    await scene.apply('never', { ...group.spec, safetySnapshot: 'Never' });
    const ended = await scene.finished('never');
    expect(await statesOf(group.targets)).toEqual([LunState.INCONSISTENT, LunState.INCONSISTENT, LunState.ONLINE]);
    expect(await scene.digest(third)).toBe(before);
    expect(await Promise.all(group.targets.map(publish))).toEqual(['VSS_E_BAD_STATE', 'VSS_E_BAD_STATE', 'published']);
    expect(dataStatesOf(ended)).toEqual(['Inconsistent', 'Inconsistent', 'Untouched']);
    expectFailure(ended, { dataState: 'Inconsistent', consistent: 'False' });
    expect(messageOf(ended)).toContain('never-dst-1, never-dst-2 is INCONSISTENT and fenced');
    expect(ended.status.pairs?.map((pair) => pair.reason)).toEqual([undefined, 'ArrayVeto', undefined]);
    expect(ended.status.pairs?.map((pair) => pair.safetySnapshotID)).toEqual([undefined, undefined, undefined]);
  });

  it('without safety snapshots fences every target whose size it had to change', async () => {
    const group = await makeGroup('sized', [12, 4, 12]);
    await failSecondCopy(group.targets);
    await scene.apply('sized', { ...group.spec, safetySnapshot: 'Never' });
    const ended = await scene.finished('sized');
    const { INCONSISTENT } = LunState;
    expect(await statesOf(group.targets)).toEqual([INCONSISTENT, INCONSISTENT, INCONSISTENT]);
    expect(dataStatesOf(ended)).toEqual(['Inconsistent', 'Inconsistent', 'Inconsistent']);
    expectFailure(ended, { dataState: 'Inconsistent', consistent: 'False' });
  });
});

type Group = { readonly spec: Spec; readonly targets: readonly string[] };

/** A pair for each size of a target in MiB, with sources of 8 MiB. */
async function makeGroup(name: string, targetMebibytes: readonly number[]): Promise<Group> {
  const numbered = targetMebibytes.map((mebibytes, index) => ({ number: index + 1, sizeBytes: mebibytes * MIB }));
  for (const { number, sizeBytes } of numbered) {
    await scene.lun(`${name}-src-${number}`, 8 * MIB, `${name} source ${number}`);
    await scene.lun(`${name}-dst-${number}`, sizeBytes, `${name} target ${number}`);
  }
  const pairs = numbered.map(({ number }) => lunPair(`p${number}`, `${name}-src-${number}`, `${name}-dst-${number}`));
  return { spec: { pairs }, targets: numbered.map(({ number }) => `${name}-dst-${number}`) };
}

/** One shelf fails when half of the second pair of 8 MiB is copied. */
async function failSecondCopy(targets: readonly string[]): Promise<void> {
  await order(scene, {
    action: FaultAction.FAIL,
    step: Step.COPYING,
    atByte: BigInt(12 * MIB),
    lunId: targets[1] ?? '',
    reason: 'VSS_E_PROVIDER_VETO',
    message: 'a shelf lost power',
    remedy: 'Switch the shelf on',
  });
}

function expectFailure(ended: LunResync, left: { readonly dataState: string; readonly consistent: string }): void {
  expect(reasonOf(ended)).toBe('ArrayVeto');
  expect(conditionOf(ended, 'Succeeded')?.status).toBe('False');
  expect(ended.status.hresult?.name).toBe('VSS_E_PROVIDER_VETO');
  expect(messageOf(ended)).toContain('a shelf lost power');
  expect(messageOf(ended)).toContain('Switch the shelf on');
  expect(ended.status.dataState).toBe(left.dataState);
  expect(conditionOf(ended, 'TargetConsistent')?.status).toBe(left.consistent);
}

async function sizesOf(lunIDs: readonly string[]): Promise<number[]> {
  return Promise.all(lunIDs.map(async (id) => Number((await lunOf(scene, id))?.sizeBytes)));
}

async function statesOf(lunIDs: readonly string[]): Promise<(LunState | undefined)[]> {
  return Promise.all(lunIDs.map(async (id) => (await lunOf(scene, id))?.state));
}

function dataStatesOf({ status }: LunResync): (string | undefined)[] {
  return (status.pairs ?? []).map((pair) => pair.dataState);
}

/** `published`, or why the array refuses. */
async function publish(lunId: string): Promise<string> {
  try {
    await scene.array.admin.publish({ lunId, node: 'node-1' });
    return 'published';
  } catch (error) {
    if (error instanceof RpcError) return error.reason;
    throw error;
  }
}
