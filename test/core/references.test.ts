import { describe, expect, it } from 'vitest';
import {
  claimNamed,
  isVolumeOf,
  originalOf,
  type Place,
  snapshotNamed,
  snapshotsSince,
} from '../../src/core/references.ts';
import { isMeant, type SnapshotContent } from '../../src/core/volumes.ts';
import {
  claimObject,
  contentObject,
  DRIVER,
  NAMESPACE,
  type Storage,
  snapshotObject,
  volumeObject,
  volumesView,
} from '../support/volumes.ts';

const place = (storage: Storage = {}, over: Partial<Place> = {}): Place => ({
  namespace: NAMESPACE,
  driver: DRIVER,
  arrayName: 'array-a',
  volumes: volumesView(storage),
  ...over,
});
const elsewhere = { namespace: 'other', name: 'orders', uid: 'orders-uid' };

describe('a claim', () => {
  it('leads to the volume that it and no other is bound to', () => {
    expect(claimNamed('orders', place())).toEqual({
      kind: 'Found',
      value: { claim: claimObject(), volume: volumeObject() },
    });
  });

  it.each<[string, Storage]>([
    ['PersistentVolumeClaim orders does not exist', { claims: [] }],
    ['PersistentVolumeClaim orders is being deleted', { claims: [claimObject({ isDeleted: true })] }],
    ['PersistentVolumeClaim orders is not bound to a volume', { claims: [claimObject({ volumeName: '' })] }],
    ['PersistentVolume pv-orders of PersistentVolumeClaim orders does not exist', { volumes: [] }],
    ['PersistentVolumeClaim orders is not bound to a volume yet', { volumes: [volumeObject({ claim: undefined })] }],
    [
      'PersistentVolumeClaim orders is not bound to a volume yet',
      { volumes: [volumeObject({ claim: { namespace: NAMESPACE, name: 'orders', uid: '' } })] },
    ],
  ])('is waited for: %s', (message, storage) => {
    const problem = { reason: 'ObjectNotFound', message };
    expect(claimNamed('orders', place(storage))).toEqual({ kind: 'Missing', final: false, problem });
  });

  it.each<[string, Storage]>([
    ['its volume is bound to a claim of another namespace', { volumes: [volumeObject({ claim: elsewhere })] }],
    [
      'its volume is bound to an earlier claim of the same name',
      { volumes: [volumeObject({ claim: { namespace: NAMESPACE, name: 'orders', uid: 'an-earlier-one' } })] },
    ],
    [
      'its volume is bound to another claim',
      { volumes: [volumeObject({ claim: { namespace: NAMESPACE, name: 'users', uid: 'orders-uid' } })] },
    ],
  ])('is refused, without telling whose it is, when %s', (_, storage) => {
    const message = 'PersistentVolume pv-orders, which PersistentVolumeClaim orders names, is bound to another claim';
    const problem = { reason: 'BadState', message };
    expect(claimNamed('orders', place(storage))).toEqual({ kind: 'Missing', final: true, problem });
  });

  it.each<[string, Storage]>([
    [
      'the volume of PersistentVolumeClaim orders is of CSI driver other.io, StorageArray array-a serves sim.lunresync.io',
      { volumes: [volumeObject({ driver: 'other.io' })] },
    ],
    [
      'the volume of PersistentVolumeClaim orders is not of a CSI driver',
      { volumes: [volumeObject({ driver: '', handle: '' })] },
    ],
  ])('on another kind of storage is refused: %s', (message, storage) => {
    const problem = { reason: 'VolumeNotSupported', message };
    expect(claimNamed('orders', place(storage))).toEqual({ kind: 'Missing', final: true, problem });
  });

  it('is waited for on an array that serves LUN ids only: its driver may still be named', () => {
    const found = claimNamed('orders', place({}, { driver: undefined }));
    expect(found).toMatchObject({ final: false, problem: { message: expect.stringContaining('csiDriverName') } });
  });

  it('of another namespace is not found', () => {
    expect(claimNamed('orders', place({}, { namespace: 'other' }))).toMatchObject({
      problem: { message: 'PersistentVolumeClaim orders does not exist' },
    });
  });
});

