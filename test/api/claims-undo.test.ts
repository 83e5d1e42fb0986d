// The undo of a run over a claim: what it puts back, how long it can be had, and when the claim is not that claim any more.
import { describe, expect, inject, it } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { sendOk } from '../support/api-client.ts';
import { MIB, reasonOf } from '../support/scene.ts';
import { sharedScene } from '../support/shared-scene.ts';
import { until } from '../support/until.ts';
import {
  callsOf,
  conditionOf,
  lunOf,
  messageOf,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
  untilGone,
} from './acceptance.ts';
import { makeDamagedClaim, nightlyOf, removeClaim, startClaimScene } from './claim-scene.ts';
import { bindClaim, makePod } from './storage-objects.ts';

const scene = sharedScene(() => startClaimScene(inject('cluster')));

type Pairs = LunResyncSpec['pairs'];

/** Puts back what the run had found; without a claim over that run's target. */
const undo = (run: string, claim?: string): Pairs => [
  {
    name: 'data',
    source: { undoOf: run },
    ...(claim === undefined ? {} : { target: { persistentVolumeClaimName: claim } }),
  },
];

/** A claim whose damage a run of its own name has undone from the snapshot. Gives the digests before and after that run. */
async function makeResynced(name: string): Promise<{ readonly damaged: string; readonly whole: string }> {
  const { before, now } = await makeDamagedClaim(scene, name);
  await scene.apply(name, { pairs: nightlyOf(name, { persistentVolumeClaimName: name }) });
  expect(reasonOf(await scene.finished(name))).toBe('Completed');
  expect(await scene.digest(`${name}-lun`)).toBe(before);
  return { damaged: now, whole: before };
}

describe('undoOf a run over a claim', () => {
  it.each([
    ['with the target left out', 'left-out', undefined],
    ['with the claim named', 'named', 'named'],
  ])('puts back the bytes of before the run, %s', async (_, name, claim) => {
    const { damaged } = await makeResynced(name);
    await scene.apply(`${name}-undo`, { arrayName: undefined, pairs: undo(name, claim) });
    const undone = await scene.finished(`${name}-undo`);
    expect([reasonOf(undone), undone.status.dataState]).toEqual(['Completed', 'MatchesSource']);
    expect(undone.status.pairs?.[0]?.target?.lunID).toBe(`${name}-lun`);
    expect(await scene.digest(`${name}-lun`)).toBe(damaged);
  });

  it('puts back what a run without a target had found', async () => {
    const { now } = await makeDamagedClaim(scene, 'own');
    await scene.apply('own', { pairs: nightlyOf('own') });
    await scene.finished('own');
    await scene.apply('own-undo', { pairs: undo('own') });
    expect(reasonOf(await scene.finished('own-undo'))).toBe('Completed');
    expect(await scene.digest('own-lun')).toBe(now);
  });

  it('can be undone itself', async () => {
    const { damaged, whole } = await makeResynced('twice');
    await scene.apply('twice-undo', { pairs: undo('twice') });
    await scene.finished('twice-undo');
    expect(await scene.digest('twice-lun')).toBe(damaged);
    await scene.apply('twice-redo', { pairs: undo('twice-undo', 'twice') });
    expect(reasonOf(await scene.finished('twice-redo'))).toBe('Completed');
    expect(await scene.digest('twice-lun')).toBe(whole);
  });

  it('waits for a Pod that uses the claim, which the undo does not name', async () => {
    const { damaged } = await makeResynced('used');
    const pod = await makePod(scene.cluster.admin, scene.namespace, 'db-0', 'used');
    await scene.apply('used-undo', { pairs: undo('used') });
    const waiting = await scene.until('used-undo', 'it waits', (resync) => reasonOf(resync) === 'WaitingForTarget');
    expect(waiting.status.users).toEqual([{ kind: 'Pod', name: 'db-0', pair: 'data' }]);
    await sendOk(scene.cluster.admin, 'DELETE', `${pod}?gracePeriodSeconds=0`);
    expect(reasonOf(await scene.finished('used-undo'))).toBe('Completed');
    expect(await scene.digest('used-lun')).toBe(damaged);
  });

  it('is refused over another claim than that of the run', async () => {
    await makeResynced('mine');
    const { now } = await makeDamagedClaim(scene, 'theirs');
    await scene.apply('mine-undo', { pairs: undo('mine', 'theirs') });
    const refused = await scene.finished('mine-undo');
    expect(reasonOf(refused)).toBe('SnapshotNotInSet');
    expect(messageOf(refused)).toContain('LunResync mine had another target for pair data than LUN theirs-lun');
    expect(await scene.digest('theirs-lun')).toBe(now);
  });
});

