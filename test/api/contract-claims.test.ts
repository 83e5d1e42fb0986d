// What the contract of ResyncLuns says of a snapshot and of the volume that it is copied over, for claims and snapshots.
import { describe, expect, inject, it } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { type Json, newNamespace, sendOk } from '../support/api-client.ts';
import { MIB, reasonOf } from '../support/scene.ts';
import { sharedScene } from '../support/shared-scene.ts';
import { conditionOf, lunOf, messageOf, startsOf } from './acceptance.ts';
import {
  claimPath,
  expectClaimRefused,
  makeDamagedClaim,
  nightlyOf,
  removeClaim,
  startClaimScene,
} from './claim-scene.ts';
import { bindClaim, bindSnapshot, DRIVER } from './storage-objects.ts';

const scene = sharedScene(() => startClaimScene(inject('cluster')));

const SNAPSHOT_GROUP = '/apis/snapshot.storage.k8s.io/v1';

/** A claim on a LUN of its own. */
async function makeClaim(name: string, sizeBytes: number): Promise<void> {
  await scene.lun(`${name}-lun`, sizeBytes, name);
  await bindClaim(scene.cluster.admin, scene.namespace, name, { lunID: `${name}-lun`, sizeBytes });
}

const ofClaim = (name: string): LunResyncSpec['pairs'] => nightlyOf(name, { persistentVolumeClaimName: name });

const expectRefused = (name: string, lunID: string, reason: string): Promise<string> =>
  expectClaimRefused(scene, name, lunID, reason);

describe('a snapshot without a target', () => {
  it('never leads to a claim of the same name over another volume', async () => {
    await makeDamagedClaim(scene, 'again');
    const { admin } = scene.cluster;
    await removeClaim(scene, 'again');
    await scene.lun('again-new', 4 * MIB, 'new');
    const volumeName = `${scene.namespace}-again-new`;
    await bindClaim(admin, scene.namespace, 'again', { lunID: 'again-new', sizeBytes: 4 * MIB, volumeName });
    const old = await scene.digest('again-lun');
    await scene.apply('again', { pairs: nightlyOf('again') });
    const message = await expectRefused('again', 'again-new', 'ObjectNotFound');
    expect(message).toContain('the volume that VolumeSnapshot again-nightly was taken from has no claim');
    expect(await scene.digest('again-lun')).toBe(old);
  });

  it('has to name one when it is pre-provisioned and does not say what it was taken from', async () => {
    await makeDamagedClaim(scene, 'byhand');
    const snapshot = { snapshotID: 'byhand-snap', volumeHandle: '' };
    await bindSnapshot(scene.cluster.admin, scene.namespace, 'static-nightly', snapshot);
    await scene.apply('byhand', { pairs: nightlyOf('static') });
    expect(await expectRefused('byhand', 'byhand-lun', 'InvalidArgument')).toContain('set the target');
    await scene.apply('byhand-2', { pairs: nightlyOf('static', { persistentVolumeClaimName: 'byhand' }) });
    expect(reasonOf(await scene.finished('byhand-2'))).toBe('Completed');
  });
});

