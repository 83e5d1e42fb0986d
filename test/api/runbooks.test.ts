// What docs/runbooks tells people to do when the object or the StorageArray of a run has been torn out.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { LunState } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { sendOk } from '../support/api-client.ts';
import { lunPair, MIB, reasonOf, startScene } from '../support/scene.ts';
import { sharedScene } from '../support/shared-scene.ts';
import { until } from '../support/until.ts';
import {
  ARRAYS_PATH,
  conditionOf,
  createArray,
  lunOf,
  resyncPath,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  untilCopying,
  untilEvent,
  untilGone,
} from './acceptance.ts';

const scene = sharedScene(() => startScene(inject('cluster')));

beforeAll(() => scene.lun('src', 16 * MIB, 'source'));

/** A LUN that is half-written, and whose object was torn out. Gives its content of before and its safety snapshot. */
async function leaveWreck(name: string): Promise<{ readonly before: string; readonly safety: string }> {
  await scene.lun(name, 16 * MIB, name);
  const before = await scene.digest(name);
  await slowDown(scene);
  await scene.apply(name, { pairs: [lunPair('data', 'src', name)] });
  await untilCopying(scene, name);
  await scene.operator.kill();
  await sendOk(scene.cluster.admin, 'PATCH', resyncPath(scene, name), { metadata: { finalizers: null } });
  await scene.remove(name);
  await untilGone(scene, name);
  await scene.operator.start();
  await until(
    () => `${name} to be INCONSISTENT`,
    async () => (await lunOf(scene, name))?.state === LunState.INCONSISTENT,
  );
  await setBandwidth(scene, 0);
  const [safety = ''] = await safetySnapshotsOf(scene, name);
  return { before, safety };
}

describe('a LUN that is INCONSISTENT and whose object is gone', () => {
  it('gets back what it had from its safety snapshot, which is named by its id', async () => {
    const { before, safety } = await leaveWreck('torn');
    await scene.apply('put-back', { pairs: [lunPair('data', safety, 'torn')] });
    const ended = await scene.finished('put-back');
    expect(reasonOf(ended)).toBe('Completed');
    expect(conditionOf(ended, 'UndoAvailable')?.reason).toBe('NoSafetySnapshots');
    expect((await lunOf(scene, 'torn'))?.state).toBe(LunState.ONLINE);
    expect(await scene.digest('torn')).toBe(before);
  });
});

describe('a LunResync that is being deleted and whose StorageArray is gone', () => {
  it('goes when the StorageArray is created again, abandoned and with any endpoint', async () => {
    const arrayName = `${scene.arrayName}-gone`;
    const path = `${ARRAYS_PATH}/${arrayName}`;
    await createArray(scene, arrayName);
    await scene.lun('left', 16 * MIB, 'left');
    await slowDown(scene);
    await scene.apply('left', { arrayName, pairs: [lunPair('data', 'src', 'left')] });
    await untilCopying(scene, 'left');
    await sendOk(scene.cluster.admin, 'DELETE', path);
    await sendOk(scene.cluster.admin, 'PATCH', path, { metadata: { finalizers: null } });
    await scene.remove('left');
    const held = await untilEvent(scene, 'left', ({ reason }) => reason === 'DeletionHeldBack');
    expect(held.find(({ reason }) => reason === 'DeletionHeldBack')?.note).toContain(`StorageArray ${arrayName}`);
    await createArray(scene, arrayName, { endpoint: 'unix:///gone', abandoned: true });
    await untilGone(scene, 'left');
    await untilEvent(scene, 'left', ({ reason }) => reason === 'Abandoned');
  });
});