describe('the safety snapshot of a run over a claim', () => {
  it('goes after safetySnapshotRetentionSeconds, and the undo with it', async () => {
    const { whole } = await makeResynced('kept');
    expect(await safetySnapshotsOf(scene, 'kept-lun')).toHaveLength(1);
    expect(conditionOf((await scene.read('kept')) ?? expect.fail('gone'), 'UndoAvailable')?.status).toBe('True');
    await scene.patch('kept', { safetySnapshotRetentionSeconds: 1 });
    const isGone = 'SafetySnapshotsDeleted';
    await scene.until('kept', 'its undo is gone', (resync) => conditionOf(resync, 'UndoAvailable')?.reason === isGone);
    expect(await safetySnapshotsOf(scene, 'kept-lun')).toEqual([]);
    expect(await lunOf(scene, 'kept-snap')).toBeDefined();
    await scene.apply('kept-undo', { pairs: undo('kept', 'kept') });
    const refused = await scene.finished('kept-undo');
    expect(reasonOf(refused)).toBe('SnapshotNotInSet');
    expect(messageOf(refused)).toContain('has been deleted');
    expect(await scene.digest('kept-lun')).toBe(whole);
  });

  it('goes with its LunResync, and no other snapshot does', async () => {
    await makeResynced('short');
    await scene.apply('short-undo', { pairs: undo('short') });
    await scene.finished('short-undo');
    const ofUndo = (await scene.read('short-undo'))?.status.pairs?.[0]?.safetySnapshotID;
    await scene.remove('short');
    await untilGone(scene, 'short');
    expect(await safetySnapshotsOf(scene, 'short-lun')).toEqual([ofUndo]);
    expect(await lunOf(scene, 'short-snap')).toBeDefined();
  });

  it('stays while an undo copies from it, though its LunResync is to go', async () => {
    const { damaged } = await makeResynced('slow');
    await slowDown(scene);
    await scene.apply('slow-undo', { pairs: undo('slow') });
    await untilCopying(scene, 'slow-undo');
    await scene.remove('slow');
    await until(
      () => 'slow: DeleteSafetySnapshots',
      () => callsOf(scene, 'slow', 'DeleteSafetySnapshots').length > 0,
    );
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('slow-undo'))).toBe('Completed');
    expect(await scene.digest('slow-lun')).toBe(damaged);
    await untilGone(scene, 'slow');
  });
});

describe('a claim that was made again since the run', () => {
  const targets = [
    ['left out', undefined],
    ['named', 'named'],
  ] as const;

  /** Neither LUN is touched, and what is said names the claim and the run. */
  async function expectReplaced(name: string, claim: string | undefined, lunIDs: readonly string[]): Promise<void> {
    const before = await Promise.all(lunIDs.map((id) => scene.digest(id)));
    await scene.apply(`${name}-undo`, { pairs: undo(name, claim) });
    const refused = await scene.finished(`${name}-undo`);
    expect([reasonOf(refused), refused.status.hresult?.name]).toEqual(['ClaimReplaced', 'VSS_E_BAD_STATE']);
    expect(messageOf(refused)).toContain(`claim ${name}, which LunResync ${name} overwrote,`);
    expect(startsOf(scene, `${name}-undo`)).toEqual([]);
    expect(await Promise.all(lunIDs.map((id) => scene.digest(id)))).toEqual(before);
  }

  it.each(targets)('over another volume is not overwritten: target %s', async (title, named) => {
    const name = `again-${title.replace(' ', '-')}`;
    await makeResynced(name);
    await removeClaim(scene, name);
    await scene.lun(`${name}-new`, 4 * MIB, 'new life');
    const volumeName = `${scene.namespace}-${name}-new`;
    await bindClaim(scene.cluster.admin, scene.namespace, name, {
      lunID: `${name}-new`,
      sizeBytes: 4 * MIB,
      volumeName,
    });
    await expectReplaced(name, named === undefined ? undefined : name, [`${name}-lun`, `${name}-new`]);
  });

  it.each(targets)('over the same volume is not overwritten: target %s', async (title, named) => {
    const name = `rebound-${title.replace(' ', '-')}`;
    await makeResynced(name);
    await removeClaim(scene, name);
    const { admin } = scene.cluster;
    await sendOk(admin, 'DELETE', `/api/v1/persistentvolumes/${scene.namespace}-${name}`);
    await sendOk(admin, 'PATCH', `/api/v1/persistentvolumes/${scene.namespace}-${name}`, {
      metadata: { finalizers: null },
    });
    await bindClaim(admin, scene.namespace, name, { lunID: `${name}-lun`, sizeBytes: 4 * MIB });
    await expectReplaced(name, named === undefined ? undefined : name, [`${name}-lun`]);
  });

  it.each(targets)('or is gone: what its volume holds is not put back: target %s', async (title, named) => {
    const name = `gone-${title.replace(' ', '-')}`;
    await makeResynced(name);
    await removeClaim(scene, name);
    await expectReplaced(name, named === undefined ? undefined : name, [`${name}-lun`]);
  });
});