describe('the target of a snapshot', () => {
  it('is the original volume, a new one, or one that has other data: each gets the bytes of the snapshot', async () => {
    const { before } = await makeDamagedClaim(scene, 'dest');
    await scene.lun('blank-lun', 4 * MIB);
    await bindClaim(scene.cluster.admin, scene.namespace, 'blank', { lunID: 'blank-lun', sizeBytes: 4 * MIB });
    await makeClaim('used', 4 * MIB);
    for (const name of ['dest', 'blank', 'used']) {
      await scene.apply(`to-${name}`, { pairs: nightlyOf('dest', { persistentVolumeClaimName: name }) });
      expect(reasonOf(await scene.finished(`to-${name}`))).toBe('Completed');
      expect(await scene.digest(`${name}-lun`)).toBe(before);
    }
  });

  it('may not be the LUN of another target, however many claims it has', async () => {
    await makeDamagedClaim(scene, 'double');
    await bindClaim(scene.cluster.admin, scene.namespace, 'shadow', { lunID: 'double-lun', sizeBytes: 4 * MIB });
    const source = { volumeSnapshotName: 'double-nightly' };
    const pairs = ['double', 'shadow'].map((name) => ({ name, source, target: { persistentVolumeClaimName: name } }));
    await scene.apply('double', { pairs });
    const message = await expectRefused('double', 'double-lun', 'InvalidArgument');
    expect(message).toContain('LUN double-lun is the target of two pairs');
  });

  it('is not a volume that has another claim in another namespace, whatever may be lost', async () => {
    await makeDamagedClaim(scene, 'split');
    const { admin } = scene.cluster;
    const other = await newNamespace(admin, 'other');
    await bindClaim(admin, other, 'split', { lunID: 'split-lun', sizeBytes: 4 * MIB });
    const pairs = ofClaim('split');
    await scene.apply('split', { pairs, unselectedVolumePolicy: 'Overwrite' });
    await expectRefused('split', 'split-lun', 'AccessDenied');
  });

  it('is a volume of a CSI driver: one on a disk of a node is refused', async () => {
    await makeDamagedClaim(scene, 'local');
    const { admin } = scene.cluster;
    const volumeName = await bindClaim(admin, scene.namespace, 'on-disk', { lunID: 'local-lun', sizeBytes: 4 * MIB });
    const path = `/api/v1/persistentvolumes/${volumeName}`;
    const { spec } = await sendOk(admin, 'GET', path);
    const { csi: _, ...common } = spec as Json;
    await sendOk(admin, 'PATCH', path, { metadata: { finalizers: null } });
    await sendOk(admin, 'DELETE', path);
    const volume = { metadata: { name: volumeName }, spec: { ...common, hostPath: { path: '/nowhere' } } };
    await sendOk(admin, 'POST', '/api/v1/persistentvolumes', volume);
    await scene.apply('on-disk', { pairs: nightlyOf('local', { persistentVolumeClaimName: 'on-disk' }) });
    expect(await expectRefused('on-disk', 'local-lun', 'VolumeNotSupported')).toContain('not of a CSI driver');
  });

  it('that stays in use for longer than the spec allows ends the run, which names who holds it', async () => {
    await makeDamagedClaim(scene, 'held');
    await sendOk(scene.cluster.admin, 'POST', '/apis/storage.k8s.io/v1/volumeattachments', {
      metadata: { name: `${scene.namespace}-held` },
      spec: {
        attacher: DRIVER,
        nodeName: 'node-1',
        source: { persistentVolumeName: `${scene.namespace}-held` },
      },
    });
    await scene.apply('held', { pairs: ofClaim('held'), targetInUseTimeoutSeconds: 1 });
    const message = await expectRefused('held', 'held-lun', 'TargetInUse');
    expect(message).toContain(`VolumeAttachment ${scene.namespace}-held`);
  });
});

