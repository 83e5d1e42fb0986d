// Two tenants on one array: whatever a user names, forges, swaps or writes into a status, only what the namespace has a
// right to is read or written. What was written is what the array's journal on disk says, not what the operator says.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { sendOk } from '../support/api-client.ts';
import { objectOf, readJournal } from '../support/array-journal.ts';
import { lunPair, MIB, reasonOf, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import {
  callsOf,
  lunOf,
  messageOf,
  order,
  type Spec,
  safetySnapshotsOf,
  setBandwidth,
  startsOf,
  untilCopying,
  untilGone,
  untilReason,
} from './acceptance.ts';
import { bindClaim, bindSnapshot, makeVolume } from './storage-objects.ts';
import {
  applyTampered,
  expectNothingTold,
  grant,
  makeVolumeOf,
  nightlyOver,
  removeClaim,
  startTenants,
  type Tenants,
  tamper,
  witness,
} from './tenancy-scene.ts';

let tenants: Tenants;
let user: Scene;
let other: Scene;

beforeAll(async () => {
  tenants = await startTenants();
  ({ user, other } = tenants);
  await makeVolumeOf(user, 'mine');
  await other.apply('payroll-run', nightlyOver('payroll'));
  await other.finished('payroll-run');
});

afterEach(async () => {
  await user.array.admin.clearFaults({});
  await setBandwidth(user, 0);
  await grant(tenants);
});

afterAll(async () => {
  await tenants[Symbol.asyncDispose]();
});

const DENIED = { reason: 'AccessDenied', hresult: 'E_ACCESSDENIED' } as const;
const CHANGED = { reason: 'BadState', hresult: 'VSS_E_BAD_STATE' } as const;
const ABSENT = { reason: 'ObjectNotFound', hresult: 'VSS_E_OBJECT_NOT_FOUND' } as const;
const DONE = { reason: 'Completed', hresult: 'VSS_S_ASYNC_FINISHED', says: /content of the source/ } as const;
const CONTENTS = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents';
const UNANSWERED = { action: FaultAction.FAIL, method: 'StartOperation', code: 14, message: 'No.', count: 10_000 };

/** A run of the other tenant's that is still copying. */
async function slowRunOfTheOther(name: string): Promise<LunResync> {
  await user.array.admin.fillPattern({ lunId: 'payroll-lun', offset: 0n, length: BigInt(MIB), seed: name });
  await setBandwidth(user, MIB / 16);
  await other.apply(name, nightlyOver('payroll'));
  return untilCopying(other, name);
}

describe('what is a tenant’s own', () => {
  it('is written from its own snapshot, and nothing else is', async () => {
    await makeVolumeOf(user, 'orders');
    const seen = await witness(tenants);
    await user.apply('orders', nightlyOver('orders'));
    await seen.expectEnd('orders', { ...DONE, writes: { 'orders-lun': 'orders-snap' } });
  });
});

describe('what is another tenant’s', () => {
  const cases: readonly (readonly [what: string, name: string, spec: Spec, expected: object])[] = [
    [
      'claim, by its name',
      'claim',
      nightlyOver('mine', 'payroll'),
      { ...ABSENT, says: /Claim payroll does not exist/ },
    ],
    [
      'snapshot, by its name',
      'snapshot',
      nightlyOver('payroll', 'mine'),
      { ...ABSENT, says: /VolumeSnapshot payroll-nightly does not exist/ },
    ],
    [
      'LUN as a target, by its id',
      'target',
      { pairs: [lunPair('data', 'mine-lun', 'payroll-lun')] },
      { ...DENIED, says: /no grant for LUN mine-lun as a source/ },
    ],
    [
      'LUN as a source, by its id, over a claim of one’s own',
      'source',
      { pairs: [{ name: 'data', source: { lunID: 'payroll-snap' }, target: { persistentVolumeClaimName: 'mine' } }] },
      { ...DENIED, says: /no grant for LUN payroll-snap as a source/ },
    ],
    [
      'run, by its name, to be undone',
      'undo',
      { pairs: [{ name: 'data', source: { undoOf: 'payroll-run' } }] },
      { ...ABSENT, says: /LunResync payroll-run does not exist/ },
    ],
  ];
  let seen: Awaited<ReturnType<typeof witness>>;

  beforeAll(async () => {
    seen = await witness(tenants);
    for (const [, name, spec] of cases) await user.apply(`foreign-${name}`, spec);
  });

  it.each(cases)('is not reached: a %s', async (_what, name, _spec, expected) => {
    const known = ['payroll-run', 'payroll-nightly', 'payroll-lun', 'payroll-snap', 'payroll'];
    await seen.expectEnd(`foreign-${name}`, { ...(expected as typeof DONE), known });
  });
});

describe('a grant', () => {
  it('opens the LUNs that it names, to the namespace that it names', async () => {
    await user.lun('spare-1', 4 * MIB, 'spare');
    await grant(tenants, { Source: ['payroll-snap'], Target: ['spare-*'] });
    const seen = await witness(tenants);
    const spec = { pairs: [lunPair('data', 'payroll-snap', 'spare-1')] };
    await other.apply('granted', spec);
    await user.apply('granted', spec);
    await seen.expectEnd('granted', { ...DONE, writes: { 'spare-1': 'payroll-snap' }, known: ['payroll-snap'] });
    expect(reasonOf(await other.finished('granted'))).toBe('AccessDenied');
    expect(startsOf(other, 'granted')).toEqual([]);
  });

  it('for all LUNs opens none that backs a volume of another namespace', async () => {
    await grant(tenants, { Source: ['*'], Target: ['*'] });
    const seen = await witness(tenants);
    await user.apply('all', { pairs: [lunPair('data', 'mine-snap', 'payroll-lun')] });
    const says = /LUN payroll-lun backs a PersistentVolume without a claim in this namespace/;
    await seen.expectEnd('all', { ...DENIED, says, known: ['payroll-lun'] });
  });

  it('for a LUN that the other tenant’s run is at work on tells nothing of that run', async () => {
    await slowRunOfTheOther('payroll-busy');
    await grant(tenants, { Source: ['payroll-lun'], Target: ['spare-1'] });
    const seen = await witness(tenants);
    await user.apply('waiting', { pairs: [lunPair('data', 'payroll-lun', 'spare-1')], targetInUseTimeoutSeconds: 0 });
    const ended = await user.finished('waiting');
    expect(reasonOf(ended)).toBe('ResyncInProgress');
    expect(messageOf(ended)).toMatch(/LUN payroll-lun is a target of another operation/);
    await expectNothingTold(tenants, ended, ['payroll-lun']);
    expect(await seen.written()).toEqual([]);
    await setBandwidth(user, 0);
    expect(reasonOf(await other.finished('payroll-busy'))).toBe('Completed');
  });

  it('that is taken away in mid-run lets the copy end', async () => {
    await user.lun('spare-2', 4 * MIB, 'spare');
    await grant(tenants, { Source: ['mine-snap'], Target: ['spare-2'] });
    const seen = await witness(tenants);
    await setBandwidth(user, MIB);
    await user.apply('revoked', { pairs: [lunPair('data', 'mine-snap', 'spare-2')] });
    await untilCopying(user, 'revoked');
    await grant(tenants);
    await setBandwidth(user, 0);
    await seen.expectEnd('revoked', { ...DONE, writes: { 'spare-2': 'mine-snap' } });
  });

  it('that is taken away in mid-run does not keep a copy that fails from being put back', async () => {
    await user.lun('spare-3', 4 * MIB, 'spare');
    await grant(tenants, { Source: ['mine-snap'], Target: ['spare-3'] });
    const [seen, before] = [await witness(tenants), await user.digest('spare-3')];
    await order(user, { action: FaultAction.CORRUPT_CHUNK, lunId: 'spare-3' });
    await setBandwidth(user, MIB);
    await user.apply('failing', { pairs: [lunPair('data', 'mine-snap', 'spare-3')] });
    await untilCopying(user, 'failing');
    await grant(tenants);
    await setBandwidth(user, 0);
    const ended = await user.finished('failing');
    const [safety = ''] = await safetySnapshotsOf(user, 'spare-3');
    await seen.expectEnd('failing', {
      reason: 'VerificationFailed',
      hresult: 'VSS_E_UNEXPECTED_PROVIDER_ERROR',
      says: /is not what LUN mine-snap holds/,
      writes: { 'spare-3': safety },
    });
    expect(ended.status.dataState).toBe('RolledBack');
    expect(await user.digest('spare-3')).toBe(before);
  });
});

/** Records an intent that does not reach the array, lets the world change, and then lets it through. */
async function betweenIntentAndStart(name: string, spec: Spec, change: () => Promise<void>): Promise<void> {
  await order(user, UNANSWERED);
  await user.apply(name, spec);
  await until(
    () => `${name}: StartOperation`,
    () => startsOf(user, name).length > 0,
    15_000,
  );
  // A run that is held back waits for nothing else meanwhile, however long the change takes.
  await user.patch(name, { suspend: true });
  await untilReason(user, name, 'Suspended');
  await change();
  await user.array.admin.clearFaults({});
  await user.patch(name, { suspend: false });
}

describe('between the admission and the start', () => {
  it('a claim that is made again over another volume is noticed, and neither volume is written', async () => {
    await makeVolumeOf(user, 'swapped');
    await user.lun('swapped-2', 4 * MIB, 'second');
    const seen = await witness(tenants);
    await betweenIntentAndStart('swapped', nightlyOver('swapped'), async () => {
      await removeClaim(user, 'swapped');
      await bindClaim(user.cluster.admin, user.namespace, 'swapped', { lunID: 'swapped-2', sizeBytes: 4 * MIB });
    });
    await seen.expectEnd('swapped', { ...CHANGED, says: /is another one than when the run began/ });
  });

  it('a claim that is made again over the other tenant’s LUN is noticed, and neither volume is written', async () => {
    await makeVolumeOf(user, 'lured');
    const seen = await witness(tenants);
    await betweenIntentAndStart('lured', nightlyOver('lured'), async () => {
      await removeClaim(user, 'lured');
      await bindClaim(user.cluster.admin, user.namespace, 'lured', { lunID: 'payroll-lun', sizeBytes: 4 * MIB });
    });
    await seen.expectEnd('lured', { ...CHANGED, says: /is another one than when the run began/ });
    await removeClaim(user, 'lured');
  });

  it('a grant that is taken away is noticed, and nothing is written', async () => {
    await user.lun('spare-5', 4 * MIB, 'spare');
    await grant(tenants, { Source: ['mine-snap'], Target: ['spare-5'] });
    const seen = await witness(tenants);
    await betweenIntentAndStart('ungranted', { pairs: [lunPair('data', 'mine-snap', 'spare-5')] }, () =>
      grant(tenants),
    );
    await seen.expectEnd('ungranted', { ...DENIED, says: /no grant for LUN mine-snap as a source/ });
  });

  it('a volume whose claimRef is turned to the other tenant’s claim is noticed, and not written', async () => {
    await makeVolumeOf(user, 'turned');
    const seen = await witness(tenants);
    await betweenIntentAndStart('turned', nightlyOver('turned'), async () => {
      const claimRef = { namespace: other.namespace, name: 'turned', uid: '00000000-0000-4000-8000-000000000001' };
      await sendOk(user.cluster.admin, 'PATCH', `/api/v1/persistentvolumes/${user.namespace}-turned`, {
        spec: { claimRef },
      });
    });
    await seen.expectEnd('turned', {
      ...DENIED,
      says: /VolumeSnapshot turned-nightly is of another namespace's volume/,
    });
  });
});

describe('a forged handle', () => {
  it('in a VolumeSnapshotContent made by hand leads nowhere', async () => {
    const { cluster, namespace } = user;
    await bindSnapshot(cluster.admin, namespace, 'forged-nightly', { snapshotID: 'payroll-snap', volumeHandle: '' });
    const seen = await witness(tenants);
    await user.apply('forged-content', nightlyOver('forged', 'mine'));
    const says = /VolumeSnapshot forged-nightly is of another namespace's volume/;
    await seen.expectEnd('forged-content', { ...DENIED, says });
    // As long as it is there the handle is nobody's, not even the tenant's whose snapshot it is.
    await sendOk(cluster.admin, 'DELETE', `${CONTENTS}/${namespace}-forged-nightly`);
  });

  it('in a VolumeSnapshotContent that says it is of one’s own volume leads nowhere', async () => {
    const snapshot = { snapshotID: 'payroll-safe', volumeHandle: 'mine-lun' };
    await user.array.admin.snapshot({ lunId: 'payroll-lun', id: 'payroll-safe' });
    await bindSnapshot(user.cluster.admin, user.namespace, 'posing-nightly', snapshot);
    const seen = await witness(tenants);
    await user.apply('posing-content', nightlyOver('posing', 'mine'));
    const says = /VolumeSnapshot posing-nightly leads to a snapshot of another volume than the one it was taken from/;
    await seen.expectEnd('posing-content', { ...DENIED, says });
  });

  it('in a PersistentVolume leads nowhere', async () => {
    await bindClaim(user.cluster.admin, user.namespace, 'forged', { lunID: 'payroll-lun', sizeBytes: 4 * MIB });
    const seen = await witness(tenants);
    await user.apply('forged-volume', nightlyOver('mine', 'forged'));
    const says = /LUN payroll-lun backs a PersistentVolume without a claim in this namespace/;
    await seen.expectEnd('forged-volume', { ...DENIED, says, known: ['payroll-lun'] });
    await removeClaim(user, 'forged');
  });

  it('in a PersistentVolume of nobody’s keeps the LUN from whoever has its claim, who is told no name', async () => {
    await makeVolumeOf(user, 'shadowed');
    const name = `${other.namespace}-shadow`;
    const claim = { namespace: other.namespace, name: 'payroll', uid: '00000000-0000-4000-8000-000000000002' };
    await makeVolume(user.cluster.admin, name, { lunID: 'shadowed-lun', sizeBytes: 4 * MIB, claim });
    const seen = await witness(tenants);
    await user.apply('shadowed', nightlyOver('shadowed'));
    await seen.expectEnd('shadowed', { ...DENIED, says: /is of another namespace's volume/ });
  });
});

describe('a name that was given a second time', () => {
  it('a claim made again does not get the volume of the first one', async () => {
    await makeVolumeOf(user, 'again');
    const claim = `/api/v1/namespaces/${user.namespace}/persistentvolumeclaims/again`;
    const { spec } = await sendOk(user.cluster.admin, 'GET', claim);
    await sendOk(user.cluster.admin, 'PATCH', claim, { metadata: { finalizers: null } });
    await sendOk(user.cluster.admin, 'DELETE', claim);
    await sendOk(user.cluster.admin, 'POST', claim.replace(/\/again$/, ''), { metadata: { name: 'again' }, spec });
    const seen = await witness(tenants);
    await user.apply('again', nightlyOver('again'));
    await seen.expectEnd('again', {
      ...CHANGED,
      says: /which PersistentVolumeClaim again names, is bound to another claim/,
    });
  });

  it('a run made again has nothing of the first one to be undone', async () => {
    await makeVolumeOf(user, 'twice');
    await user.apply('twice', nightlyOver('twice'));
    const first = (await user.finished('twice')).status.pairs;
    await user.remove('twice');
    await untilGone(user, 'twice');
    await user.apply('twice', { ...nightlyOver('twice'), mode: 'Plan' });
    await user.finished('twice');
    await tamper(user, 'twice', { ...(first === undefined ? {} : { pairs: first }) });
    const seen = await witness(tenants);
    await user.apply('undo-twice', { pairs: [{ name: 'data', source: { undoOf: 'twice' } }] });
    const says = /no safety snapshot of LUN twice-lun for the run to undo/;
    await seen.expectEnd('undo-twice', { reason: 'SnapshotNotInSet', hresult: 'VSS_E_SNAPSHOT_NOT_IN_SET', says });
  });
});

describe('a status that somebody else has written', () => {
  const recorded = (source: string, target: string, more: LunResyncStatus = {}): LunResyncStatus => ({
    attempt: 1,
    arrayName: user.arrayName,
    arrayID: user.array.arrayID,
    pairs: [{ name: 'data', source: { lunID: source }, target: { lunID: target, generation: 1 } }],
    ...more,
  });
  const undoing = (name: string): Spec => ({ pairs: [{ name: 'data', source: { undoOf: name } }] });

  beforeAll(async () => {
    await makeVolumeOf(user, 'done');
    await user.apply('done', nightlyOver('done'));
    await user.finished('done');
    await user.lun('spare-4', 4 * MIB, 'spare');
  });

  it('does not turn LUN ids of the spec into others, whatever the grants', async () => {
    await grant(tenants, { Source: ['*'], Target: ['*'] });
    const seen = await witness(tenants);
    const spec = { pairs: [lunPair('data', 'mine-snap', 'spare-4')] };
    await applyTampered(user, 'ids', spec, recorded('payroll-snap', 'payroll-lun'));
    await seen.expectEnd('ids', { ...DONE, writes: { 'spare-4': 'mine-snap' } });
  });

  it('does not lead a claim or a snapshot to other LUNs', async () => {
    const seen = await witness(tenants);
    await applyTampered(user, 'names', nightlyOver('mine'), recorded('payroll-snap', 'payroll-lun'));
    await seen.expectEnd('names', {
      ...DENIED,
      says: /VolumeSnapshot mine-nightly (is of another namespace|leads to)/,
    });
  });

  it('does not lead an undo to another target', async () => {
    const [safety = ''] = await safetySnapshotsOf(user, 'done-lun');
    const seen = await witness(tenants);
    await applyTampered(user, 'undo-target', undoing('done'), recorded(safety, 'payroll-lun'));
    await seen.expectEnd('undo-target', { ...CHANGED, says: /is another one than when the run began/ });
  });

  it('does not lead an undo to another source', async () => {
    const seen = await witness(tenants);
    await applyTampered(user, 'undo-source', undoing('done'), recorded('payroll-snap', 'done-lun'));
    await seen.expectEnd('undo-source', { ...CHANGED, says: /is another one than when the run began/ });
  });

  it('does not make an undo of nothing into a run', async () => {
    const seen = await witness(tenants);
    await applyTampered(user, 'undo-nothing', undoing('never'), recorded('payroll-snap', 'payroll-lun'));
    await seen.expectEnd('undo-nothing', { ...ABSENT, says: /LunResync never does not exist/ });
  });

  it('of the run to undo does not lead to another LUN either', async () => {
    const theirs = {
      source: { lunID: 'payroll-snap' },
      target: { lunID: 'payroll-lun' },
      safetySnapshotID: 'payroll-snap',
    };
    await user.apply('lying', { ...nightlyOver('mine'), mode: 'Plan' });
    await user.finished('lying');
    await tamper(user, 'lying', { pairs: [{ name: 'data', ...theirs }] });
    await grant(tenants, { Source: ['*'], Target: ['*'] });
    const seen = await witness(tenants);
    await user.apply('undo-lying', undoing('lying'));
    const says = /no safety snapshot of LUN payroll-lun for the run to undo/;
    const expected = { reason: 'SnapshotNotInSet', hresult: 'VSS_E_SNAPSHOT_NOT_IN_SET', says };
    await seen.expectEnd('undo-lying', { ...expected, known: ['payroll-lun'] });
  });

  it('that names another array gets no call there', async () => {
    const seen = await witness(tenants);
    const arrayID = '00000000-0000-4000-8000-000000000003';
    await applyTampered(user, 'array', nightlyOver('mine'), recorded('mine-snap', 'mine-lun', { arrayID }));
    await seen.expectEnd('array', {
      reason: 'ArrayChanged',
      hresult: 'VSS_E_BAD_STATE',
      says: /the run began on array/,
    });
    expect(callsOf(user, 'array', 'CancelOperation')).toEqual([]);
  });

  it('does not reach an operation of the other tenant', async () => {
    await user.array.admin.fillPattern({
      lunId: 'payroll-lun',
      offset: 0n,
      length: BigInt(MIB),
      seed: 'damaged again',
    });
    await setBandwidth(user, MIB / 16);
    await other.apply('payroll-slow', nightlyOver('payroll'));
    const { operationID = '' } = (await untilCopying(other, 'payroll-slow')).status;
    const seen = await witness(tenants);
    const status = recorded('mine-snap', 'mine-lun', { operationID, operationKind: 'Resync' });
    await applyTampered(user, 'operation', { ...nightlyOver('mine'), cancel: true }, status);
    const ended = await user.finished('operation');
    expect(reasonOf(ended)).toBe('Cancelled');
    expect(messageOf(ended)).toMatch(/^spec.cancel is true/);
    const { operations } = await readJournal(user.array.dataDirectory);
    expect(operations.get(operationID)).toMatchObject({
      outcome: 'RUNNING',
      isCancelRequested: false,
      isReleased: false,
    });
    expect(await seen.written()).toEqual([]);
    await setBandwidth(user, 0);
    expect(reasonOf(await other.finished('payroll-slow'))).toBe('Completed');
  });

  it('does not take the id of the other tenant’s next operation', async () => {
    const { uid } = (await other.apply('payroll-next', { ...nightlyOver('payroll'), suspend: true })).metadata;
    await grant(tenants, { Source: ['mine-snap'], Target: ['spare-4'] });
    const spec = { pairs: [lunPair('data', 'mine-snap', 'spare-4')] };
    const generation = Number((await lunOf(user, 'spare-4'))?.generation);
    const seen = await witness(tenants);
    await applyTampered(user, 'squatter', spec, {
      ...recorded('mine-snap', 'spare-4', { operationID: `${uid}.1`, operationKind: 'Resync' }),
      pairs: [{ name: 'data', source: { lunID: 'mine-snap' }, target: { lunID: 'spare-4', generation } }],
    });
    const { metadata } = await seen.expectEnd('squatter', { ...DONE, writes: { 'spare-4': 'mine-snap' } });
    const { runs } = await readJournal(user.array.dataDirectory);
    const ids = runs.filter((run) => objectOf(run).endsWith('/squatter')).map((run) => run.operationID);
    expect(ids).toEqual([expect.stringMatching(`^${metadata.uid}\\.`)]);
    await other.patch('payroll-next', { suspend: false });
    expect(reasonOf(await other.finished('payroll-next'))).toBe('Completed');
  });

  it('does not have another tenant’s safety snapshots deleted with the object', async () => {
    const theirs = await safetySnapshotsOf(user, 'payroll-lun');
    const [safetySnapshotID = ''] = theirs;
    expect(safetySnapshotID).not.toBe('');
    await makeVolumeOf(user, 'deleted');
    await user.apply('deleted', nightlyOver('deleted'));
    await user.finished('deleted');
    await tamper(user, 'deleted', {
      pairs: [{ name: 'data', target: { lunID: 'payroll-lun' }, safetySnapshotID, state: 'Succeeded' }],
    });
    const seen = await witness(tenants);
    await user.remove('deleted');
    await untilGone(user, 'deleted');
    expect(await safetySnapshotsOf(user, 'payroll-lun')).toEqual(theirs);
    expect(await safetySnapshotsOf(user, 'deleted-lun')).toEqual([]);
    await seen.expectTheirBytes();
  });
});

describe('over all of this', () => {
  it('no run of one namespace had a target of the other’s, nor an ungranted source', async () => {
    const { runs } = await readJournal(user.array.dataDirectory);
    const lunsOf = (namespace: string): string[] => {
      const own = runs.filter((run) => objectOf(run).startsWith(`${namespace}/`));
      return [...new Set(own.map(({ lunID }) => lunID))].sort();
    };
    expect(lunsOf(other.namespace)).toEqual(['payroll-lun']);
    expect(lunsOf(user.namespace)).not.toContain('payroll-lun');
    const readers = runs.filter(({ sourceLunID }) => sourceLunID.startsWith('payroll')).map(objectOf);
    expect(readers.filter((reader) => reader.startsWith(user.namespace))).toEqual([`${user.namespace}/granted`]);
  });
});
