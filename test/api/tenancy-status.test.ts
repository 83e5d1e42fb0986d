// Two tenants on one array: a status that somebody else than the operator has written gives no right.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { objectOf, readJournal } from '../support/array-journal.ts';
import { lunPair, MIB, reasonOf, type Scene } from '../support/scene.ts';
import {
  callsOf,
  lunOf,
  messageOf,
  type Spec,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  untilCopying,
  untilGone,
} from './acceptance.ts';
import {
  ABSENT,
  applyTampered,
  CHANGED,
  calmDown,
  DENIED,
  DONE,
  expectNoForeignTarget,
  grant,
  makeVolumeOf,
  NOT_IN_SET,
  nightlyOver,
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
});

afterEach(() => calmDown(tenants));

afterAll(async () => {
  await tenants[Symbol.asyncDispose]();
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
    await seen.expectEnd('undo-lying', { ...NOT_IN_SET, says, known: ['payroll-lun'] });
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
    await slowDown(user);
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

it('leaves no run of one namespace with a target of the other’s in the array’s journal', async () => {
  await expectNoForeignTarget(tenants);
});
