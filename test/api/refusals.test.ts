// What cannot be done is refused with a reason of its own and a message that says what to do, and no byte changes.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sendOk } from '../support/api-client.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import {
  ARRAYS_PATH,
  createArray,
  digestsOf,
  expectRefusal,
  lunOf,
  post,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
} from './acceptance.ts';
import { installSnapshotKinds } from './storage-objects.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'), { operatorFlags: ['--reference-timeout', '2s'] });
  await scene.lun('src', 4 * MIB, 'source');
  await scene.lun('dst', 4 * MIB, 'target');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('a spec that can never be right', () => {
  it.each([
    ['no pairs', { pairs: [] }, /spec\.pairs.*should have at least 1 items/],
    [
      'a source that is named twice',
      pairOf({ lunID: 'src', undoOf: 'a' }),
      /exactly one of `lunID`, `volumeSnapshotName`/,
    ],
    [
      'a LUN without a target',
      { pairs: [{ name: 'data', source: { lunID: 'src' } }] },
      /`target` may be left out only/,
    ],
    ['a LUN that is source and target', pairOf({ lunID: 'dst' }), /a LUN may not be both a source and a target/],
    [
      'an unknown policy',
      { ...pairOf({ lunID: 'src' }), sizePolicy: 'Shrink' },
      /Unsupported value: "Shrink".*MatchSource/,
    ],
    ['a negative time', { ...pairOf({ lunID: 'src' }), targetInUseTimeoutSeconds: -1 }, /greater than or equal to 0/],
  ])('is refused by the API server itself: %s', async (_what, spec, says) => {
    expect(await post(scene, 'wrong', spec)).toMatch(says);
    expect(await scene.read('wrong')).toBeUndefined();
  });
});

describe('a reference that leads nowhere', () => {
  it('ends with BadState when the StorageArray does not appear in time', async () => {
    await expectRefusal(
      scene,
      'no-array',
      { arrayName: 'not-there', pairs: [lunPair('data', 'src', 'dst')] },
      {
        reason: 'BadState',
        hresult: 'VSS_E_BAD_STATE',
        says: ['StorageArray not-there does not exist', 'Create the StorageArray'],
        luns: ['src', 'dst'],
      },
    );
  });

  it('ends with BadState when the array cannot be reached in time', async () => {
    const arrayName = `${scene.arrayName}-away`;
    await createArray(scene, arrayName, { endpoint: 'unix:///nowhere/array.sock' });
    await expectRefusal(
      scene,
      'away',
      { arrayName, pairs: [lunPair('data', 'src', 'dst')] },
      {
        reason: 'BadState',
        hresult: 'VSS_E_BAD_STATE',
        says: [
          `StorageArray ${arrayName} gives no answer`,
          /UNAVAILABLE/,
          /Start the array, or correct spec\.endpoint/,
        ],
        luns: ['src', 'dst'],
        isUnseen: true,
      },
    );
  });

  it('ends with ObjectNotFound when a granted LUN does not exist', async () => {
    await expectRefusal(
      scene,
      'no-lun',
      { pairs: [lunPair('data', 'missing', 'dst')] },
      {
        reason: 'ObjectNotFound',
        hresult: 'VSS_E_OBJECT_NOT_FOUND',
        says: [`LUN missing does not exist on array ${scene.arrayName}`, 'Create what the message names'],
        luns: ['dst'],
      },
    );
  });

  it('ends with ObjectNotFound when the volume snapshot does not appear in time', async () => {
    await installSnapshotKinds(scene.cluster.admin);
    const pairs = [{ name: 'data', source: { volumeSnapshotName: 'nightly' }, target: { lunID: 'dst' } }];
    await expectRefusal(
      scene,
      'snapshot-name',
      { pairs },
      {
        reason: 'ObjectNotFound',
        hresult: 'VSS_E_OBJECT_NOT_FOUND',
        says: ['VolumeSnapshot nightly does not exist', 'Create what the message names'],
        luns: ['dst'],
      },
    );
  });
});

