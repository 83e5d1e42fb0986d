// What the tests of claims share: a claim with a snapshot of what its volume held before it was damaged.
import { expect } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { sendOk } from '../support/api-client.ts';
import type { ProvidedCluster } from '../support/control-plane-setup.ts';
import { MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { messageOf, startsOf } from './acceptance.ts';
import { bindClaim, bindSnapshot, DRIVER, installSnapshotKinds } from './storage-objects.ts';

type Pairs = LunResyncSpec['pairs'];

/** Claim `name` on LUN `name-lun`, and snapshot `name-nightly`, LUN `name-snap`, of an earlier content of it. */
export async function makeDamagedClaim(
  scene: Scene,
  name: string,
  sizeBytes = 4 * MIB,
  mode: 'Filesystem' | 'Block' = 'Filesystem',
): Promise<{ readonly before: string; readonly now: string }> {
  const [lunID, snapshotID] = [`${name}-lun`, `${name}-snap`];
  await scene.lun(lunID, sizeBytes, `${name} as it was`);
  const before = await scene.digest(lunID);
  await scene.array.admin.snapshot({ lunId: lunID, id: snapshotID });
  await scene.array.admin.fillPattern({ lunId: lunID, offset: 0n, length: BigInt(MIB), seed: 'damaged' });
  const { admin } = scene.cluster;
  await bindClaim(admin, scene.namespace, name, { lunID, sizeBytes, mode });
  await bindSnapshot(admin, scene.namespace, `${name}-nightly`, { snapshotID, volumeHandle: lunID, mode });
  return { before, now: await scene.digest(lunID) };
}

/** Snapshot `name-nightly` over that target, or over its own volume. */
export function nightlyOf(name: string, target?: Pairs[number]['target']): Pairs {
  return [
    { name: 'data', source: { volumeSnapshotName: `${name}-nightly` }, ...(target === undefined ? {} : { target }) },
  ];
}

/** Path of a claim of the scene's namespace. */
export function claimPath({ namespace }: Scene, name: string): string {
  return `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
}

/** Deletes a claim as a cluster does whose controllers let go of it; its volume stays and is Released. */
export async function removeClaim(scene: Scene, name: string): Promise<void> {
  const { admin } = scene.cluster;
  await sendOk(admin, 'PATCH', claimPath(scene, name), { metadata: { finalizers: null } });
  await sendOk(admin, 'DELETE', claimPath(scene, name));
}

/** An operator and an array that is a CSI driver and grants no LUN id: only claims and snapshots lead to its LUNs. */
export async function startClaimScene(cluster: ProvidedCluster): Promise<Scene> {
  await installSnapshotKinds(cluster.admin);
  return startScene(cluster, {
    arraySpec: { csiDriverName: DRIVER, lunGrants: [] },
    operatorFlags: ['--reference-timeout', '3s'],
  });
}

/** Ends without success, for that reason, without a call that changes anything and without a changed byte. */
export async function expectClaimRefused(scene: Scene, name: string, lunID: string, reason: string): Promise<string> {
  const before = await scene.digest(lunID);
  const resync = await scene.finished(name);
  expect(reasonOf(resync)).toBe(reason);
  expect(startsOf(scene, name)).toEqual([]);
  expect(await scene.digest(lunID)).toBe(before);
  return messageOf(resync);
}