describe('a snapshot', () => {
  it('leads to the content that it and no other is bound to', () => {
    expect(snapshotNamed('nightly', place())).toEqual({ kind: 'Found', value: contentObject() });
  });

  it.each<[string, Storage]>([
    ['the cluster has no VolumeSnapshot API', { snapshots: [], hasSnapshots: false }],
    ['VolumeSnapshot nightly does not exist', { snapshots: [] }],
    ['VolumeSnapshot nightly is not ready', { snapshots: [snapshotObject({ isReady: false })] }],
    ['VolumeSnapshot nightly is not ready', { snapshots: [snapshotObject({ contentName: '' })] }],
    [
      'VolumeSnapshot nightly is not ready: no space',
      { snapshots: [snapshotObject({ isReady: false, error: 'no space' })] },
    ],
    ['the VolumeSnapshotContent of VolumeSnapshot nightly does not exist', { contents: [] }],
    [
      'VolumeSnapshot nightly is not bound to its VolumeSnapshotContent yet',
      { contents: [contentObject({ snapshot: { namespace: NAMESPACE, name: 'nightly', uid: '' } })] },
    ],
    ['VolumeSnapshot nightly has no handle yet', { contents: [contentObject({ handle: '' })] }],
  ])('is waited for: %s', (message, storage) => {
    const problem = { reason: 'ObjectNotFound', message };
    expect(snapshotNamed('nightly', place(storage))).toEqual({ kind: 'Missing', final: false, problem });
  });

  it.each([
    { namespace: 'other', name: 'nightly', uid: 'nightly-uid' },
    { namespace: NAMESPACE, name: 'weekly', uid: 'nightly-uid' },
    { namespace: NAMESPACE, name: 'nightly', uid: 'an-earlier-one' },
  ])('is refused when its content belongs to %o', (snapshot) => {
    const message = 'the VolumeSnapshotContent that VolumeSnapshot nightly names belongs to another VolumeSnapshot';
    const problem = { reason: 'AccessDenied', message };
    const found = snapshotNamed('nightly', place({ contents: [contentObject({ snapshot })] }));
    expect(found).toEqual({ kind: 'Missing', final: true, problem });
  });

  it('of another driver is refused', () => {
    const found = snapshotNamed('nightly', place({ contents: [contentObject({ driver: 'other.io' })] }));
    expect(found).toMatchObject({ final: true, problem: { reason: 'VolumeNotSupported' } });
  });

  const forged = contentObject({ sourceHandle: '' });
  const theirs = contentObject({
    metadata: { name: 'theirs', uid: 'theirs-uid', resourceVersion: '5' },
    snapshot: { namespace: 'other', name: 'secret', uid: 'secret-uid' },
  });
  it.each<[string, Storage]>([
    ['a content made by hand names a handle that another namespace has', { contents: [forged, theirs] }],
    ['it was taken from a volume that another namespace has now', { volumes: [volumeObject({ claim: elsewhere })] }],
  ])('is refused, without telling whose it is, when %s', (_, storage) => {
    const problem = { reason: 'AccessDenied', message: "VolumeSnapshot nightly is of another namespace's volume" };
    expect(snapshotNamed('nightly', place(storage))).toEqual({ kind: 'Missing', final: true, problem });
  });

  it.each<[string, Storage]>([
    ['whose volume is gone', { volumes: [] }],
    ['whose volume is released', { volumes: [volumeObject({ claim: undefined })] }],
    [
      'of which the namespace has two',
      { contents: [contentObject(), { ...contentObject(), metadata: { name: 'b', uid: 'b', resourceVersion: '1' } }] },
    ],
  ])('%s is its owner’s', (_, storage) => {
    expect(snapshotNamed('nightly', place(storage)).kind).toBe('Found');
  });
});

