// What may still become right is waited for, shown meanwhile, and goes on by itself when it has become right.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sendOk } from '../support/api-client.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import {
  ARRAYS_PATH,
  conditionOf,
  createArray,
  digestsOf,
  messageOf,
  type Spec,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
  untilReason,
} from './acceptance.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'), { operatorFlags: ['--reference-timeout', '60s'] });
  await scene.lun('src', 4 * MIB, 'source');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

type Wait = {
  readonly name: string;
  readonly spec: Spec;
  readonly target: string;
  /** What is shown meanwhile. */
  readonly reason: string;
  readonly says: readonly (string | RegExp)[];
  /** Makes right what is missing. */
  readonly remedy: () => Promise<unknown>;
};

/** Applies, sees it wait without a call that starts anything, remedies, and sees it end well. */
async function expectWait(wait: Wait): Promise<void> {
  const { name } = wait;
  await scene.apply(name, wait.spec);
  const waiting = await untilReason(scene, name, wait.reason);
  for (const text of wait.says) expect(messageOf(waiting)).toMatch(text);
  expect(waiting.status.hresult).toEqual({ name: 'VSS_S_ASYNC_PENDING', code: '0x00042309' });
  expect(conditionOf(waiting, 'Succeeded')?.status).toBe('Unknown');
  expect(conditionOf(waiting, 'Reconciling')?.status).toBe('True');
  expect(startsOf(scene, name)).toEqual([]);
  await wait.remedy();
  const done = await scene.finished(name);
  expect(reasonOf(done)).toBe('Completed');
  expect(startsOf(scene, name).map(({ code }) => code)).toEqual(['OK']);
  expect(await scene.digest(wait.target)).toBe(await scene.digest('src'));
}

describe('a run that waits', () => {
  it('goes on when its StorageArray is created', async () => {
    await scene.lun('t-array', 4 * MIB, 'a');
    const arrayName = `${scene.arrayName}-late`;
    await expectWait({
      name: 'late-array',
      spec: { arrayName, pairs: [lunPair('data', 'src', 't-array')] },
      target: 't-array',
      reason: 'Pending',
      says: [`StorageArray ${arrayName} does not exist`],
      remedy: () => createArray(scene, arrayName),
    });
  });

  it('goes on when the grant is added', async () => {
    await scene.lun('t-grant', 4 * MIB, 'b');
    const arrayName = `${scene.arrayName}-grants`;
    const { namespace } = scene;
    const source = { name: 'source', namespace, access: 'Source', lunIDs: ['src'] };
    const target = { name: 'target', namespace, access: 'Target', lunIDs: ['t-gr*'] };
    await createArray(scene, arrayName, { lunGrants: [source] });
    await expectWait({
      name: 'late-grant',
      spec: { arrayName, pairs: [lunPair('data', 'src', 't-grant')] },
      target: 't-grant',
      reason: 'Pending',
      says: [/no grant for LUN t-grant as a target/, `spec.lunGrants of StorageArray ${arrayName}`],
      remedy: () => patchArrayNamed(arrayName, { lunGrants: [source, target] }),
    });
  });

  it('goes on when the LUN is created', async () => {
    await expectWait({
      name: 'late-lun',
      spec: { pairs: [lunPair('data', 'src', 't-lun')] },
      target: 't-lun',
      reason: 'Pending',
      says: [/LUN t-lun does not exist/],
      remedy: () => scene.lun('t-lun', 4 * MIB, 'c'),
    });
  });

  it('goes on when the target is unpublished, and says who holds it until then', async () => {
    await scene.lun('t-published', 4 * MIB, 'd');
    await scene.array.admin.publish({ lunId: 't-published', node: 'worker-1' });
    await expectWait({
      name: 'late-unpublish',
      spec: { pairs: [lunPair('data', 'src', 't-published')] },
      target: 't-published',
      reason: 'WaitingForTarget',
      says: [/used by node worker-1/],
      remedy: async () => {
        expect((await scene.read('late-unpublish'))?.status.users).toEqual([
          { kind: 'Node', name: 'worker-1', pair: 'data' },
        ]);
        await scene.array.admin.unpublish({ lunId: 't-published', node: 'worker-1' });
      },
    });
    expect((await scene.read('late-unpublish'))?.status.users).toBeUndefined();
  });

  it('goes on when the other run on its target has ended', async () => {
    await scene.lun('other-src', 16 * MIB, 'e');
    await scene.lun('t-busy', 16 * MIB, 'f');
    await slowDown(scene);
    await scene.apply('first', { pairs: [lunPair('data', 'other-src', 't-busy')] });
    await untilCopying(scene, 'first');
    await expectWait({
      name: 'second',
      spec: { pairs: [lunPair('data', 'src', 't-busy')] },
      target: 't-busy',
      reason: 'WaitingForTarget',
      says: [/LUN t-busy is a target of another operation/],
      remedy: () => setBandwidth(scene, 0),
    });
    expect(reasonOf(await scene.finished('first'))).toBe('Completed');
  });

  it('goes on when maintenance is switched off', async () => {
    await scene.lun('t-maintenance', 4 * MIB, 'g');
    await scene.patchArray({ maintenance: true });
    await expectWait({
      name: 'maintained',
      spec: { pairs: [lunPair('data', 'src', 't-maintenance')] },
      target: 't-maintenance',
      reason: 'Maintenance',
      says: [/in maintenance/, /VSS_E_BAD_STATE/, /spec\.maintenance of the StorageArray/],
      remedy: () => scene.patchArray({ maintenance: false }),
    });
  });

  it('goes on when suspend is lifted', async () => {
    await scene.lun('t-suspended', 4 * MIB, 'h');
    await expectWait({
      name: 'suspended',
      spec: { suspend: true, pairs: [lunPair('data', 'src', 't-suspended')] },
      target: 't-suspended',
      reason: 'Suspended',
      says: [/spec\.suspend is true: nothing new is started/],
      remedy: () => scene.patch('suspended', { suspend: false }),
    });
  });

  it('goes on when the run that it undoes has finished', async () => {
    await scene.lun('t-undone', 4 * MIB, 'i');
    const before = await digestsOf(scene, ['t-undone']);
    await scene.apply('undo-first', { pairs: [{ name: 'data', source: { undoOf: 'done-later' } }] });
    expect(messageOf(await untilReason(scene, 'undo-first', 'Pending'))).toMatch(/LunResync done-later does not exist/);
    await scene.apply('done-later', { suspend: true, pairs: [lunPair('data', 'src', 't-undone')] });
    await scene.until('undo-first', 'it waits for the end of the other run', (resync) =>
      messageOf(resync).includes('LunResync done-later has not finished'),
    );
    await scene.patch('done-later', { suspend: false });
    expect(reasonOf(await scene.finished('done-later'))).toBe('Completed');
    expect(reasonOf(await scene.finished('undo-first'))).toBe('Completed');
    expect(await digestsOf(scene, ['t-undone'])).toEqual(before);
  });
});

async function patchArrayNamed(name: string, spec: object): Promise<void> {
  await sendOk(scene.cluster.admin, 'PATCH', `${ARRAYS_PATH}/${name}`, { spec });
}
