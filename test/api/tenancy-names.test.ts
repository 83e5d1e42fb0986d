// Two tenants on one array: what a name leads to may be forged, or change between the admission of a run and its start.
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { sendOk } from '../support/api-client.ts';
import { lunPair, MIB, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { order, type Spec, startsOf, untilGone, untilReason } from './acceptance.ts';
import { bindClaim, bindSnapshot, makeVolume } from './storage-objects.ts';
import {
  CHANGED,
  calmDown,
  DENIED,
  expectNoForeignTarget,
  grant,
  makeVolumeOf,
  NOT_IN_SET,
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
});

afterEach(() => calmDown(tenants));

afterAll(async () => {
  await tenants[Symbol.asyncDispose]();
});

const CONTENTS = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents';
const UNANSWERED = { action: FaultAction.FAIL, method: 'StartOperation', code: 14, message: 'No.', count: 10_000 };

/** Records an intent that does not reach the array, lets the world change, and then lets it through. */
async function betweenIntentAndStart(name: string, spec: Spec, change: () => Promise<void>): Promise<void> {
  await order(user, UNANSWERED);
  await user.apply(name, spec);
  await until(
    () => `${name}: StartOperation`,
    () => startsOf(user, name).length > 0,
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
    const { pairs: first = [] } = (await user.finished('twice')).status;
    await user.remove('twice');
    await untilGone(user, 'twice');
    await user.apply('twice', { ...nightlyOver('twice'), mode: 'Plan' });
    await user.finished('twice');
    await tamper(user, 'twice', { pairs: first });
    const seen = await witness(tenants);
    await user.apply('undo-twice', { pairs: [{ name: 'data', source: { undoOf: 'twice' } }] });
    const says = /no safety snapshot of LUN twice-lun for the run to undo/;
    await seen.expectEnd('undo-twice', { ...NOT_IN_SET, says });
  });
});

it('leaves no run of one namespace with a target of the other’s in the array’s journal', async () => {
  await expectNoForeignTarget(tenants);
});
