/** A LUN with a claim and a snapshot, which most tests of names begin with, and what a refusal of one must look like. */
import { expect } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { MIB, reasonOf, type Scene } from '../support/scene.ts';
import { messageOf, startsOf } from './acceptance.ts';
import { bindClaim, bindSnapshot } from './storage-objects.ts';

type Pairs = LunResyncSpec['pairs'];

/** LUN `<name>-lun` with a claim of that name, and `<name>-nightly`, a snapshot of an earlier content of it. */
export async function makeOrders(
  scene: Scene,
  name: string,
  sizeBytes = 4 * MIB,
): Promise<{ readonly before: string; readonly now: string }> {
  await scene.lun(`${name}-lun`, sizeBytes, `${name} as it was`);
  const before = await scene.digest(`${name}-lun`);
  await scene.array.admin.snapshot({ lunId: `${name}-lun`, id: `${name}-snap` });
  await scene.array.admin.fillPattern({ lunId: `${name}-lun`, offset: 0n, length: BigInt(MIB), seed: 'damaged' });
  const { admin } = scene.cluster;
  await bindClaim(admin, scene.namespace, name, { lunID: `${name}-lun`, sizeBytes });
  await bindSnapshot(admin, scene.namespace, `${name}-nightly`, {
    snapshotID: `${name}-snap`,
    volumeHandle: `${name}-lun`,
  });
  return { before, now: await scene.digest(`${name}-lun`) };
}

/** One pair from the snapshot of that name; without a target it means the volume that the snapshot was taken from. */
export function pairsOf(name: string, target?: Pairs[number]['target']): Pairs {
  return [
    { name: 'data', source: { volumeSnapshotName: `${name}-nightly` }, ...(target === undefined ? {} : { target }) },
  ];
}

/** One pair from the snapshot of that name over its claim. */
export function ofClaim(name: string): Pairs {
  return pairsOf(name, { persistentVolumeClaimName: name });
}

/** Ends without success, for that reason, without a call that changes anything and without a changed byte. */
export async function expectRefused(scene: Scene, name: string, lunID: string, reason: string): Promise<string> {
  const before = await scene.digest(lunID);
  const resync = await scene.finished(name);
  expect(reasonOf(resync)).toBe(reason);
  expect(startsOf(scene, name)).toEqual([]);
  expect(await scene.digest(lunID)).toBe(before);
  return messageOf(resync);
}