describe('the volume that a snapshot was taken from', () => {
  it('is found by its handle', () => {
    const found = originalOf('nightly', contentObject(), place());
    expect(found).toEqual({ kind: 'Found', value: { claim: claimObject(), volume: volumeObject() } });
  });

  it('is not found by the name of a claim: one of the same name over another volume is not it', () => {
    const volumes = [volumeObject({ handle: 'vol-2' })];
    expect(originalOf('nightly', contentObject(), place({ volumes }))).toEqual({
      kind: 'Missing',
      final: false,
      problem: {
        reason: 'ObjectNotFound',
        message: 'the volume that VolumeSnapshot nightly was taken from has no claim in this namespace',
      },
    });
  });

  const made = (uid: string): Pick<Storage, 'claims' | 'volumes'> => ({
    claims: [claimObject({ metadata: { ...claimObject().metadata, uid }, volumeName: 'pv-new' })],
    volumes: [
      volumeObject(),
      volumeObject({
        metadata: { name: 'pv-new', uid: 'pv-new-uid', resourceVersion: '6' },
        handle: 'vol-2',
        claim: { namespace: NAMESPACE, name: 'orders', uid },
      }),
    ],
  });

  it.each([
    ['was made again over another volume', made('a-later-one')],
    ['names another volume', made('orders-uid')],
    ['is gone', { claims: [] }],
    ['was another one', { volumes: [volumeObject({ claim: { namespace: NAMESPACE, name: 'orders', uid: 'first' } })] }],
  ])('is nobody’s where the claim that it names %s', (_, storage) => {
    const message = 'the volume that VolumeSnapshot nightly was taken from has no claim in this namespace';
    const problem = { reason: 'ObjectNotFound', message };
    expect(originalOf('nightly', contentObject(), place(storage))).toEqual({ kind: 'Missing', final: false, problem });
  });

  it('is not another namespace’s', () => {
    const found = originalOf('nightly', contentObject(), place({ volumes: [volumeObject({ claim: elsewhere })] }));
    expect(found).toMatchObject({ final: false, problem: { reason: 'ObjectNotFound' } });
  });

  it('is not known of a snapshot that was made by hand', () => {
    expect(originalOf('nightly', contentObject({ sourceHandle: '' }), place())).toEqual({
      kind: 'Missing',
      final: true,
      problem: {
        reason: 'InvalidArgument',
        message: 'VolumeSnapshot nightly is pre-provisioned and names no volume: set the target',
      },
    });
  });

  it('with several claims has to be named', () => {
    const users = { namespace: NAMESPACE, name: 'users', uid: 'users-uid' };
    const metadata = { name: 'pv-2', uid: 'pv-2-uid', resourceVersion: '5' };
    const storage = {
      claims: [claimObject(), claimObject({ metadata: { ...users, resourceVersion: '5' }, volumeName: 'pv-2' })],
      volumes: [volumeObject(), volumeObject({ metadata, claim: users })],
    };
    const message = 'VolumeSnapshot nightly was taken from a volume with several claims: set the target';
    expect(originalOf('nightly', contentObject(), place(storage))).toEqual({
      kind: 'Missing',
      final: true,
      problem: { reason: 'InvalidArgument', message },
    });
  });

  it('is found beside a volume on the same LUN that nobody has', () => {
    const free = volumeObject({ metadata: { name: 'pv-2', uid: 'pv-2-uid', resourceVersion: '5' }, claim: undefined });
    expect(originalOf('nightly', contentObject(), place({ volumes: [free, volumeObject()] })).kind).toBe('Found');
  });
});

describe('a reference', () => {
  it('that is not there means nothing', () => {
    expect(isMeant(undefined, claimObject().metadata)).toBe(false);
  });
});

describe('a LUN', () => {
  it('is the volume of the claim that is bound to it', () => {
    expect(isVolumeOf('orders-uid', 'vol-1', place())).toBe(true);
  });

  it.each<[string, Storage]>([
    ['the claim was made again', { claims: [claimObject({ metadata: { ...claimObject().metadata, uid: 'new' } })] }],
    ['the claim is gone and its volume Released', { claims: [] }],
    ['the claim of that uid is on another volume', { volumes: [volumeObject({ handle: 'vol-2' })] }],
    ['its volume is nobody’s', { volumes: [volumeObject({ claim: undefined })] }],
    ['its volume is bound in another namespace', { volumes: [volumeObject({ claim: elsewhere })] }],
  ])('is not the volume of that claim any more: %s', (_, storage) => {
    expect(isVolumeOf('orders-uid', 'vol-1', place(storage))).toBe(false);
  });

  it('is not the volume of another claim, nor of one that another driver serves', () => {
    expect(isVolumeOf('other-uid', 'vol-1', place())).toBe(false);
    expect(isVolumeOf('orders-uid', 'vol-1', place({}, { driver: 'other.example.com' }))).toBe(false);
    expect(isVolumeOf('orders-uid', 'vol-1', place({}, { driver: undefined }))).toBe(false);
  });

  it('is found beside a second volume on it', () => {
    const free = volumeObject({ metadata: { name: 'pv-2', uid: 'pv-2-uid', resourceVersion: '5' }, claim: undefined });
    expect(isVolumeOf('orders-uid', 'vol-1', place({ volumes: [free, volumeObject()] }))).toBe(true);
  });
});

describe('the newer snapshots of a volume', () => {
  const taken = (name: string, takenAt: number | undefined, over: Partial<SnapshotContent> = {}): SnapshotContent =>
    contentObject({ snapshot: { namespace: NAMESPACE, name, uid: `${name}-uid` }, takenAt, ...over });
  const since = (time: number, contents: readonly SnapshotContent[]): string[] =>
    snapshotsSince(time, DRIVER, 'vol-1', place({ contents }));

  it('are those that were taken after that time, the oldest first', () => {
    const contents = [taken('late', 9), taken('same', 5), taken('older', 3), taken('later', 7)];
    expect(since(5, contents)).toEqual(['later', 'late']);
  });

  it('are not told where a time is not known', () => {
    expect(since(5, [taken('untimed', undefined)])).toEqual([]);
    expect(since(Number.NaN, [taken('late', 9)])).toEqual([]);
  });

  it('are not those of other namespaces, nor those of other volumes', () => {
    const foreign = taken('foreign', 9, { snapshot: { namespace: 'other', name: 'foreign', uid: 'u' } });
    expect(since(5, [foreign, taken('other', 9, { sourceHandle: 'vol-2' })])).toEqual([]);
  });
});
