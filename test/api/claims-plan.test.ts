// What is said of a run over a claim before it and after it: the plan, and a file system that may have to grow.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sendOk } from '../support/api-client.ts';
import { MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { conditionOf, lunOf, messageOf, safetySnapshotsOf, startsOf, untilEvent } from './acceptance.ts';
import { claimPath, makeDamagedClaim, nightlyOf } from './claim-scene.ts';
import { bindClaim, bindSnapshot, DRIVER, installSnapshotKinds, tellWhenTaken } from './storage-objects.ts';

let scene: Scene;

beforeAll(async () => {
  const cluster = inject('cluster');
  await installSnapshotKinds(cluster.admin);
  scene = await startScene(cluster, { arraySpec: { csiDriverName: DRIVER, lunGrants: [] } });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const over = (name: string): ReturnType<typeof nightlyOf> => nightlyOf(name, { persistentVolumeClaimName: name });

describe('mode Plan over a claim', () => {
  it('names the claim and the snapshot, lists the newer snapshots of the target, and changes nothing', async () => {
    const { now } = await makeDamagedClaim(scene, 'planned');
    const { admin } = scene.cluster;
    for (const day of ['tuesday', 'wednesday', 'sunday'])
      await bindSnapshot(admin, scene.namespace, day, { snapshotID: `planned-${day}`, volumeHandle: 'planned-lun' });
    const days = { sunday: 0, 'planned-nightly': 1, tuesday: 2, wednesday: 3 };
    for (const [name, day] of Object.entries(days))
      await tellWhenTaken(admin, scene.namespace, name, new Date(Date.UTC(2026, 10, 22 + day)));
    const before = await lunOf(scene, 'planned-lun');
    await scene.apply('planned', { mode: 'Plan', pairs: over('planned') });
    const resync = await scene.finished('planned');
    expect(reasonOf(resync)).toBe('Planned');
    expect(messageOf(resync)).toContain('status.plan has 2 steps');
    expect(resync.status.plan).toEqual([
      {
        pair: 'data',
        severity: 'Info',
        action:
          'take a safety snapshot of the target; copy 4 MiB from VolumeSnapshot planned-nightly (LUN planned-snap) ' +
          'over claim planned (LUN planned-lun), verify by digest',
      },
      {
        pair: 'data',
        severity: 'Info',
        action: 'leave the newer snapshots of the target as they are: tuesday, wednesday',
      },
    ]);
    expect(startsOf(scene, 'planned')).toEqual([]);
    expect(await lunOf(scene, 'planned-lun')).toEqual(before);
    expect(await scene.digest('planned-lun')).toBe(now);
    expect(await safetySnapshotsOf(scene, 'planned-lun')).toEqual([]);
  });

  it('says of an undo whose safety snapshot it puts back', async () => {
    await makeDamagedClaim(scene, 'undone');
    await scene.apply('undone', { pairs: over('undone') });
    await scene.finished('undone');
    await scene.apply('undo-plan', { mode: 'Plan', pairs: [{ name: 'data', source: { undoOf: 'undone' } }] });
    const { status } = await scene.finished('undo-plan');
    expect(status.plan?.[0]?.action).toMatch(
      /from the safety snapshot of LunResync undone \(LUN [^)]+\) over claim undone \(LUN undone-lun\)/,
    );
  });

  it('refuses other volumes on the LUN with their names and the field that allows it, and then names what is lost', async () => {
    await makeDamagedClaim(scene, 'shared');
    await bindClaim(scene.cluster.admin, scene.namespace, 'twin', { lunID: 'shared-lun', sizeBytes: 4 * MIB });
    await scene.apply('shared', { mode: 'Plan', pairs: over('shared') });
    const refused = await scene.finished('shared');
    expect(reasonOf(refused)).toBe('UnselectedVolume');
    expect(messageOf(refused)).toMatch(
      /claim twin, which no pair selects\. Set spec\.unselectedVolumePolicy to Overwrite/,
    );
    await scene.apply('shared-2', { mode: 'Plan', pairs: over('shared'), unselectedVolumePolicy: 'Overwrite' });
    const { status } = await scene.finished('shared-2');
    expect(status.plan?.[0]?.action).toMatch(/; overwrite volumes of claim twin$/);
  });

  it('takes a volume that the array lists under the handle of the claim for that of the claim, and no other', async () => {
    await makeDamagedClaim(scene, 'listed');
    await scene.array.admin.addVolume({ lunId: 'listed-lun', volume: 'listed-lun' });
    await scene.apply('listed', { pairs: over('listed') });
    expect(reasonOf(await scene.finished('listed'))).toBe('Completed');
    await scene.array.admin.addVolume({ lunId: 'listed-lun', volume: 'logs' });
    await scene.apply('listed-2', { pairs: over('listed') });
    const refused = await scene.finished('listed-2');
    expect(reasonOf(refused)).toBe('UnselectedVolume');
    expect(messageOf(refused)).toMatch(/holds logs, which no pair selects\. Set spec\.unselectedVolumePolicy/);
  });
});

describe('KeepLarger over a claim', () => {
  /** The snapshot of a volume of 4 MiB over a claim of 8 MiB. */
  async function keepLarger(name: string, mode: 'Filesystem' | 'Block'): Promise<void> {
    await makeDamagedClaim(scene, `${name}-small`, 4 * MIB, mode);
    await scene.lun(`${name}-lun`, 8 * MIB, name);
    await bindClaim(scene.cluster.admin, scene.namespace, name, { lunID: `${name}-lun`, sizeBytes: 8 * MIB, mode });
    const pairs = nightlyOf(`${name}-small`, { persistentVolumeClaimName: name });
    await scene.apply(name, { sizePolicy: 'KeepLarger', pairs });
    expect(reasonOf(await scene.finished(name))).toBe('Completed');
  }

  it('says that the file system may have to grow and how, and volume and claim have the capacity that they say', async () => {
    await keepLarger('larger', 'Filesystem');
    const note =
      'The file system on claim larger (4 MiB of 8 MiB) may be smaller than its volume: ' +
      'it grows at the next mount where the CSI driver does that, else by resize2fs or xfs_growfs';
    const resync = await scene.finished('larger');
    expect(conditionOf(resync, 'Succeeded')?.message).toContain(`. ${note}`);
    const events = await untilEvent(scene, 'larger', ({ reason }) => reason === 'FileSystemMayNeedGrowth');
    expect(events.find(({ reason }) => reason === 'FileSystemMayNeedGrowth')).toMatchObject({ type: 'Normal', note });
    const { admin } = scene.cluster;
    const bytes = BigInt(8 * MIB);
    expect((await lunOf(scene, 'larger-lun'))?.sizeBytes).toBe(bytes);
    const volume = await sendOk(admin, 'GET', `/api/v1/persistentvolumes/${scene.namespace}-larger`);
    expect(volume['spec']).toMatchObject({ capacity: { storage: String(bytes) } });
    const claim = await sendOk(admin, 'GET', claimPath(scene, 'larger'));
    expect(claim['status']).toMatchObject({ capacity: { storage: String(bytes) } });
  });

  it('says nothing of file systems over a block volume', async () => {
    await keepLarger('device', 'Block');
    expect(messageOf(await scene.finished('device'))).not.toContain('file system');
    const events = await untilEvent(scene, 'device', ({ reason }) => reason === 'ResyncCompleted');
    expect(events.map(({ reason }) => reason)).not.toContain('FileSystemMayNeedGrowth');
  });
});
