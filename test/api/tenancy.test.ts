// Two tenants on one array: whatever a user names, only what the namespace has a right to is read or written. What was
// written is what the array's journal on disk says, not what the operator says.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { lunPair, MIB, reasonOf, type Scene } from '../support/scene.ts';
import {
  messageOf,
  order,
  type Spec,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
} from './acceptance.ts';
import {
  ABSENT,
  calmDown,
  DENIED,
  DONE,
  expectNoForeignTarget,
  expectNothingTold,
  grant,
  makeVolumeOf,
  nightlyOver,
  slowRunOfTheOther,
  startTenants,
  type Tenants,
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
    await slowRunOfTheOther(tenants, 'payroll-busy');
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
    await slowDown(user);
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
    await slowDown(user);
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

it('leaves no run of one namespace with a target of the other’s in the array’s journal', async () => {
  await expectNoForeignTarget(tenants);
});
