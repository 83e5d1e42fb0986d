// Claims and snapshots instead of LUN ids, on a real API server: what they lead to, and what they may not lead to.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { newNamespace, sendOk } from '../support/api-client.ts';
import { MIB, reasonOf } from '../support/scene.ts';
import { sharedScene } from '../support/shared-scene.ts';
import { conditionOf, lunOf, messageOf, startsOf } from './acceptance.ts';
import { claimPath, expectClaimRefused, makeDamagedClaim, nightlyOf, startClaimScene } from './claim-scene.ts';
import { bindClaim, bindSnapshot, DRIVER, makePod, makeVolume } from './storage-objects.ts';

const scene = sharedScene(() => startClaimScene(inject('cluster')));
let other: string;

beforeAll(async () => {
  other = await newNamespace(inject('cluster').admin, 'other');
});

type Pairs = LunResyncSpec['pairs'];
const makeOrders = (name: string, sizeBytes?: number): ReturnType<typeof makeDamagedClaim> =>
  makeDamagedClaim(scene, name, sizeBytes);
const pairsOf = nightlyOf;
const ofClaim = (name: string): Pairs => nightlyOf(name, { persistentVolumeClaimName: name });

const expectRefused = (name: string, lunID: string, reason: string): Promise<string> =>
  expectClaimRefused(scene, name, lunID, reason);

describe('a snapshot and a claim', () => {
  it('lead to their LUNs, and the claim keeps its volume', async () => {
    const { before } = await makeOrders('orders');
    await scene.apply('orders', { pairs: ofClaim('orders') });
    const resync = await scene.finished('orders');
    expect(reasonOf(resync)).toBe('Completed');
    expect(resync.status.pairs?.[0]).toMatchObject({
      source: { lunID: 'orders-snap' },
      target: { lunID: 'orders-lun' },
    });
    expect(await scene.digest('orders-lun')).toBe(before);
  });

  it('without a target: the volume that the snapshot was taken from, whatever its claim is called', async () => {
    const { before } = await makeOrders('renamed');
    await scene.apply('renamed', { pairs: pairsOf('renamed') });
    expect(reasonOf(await scene.finished('renamed'))).toBe('Completed');
    expect(await scene.digest('renamed-lun')).toBe(before);
  });

  it('that do not exist yet are waited for, in any order', async () => {
    await scene.apply('early', { pairs: ofClaim('early') });
    await scene.until('early', 'it waits', (resync) => reasonOf(resync) === 'Pending');
    await makeOrders('early');
    expect(reasonOf(await scene.finished('early'))).toBe('Completed');
  });

  it('that never appear end the run', async () => {
    await scene.apply('never', { pairs: ofClaim('never') });
    const resync = await scene.finished('never');
    expect(reasonOf(resync)).toBe('ObjectNotFound');
    expect(messageOf(resync)).toContain('VolumeSnapshot never-nightly does not exist');
  });
});

describe('a claim in use', () => {
  it('is waited for until the Pod that uses it is gone', async () => {
    const { before } = await makeOrders('busy');
    const { admin } = scene.cluster;
    const pod = await makePod(admin, scene.namespace, 'db-0', 'busy');
    await scene.apply('busy', { pairs: ofClaim('busy') });
    const waiting = await scene.until('busy', 'it waits', (resync) => reasonOf(resync) === 'WaitingForTarget');
    expect(waiting.status.users).toEqual([{ kind: 'Pod', name: 'db-0', pair: 'data' }]);
    expect(startsOf(scene, 'busy')).toEqual([]);
    await sendOk(admin, 'DELETE', `${pod}?gracePeriodSeconds=0`);
    expect(reasonOf(await scene.finished('busy'))).toBe('Completed');
    expect(await scene.digest('busy-lun')).toBe(before);
  });

  it('is waited for until its volume is detached', async () => {
    await makeOrders('attached');
    const { admin } = scene.cluster;
    const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
    const name = `${scene.namespace}-attached`;
    await sendOk(admin, 'POST', attachments, {
      metadata: { name },
      spec: { attacher: DRIVER, nodeName: 'node-1', source: { persistentVolumeName: name } },
    });
    await scene.apply('attached', { pairs: ofClaim('attached') });
    const waiting = await scene.until('attached', 'it waits', (resync) => reasonOf(resync) === 'WaitingForTarget');
    expect(waiting.status.users).toEqual([{ kind: 'VolumeAttachment', name, pair: 'data' }]);
    await sendOk(admin, 'DELETE', `${attachments}/${name}`);
    expect(reasonOf(await scene.finished('attached'))).toBe('Completed');
  });
});

describe('a claim that is smaller than the snapshot', () => {
  async function makeSmall(name: string): Promise<void> {
    await scene.lun(`${name}-src`, 8 * MIB, name);
    await scene.array.admin.snapshot({ lunId: `${name}-src`, id: `${name}-snap` });
    await scene.lun(`${name}-lun`, 4 * MIB, 'small');
    await bindClaim(scene.cluster.admin, scene.namespace, name, { lunID: `${name}-lun`, sizeBytes: 4 * MIB });
    const snapshot = { snapshotID: `${name}-snap`, volumeHandle: `${name}-src` };
    await bindSnapshot(scene.cluster.admin, scene.namespace, `${name}-nightly`, snapshot);
  }
  const requestOf = async (name: string): Promise<unknown> =>
    (await sendOk(scene.cluster.admin, 'GET', claimPath(scene, name)))['spec'];

  it('waits for its request to be raised, says to what, and for its volume to grow', async () => {
    await makeSmall('small');
    await scene.apply('small', { pairs: ofClaim('small') });
    const isStalled = await scene.until(
      'small',
      'it calls for a person',
      (resync) => conditionOf(resync, 'Stalled')?.status === 'True',
    );
    expect(conditionOf(isStalled, 'Stalled')?.reason).toBe('TargetTooSmall');
    expect(messageOf(isStalled)).toContain('Set spec.resources.requests.storage of the claim to 8Mi');
    expect((await lunOf(scene, 'small-lun'))?.sizeBytes).toBe(BigInt(4 * MIB));
    expect(await requestOf('small')).toMatchObject({ resources: { requests: { storage: String(4 * MIB) } } });
  });
});