describe('a snapshot that cannot be the source', () => {
  it('is one of another driver', async () => {
    await makeDamagedClaim(scene, 'alien');
    const snapshot = { snapshotID: 'alien-snap', volumeHandle: 'alien-lun', driver: 'other.example.com' };
    await bindSnapshot(scene.cluster.admin, scene.namespace, 'foreign-nightly', snapshot);
    await scene.apply('alien', { pairs: nightlyOf('foreign', { persistentVolumeClaimName: 'alien' }) });
    const message = await expectRefused('alien', 'alien-lun', 'VolumeNotSupported');
    expect(message).toContain('is of CSI driver other.example.com');
  });

  it.each([
    { name: 'torn', what: 'is not ready', status: { readyToUse: false }, content: {}, says: 'is not ready' },
    {
      name: 'loose',
      what: 'is bound to nothing',
      status: { boundVolumeSnapshotContentName: null },
      content: {},
      says: 'is not ready',
    },
    { name: 'blind', what: 'has no handle', status: {}, content: { snapshotHandle: null }, says: 'has no handle yet' },
    {
      name: 'lost',
      what: 'is not on the array',
      status: {},
      content: { snapshotHandle: 'nowhere' },
      says: 'LUN nowhere does not exist',
    },
  ])('is one that $what', async ({ name, status, content, says }) => {
    await makeDamagedClaim(scene, name);
    const { admin } = scene.cluster;
    const contents = `${SNAPSHOT_GROUP}/volumesnapshotcontents`;
    await sendOk(admin, 'PATCH', `${contents}/${scene.namespace}-${name}-nightly/status`, { status: content });
    const snapshots = `${SNAPSHOT_GROUP}/namespaces/${scene.namespace}/volumesnapshots`;
    await sendOk(admin, 'PATCH', `${snapshots}/${name}-nightly/status`, { status });
    await scene.apply(name, { pairs: ofClaim(name) });
    expect(await expectRefused(name, `${name}-lun`, 'ObjectNotFound')).toContain(says);
  });
});

describe('a claim of another size than the snapshot', () => {
  it('that is larger is refused, or keeps its size where the spec says so, and reads zeros behind the snapshot', async () => {
    const { before } = await makeDamagedClaim(scene, 'whole');
    await makeClaim('roomy', 6 * MIB);
    const pairs = nightlyOf('whole', { persistentVolumeClaimName: 'roomy' });
    await scene.apply('roomy', { pairs });
    expect(await expectRefused('roomy', 'roomy-lun', 'TargetLarger')).toContain('a claim cannot shrink');
    await scene.apply('roomy-2', { pairs, sizePolicy: 'KeepLarger' });
    expect(reasonOf(await scene.finished('roomy-2'))).toBe('Completed');
    expect((await lunOf(scene, 'roomy-lun'))?.sizeBytes).toBe(BigInt(6 * MIB));
    const { digest } = await scene.array.admin.digest({ lunId: 'roomy-lun', length: BigInt(4 * MIB) });
    expect(digest).toBe(before);
    const tail = { lunId: 'roomy-lun', offset: BigInt(4 * MIB), length: MIB };
    expect(Buffer.compare((await scene.array.admin.readRange(tail)).data, Buffer.alloc(MIB))).toBe(0);
  });

  it('is as large as its LUN is, whatever claim and volume say', async () => {
    await makeDamagedClaim(scene, 'true');
    await scene.lun('liar-lun', 2 * MIB, 'liar');
    await bindClaim(scene.cluster.admin, scene.namespace, 'liar', { lunID: 'liar-lun', sizeBytes: 4 * MIB });
    await scene.apply('liar', { pairs: nightlyOf('true', { persistentVolumeClaimName: 'liar' }) });
    const says = 'claim liar requests 4Mi, and its volume has not been grown yet';
    const waiting = await scene.until('liar', 'it waits', (resync) => messageOf(resync).includes(says));
    expect(conditionOf(waiting, 'Succeeded')?.status).toBe('Unknown');
    expect(startsOf(scene, 'liar')).toEqual([]);
  });

  it('that is smaller is not raised in a run that is refused for another reason', async () => {
    await makeDamagedClaim(scene, 'large', 8 * MIB);
    await makeClaim('tiny', 4 * MIB);
    await scene.array.admin.addVolume({ lunId: 'tiny-lun', volume: 'theirs' });
    const pairs = nightlyOf('large', { persistentVolumeClaimName: 'tiny' });
    await scene.apply('tiny', { pairs, claimResize: 'Raise' });
    expect(await expectRefused('tiny', 'tiny-lun', 'UnselectedVolume')).toContain('theirs');
    const { spec } = await sendOk(scene.cluster.admin, 'GET', claimPath(scene, 'tiny'));
    expect(spec).toMatchObject({ resources: { requests: { storage: String(4 * MIB) } } });
  });
});