describe('a target that may not be overwritten', () => {
  it('is refused with InsufficientStorage when the pool is too small, and nothing is tried again', async () => {
    await scene.array.admin.createPool({ name: 'small', capacityBytes: BigInt(6 * MIB) });
    await scene.array.admin.createLun({ id: 'tight', pool: 'small', sizeBytes: BigInt(4 * MIB) });
    await scene.array.admin.fillPattern({ lunId: 'tight', length: BigInt(4 * MIB), seed: 'tight' });
    await expectRefusal(
      scene,
      'full',
      { pairs: [lunPair('data', 'src', 'tight')] },
      {
        reason: 'InsufficientStorage',
        hresult: 'VSS_E_INSUFFICIENT_STORAGE',
        says: [/pool small/i, /VSS_E_INSUFFICIENT_STORAGE/],
        luns: ['src', 'tight'],
      },
    );
    expect(startsOf(scene, 'full').map(({ code }) => code)).toEqual(['FAILED_PRECONDITION']);
  });

  it('is refused with TargetInUse while it is published, naming the node', async () => {
    await scene.lun('published', 4 * MIB, 'published');
    await scene.array.admin.publish({ lunId: 'published', node: 'worker-7' });
    const spec = { targetInUseTimeoutSeconds: 0, pairs: [lunPair('data', 'src', 'published')] };
    const ended = await expectRefusal(scene, 'in-use', spec, {
      reason: 'TargetInUse',
      hresult: 'VSS_E_VOLUME_IN_USE',
      says: ['target LUN published is used by node worker-7', /Stop what status\.users names/],
      luns: ['src', 'published'],
    });
    expect(ended.status.users).toEqual([{ kind: 'Node', name: 'worker-7', pair: 'data' }]);
  });

  it('is refused with UnselectedVolume when another volume lives on it, and overwritten when that is allowed', async () => {
    await scene.lun('shared', 4 * MIB, 'shared');
    await scene.array.admin.addVolume({ lunId: 'shared', volume: 'accounts' });
    const pairs = [lunPair('data', 'src', 'shared')];
    await expectRefusal(
      scene,
      'unselected',
      { pairs },
      {
        reason: 'UnselectedVolume',
        hresult: 'VSS_E_UNSELECTED_VOLUME',
        says: ['LUN shared holds accounts', 'Set spec.unselectedVolumePolicy to Overwrite'],
        luns: ['src', 'shared'],
      },
    );
    await scene.apply('overwrite', { pairs, unselectedVolumePolicy: 'Overwrite' });
    expect(reasonOf(await scene.finished('overwrite'))).toBe('Completed');
    expect(await scene.digest('shared')).toBe(await scene.digest('src'));
  });

  it('is refused with VolumeNotSupported when it is a snapshot', async () => {
    await scene.array.admin.snapshot({ lunId: 'dst', id: 'dst-snap' });
    await expectRefusal(
      scene,
      'onto-snapshot',
      { pairs: [lunPair('data', 'src', 'dst-snap')] },
      {
        reason: 'VolumeNotSupported',
        hresult: 'VSS_E_VOLUME_NOT_SUPPORTED',
        says: ['LUN dst-snap is a snapshot', 'Choose another LUN'],
        luns: ['src', 'dst', 'dst-snap'],
      },
    );
  });

  it('is refused with VolumeNotSupported when it has no unique page 83 identifier', async () => {
    await scene.array.admin.createLun({
      id: 'nameless',
      pool: 'pool',
      sizeBytes: BigInt(4 * MIB),
      noIdentifiers: true,
    });
    await expectRefusal(
      scene,
      'no-page-83',
      { pairs: [lunPair('data', 'src', 'nameless')] },
      {
        reason: 'VolumeNotSupported',
        hresult: 'VSS_E_VOLUME_NOT_SUPPORTED',
        says: ['LUN nameless has no page 83 identifier of type 1, 2, 3 or 8', 'Choose another LUN'],
        luns: ['src', 'nameless'],
      },
    );
  });

  it('is refused with VolumeNotSupported when it shares its page 83 identifier with another LUN', async () => {
    const identifiers = [{ codeSet: 1, type: 3, value: Uint8Array.from([0x60, 1, 2, 3, 4, 5, 6, 7]) }];
    for (const id of ['twin-a', 'twin-b'])
      await scene.array.admin.createLun({ id, pool: 'pool', sizeBytes: BigInt(4 * MIB), identifiers });
    await expectRefusal(
      scene,
      'twin',
      { pairs: [lunPair('data', 'src', 'twin-a')] },
      {
        reason: 'VolumeNotSupported',
        hresult: 'VSS_E_VOLUME_NOT_SUPPORTED',
        says: [/twin-a shares a page 83 identifier with twin-b/, /unique identifier/],
        luns: ['src', 'twin-a', 'twin-b'],
      },
    );
  });
});

describe('a LUN in another run', () => {
  it('is refused with ResyncInProgress as a target and as a source, and the other run is not disturbed', async () => {
    for (const id of ['busy-src', 'busy-dst', 'third']) await scene.lun(id, 16 * MIB, id);
    const before = await digestsOf(scene, ['third']);
    await slowDown(scene);
    await scene.apply('other', { pairs: [lunPair('data', 'busy-src', 'busy-dst')] });
    await untilCopying(scene, 'other');
    const refusal = {
      reason: 'ResyncInProgress',
      hresult: 'VSS_E_RESYNC_IN_PROGRESS',
      says: ['LUN busy-dst is a target of another operation', 'Wait for the other run'],
      luns: ['third'],
    };
    const targetInUseTimeoutSeconds = 0;
    const asTarget = { targetInUseTimeoutSeconds, pairs: [lunPair('data', 'third', 'busy-dst')] };
    const asSource = { targetInUseTimeoutSeconds, pairs: [lunPair('data', 'busy-dst', 'third')] };
    await expectRefusal(scene, 'same-target', asTarget, refusal);
    await expectRefusal(scene, 'busy-source', asSource, refusal);
    expect(reasonOf((await scene.read('other')) ?? (await scene.finished('other')))).toBe('Copying');
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('other'))).toBe('Completed');
    expect(await scene.digest('busy-dst')).toBe(await scene.digest('busy-src'));
    expect(await digestsOf(scene, ['third'])).toEqual(before);
  });
});

describe('a refused run', () => {
  it('leaves no safety snapshot and no StorageArray that cannot be deleted', async () => {
    const { luns } = await scene.array.client.listLuns({});
    expect(luns.filter((lun) => lun.safetyOwner.includes('/no-') || lun.safetyOwner.includes('/in-use/'))).toEqual([]);
    expect((await lunOf(scene, 'published'))?.runs).toEqual([]);
    const arrayName = `${scene.arrayName}-away`;
    await sendOk(scene.cluster.admin, 'DELETE', `${ARRAYS_PATH}/${arrayName}`);
    await expect(sendOk(scene.cluster.admin, 'GET', `${ARRAYS_PATH}/${arrayName}`)).rejects.toThrow('404');
  });
});

function pairOf(source: object): object {
  return { pairs: [{ name: 'data', source, target: { lunID: 'dst' } }] };
}