describe('a claim or a snapshot that is not what its name says', () => {
  it('is refused when its volume is bound to a claim of another namespace', async () => {
    await makeOrders('swapped');
    const { admin } = scene.cluster;
    const claimRef = { namespace: other, name: 'swapped', uid: '00000000-0000-4000-8000-000000000001' };
    await sendOk(admin, 'PATCH', `/api/v1/persistentvolumes/${scene.namespace}-swapped`, { spec: { claimRef } });
    await scene.apply('swapped', { pairs: ofClaim('swapped') });
    const message = await expectRefused('swapped', 'swapped-lun', 'AccessDenied');
    expect(message).toContain("is of another namespace's volume");
    expect(message).not.toContain(other);
  });

  it('is refused when a content made by hand names the handle of another namespace', async () => {
    await scene.lun('theirs', 4 * MIB, 'secret');
    await scene.array.admin.snapshot({ lunId: 'theirs', id: 'theirs-snap' });
    const { admin } = scene.cluster;
    await bindClaim(admin, other, 'theirs', { lunID: 'theirs', sizeBytes: 4 * MIB });
    await makeOrders('thief');
    await bindSnapshot(admin, scene.namespace, 'forged-nightly', { snapshotID: 'theirs-snap', volumeHandle: '' });
    await scene.apply('thief', { pairs: pairsOf('forged', { persistentVolumeClaimName: 'thief' }) });
    const message = await expectRefused('thief', 'thief-lun', 'AccessDenied');
    expect(message).toContain("is of another namespace's volume");
    expect(message).not.toContain(other);
  });

  it('is refused when the content names a handle that is no snapshot of the volume', async () => {
    await makeOrders('forger');
    const snapshot = { snapshotID: 'theirs-snap', volumeHandle: 'forger-lun' };
    await bindSnapshot(scene.cluster.admin, scene.namespace, 'wrong-nightly', snapshot);
    await scene.apply('forger', { pairs: pairsOf('wrong', { persistentVolumeClaimName: 'forger' }) });
    expect(await expectRefused('forger', 'forger-lun', 'AccessDenied')).toContain('another volume');
  });

  it('is refused when the snapshot’s content belongs to another snapshot', async () => {
    await makeOrders('lender');
    const owner = { namespace: other, name: 'lent', uid: '00000000-0000-4000-8000-000000000002' };
    const snapshot = { snapshotID: 'lender-snap', volumeHandle: 'lender-lun', contentName: 'lent-content', owner };
    await bindSnapshot(scene.cluster.admin, scene.namespace, 'lent-nightly', snapshot);
    await scene.apply('lender', { pairs: pairsOf('lent', { persistentVolumeClaimName: 'lender' }) });
    expect(await expectRefused('lender', 'lender-lun', 'AccessDenied')).toContain('belongs to another VolumeSnapshot');
  });

  it('is refused when the LUN is named by its id and backs a volume of another namespace', async () => {
    await makeOrders('byid');
    const grant = { name: 'all', namespace: scene.namespace, access: 'Target', lunIDs: ['*'] };
    await scene.patchArray({ lunGrants: [grant] });
    await scene.apply('byid', { pairs: pairsOf('byid', { lunID: 'theirs' }) });
    expect(await expectRefused('byid', 'theirs', 'AccessDenied')).toContain('without a claim in this namespace');
    await scene.patchArray({ lunGrants: [] });
  });

  it('is refused when a second volume of the namespace is on the LUN, unless it may be lost', async () => {
    await makeOrders('shared');
    const { admin } = scene.cluster;
    await bindClaim(admin, scene.namespace, 'twin', { lunID: 'shared-lun', sizeBytes: 4 * MIB });
    await scene.apply('shared', { pairs: ofClaim('shared') });
    expect(await expectRefused('shared', 'shared-lun', 'UnselectedVolume')).toContain('claim twin');
    await scene.apply('shared-2', { pairs: ofClaim('shared'), unselectedVolumePolicy: 'Overwrite' });
    expect(reasonOf(await scene.finished('shared-2'))).toBe('Completed');
  });

  it('is refused when a volume of another driver is behind the claim', async () => {
    await makeOrders('foreign');
    await bindClaim(scene.cluster.admin, scene.namespace, 'foreign-claim', {
      lunID: 'foreign-lun',
      sizeBytes: 4 * MIB,
      driver: 'other.example.com',
    });
    await scene.apply('foreign', { pairs: pairsOf('foreign', { persistentVolumeClaimName: 'foreign-claim' }) });
    expect(await expectRefused('foreign', 'foreign-lun', 'VolumeNotSupported')).toContain('other.example.com');
  });

  it('is not overwritten by a name: a released volume is nobody’s', async () => {
    await makeOrders('gone');
    await makeVolume(scene.cluster.admin, `${scene.namespace}-released`, { lunID: 'gone-lun', sizeBytes: 4 * MIB });
    await scene.apply('gone', { pairs: pairsOf('gone') });
    expect(await expectRefused('gone', 'gone-lun', 'AccessDenied')).toContain('without a claim in this namespace');
  });
});
