// deploy/admission on a real kube-apiserver: who may overwrite what.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, sendOk } from '../support/api-client.ts';
import { AdmissionCluster, onClaims, onLUNs, type Requester, type Rule } from './admission-fixture.ts';
import { lunResync, pair } from './objects.ts';

let cluster: AdmissionCluster;
let namespace: string;
let users = 0;

beforeAll(async () => {
  cluster = await AdmissionCluster.start();
  namespace = await cluster.newNamespace();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** A user who may create LunResyncs, and has these rights. */
async function requester(...rules: Rule[]): Promise<Requester> {
  users += 1;
  const who = { user: `user-${users}`, namespace };
  await cluster.addRequester(namespace, who.user, ...rules);
  return who;
}

const claim = (name: string): Json => ({ pairs: [pair(name)] });
const lun = (id: string): Json => ({ pairs: [{ name: 'data', source: { lunID: 'golden' }, target: { lunID: id } }] });
const withoutTarget = { pairs: [{ name: 'data', source: { volumeSnapshotName: 'nightly' } }] };
const undo = (target?: Json): Json => ({
  pairs: [{ name: 'data', source: { undoOf: 'earlier' }, ...(target === undefined ? {} : { target }) }],
});

async function expectCreated(who: Requester, spec: Json, ...flags: string[]): Promise<void> {
  expect(await cluster.create(who, lunResync(spec), ...flags)).toMatchObject({ code: 0, stderr: '' });
}

async function expectRefused(who: Requester, spec: Json, says: string): Promise<void> {
  const { code, stderr } = await cluster.create(who, lunResync(spec));
  expect(stderr).toContain(`${who.user} may not overwrite ${says}`);
  expect(stderr).toContain(`in namespace ${who.namespace}: bind a Role there that allows the verb overwrite`);
  expect(code).toBe(1);
}

describe('a claim as the target', () => {
  it('is refused to whoever may only create LunResyncs, and told what to grant', async () => {
    const who = await requester();
    const { stderr } = await cluster.create(who, lunResync(claim('orders'), 'restore'));
    expect(stderr.trim()).toBe(
      'Error from server (Forbidden): error when creating "STDIN": lunresyncs.lunresync.io "restore" is forbidden: ' +
        "ValidatingAdmissionPolicy 'overwrite.lunresync.io' with binding 'overwrite.lunresync.io' denied request: " +
        `${who.user} may not overwrite persistentvolumeclaims/orders in namespace ${namespace}: bind a Role there that ` +
        'allows the verb overwrite on persistentvolumeclaims, for all or with resourceNames [orders]',
    );
  });

  it('is free to whoever may overwrite all claims of the namespace', async () => {
    await expectCreated(await requester(onClaims('overwrite')), claim('orders'));
  });

  it('is free to whoever may overwrite that one, and no other is', async () => {
    const who = await requester(onClaims('overwrite', 'orders'));
    await expectCreated(who, claim('orders'));
    await expectRefused(who, claim('invoices'), 'persistentvolumeclaims/invoices');
    await expectRefused(who, { pairs: [pair('orders'), pair('invoices')] }, 'persistentvolumeclaims/invoices');
    await expectRefused(who, lun('orders'), 'luns/orders');
  });

  it('is refused in the namespace of another tenant, where the right does not count', async () => {
    const who = await requester(onClaims('overwrite'), onLUNs('overwrite'));
    const theirs = { ...who, namespace: await cluster.newNamespace() };
    const stranger = await cluster.create(theirs, lunResync(claim('orders')));
    expect(stranger.stderr).toContain('cannot create resource "lunresyncs"');
    await cluster.addRequester(theirs.namespace, who.user);
    await expectRefused(theirs, claim('orders'), 'persistentvolumeclaims/orders');
    await expectRefused(theirs, withoutTarget, 'a target that is left out');
  });

  it('is free to a service account as well, which is who asks for a GitOps tool', async () => {
    const who = { user: `system:serviceaccount:${namespace}:flux`, namespace };
    await cluster.addRequester(namespace, who.user);
    await expectRefused(who, claim('orders'), 'persistentvolumeclaims/orders');
    await cluster.give(namespace, who.user, onClaims('overwrite', 'orders'));
    await expectCreated(who, claim('orders'));
  });

  it('is free to the administrator of the cluster', async () => {
    await expectCreated({ user: 'admin', namespace }, claim('orders'));
  });
});

describe('many targets', () => {
  const names = Array.from({ length: 64 }, (_, index) => `claim-${index}`);
  const pairs = (count: number): Json => ({ pairs: names.slice(0, count).map((name) => pair(name)) });

  it('are checked by name up to 16, whatever the API server lets a policy cost', async () => {
    const who = await requester(onClaims('overwrite', ...names));
    await expectCreated(who, pairs(16));
    await expectRefused(who, pairs(17), '17 targets, of which only 16 can be checked by name,');
  });

  it('are each checked, whichever is the one that is not allowed', async () => {
    const own = names.slice(0, 16);
    const who = await requester(onClaims('overwrite', ...own));
    const objects = own.map((_, index) =>
      lunResync({ pairs: own.with(index, `other-${index}`).map((name) => pair(name)) }),
    );
    const { stderr } = await cluster.create(who, { apiVersion: 'v1', kind: 'List', items: objects });
    const refused = [...stderr.matchAll(/may not overwrite persistentvolumeclaims\/(\S+) /g)].map(([, name]) => name);
    expect(refused).toEqual(own.map((_, index) => `other-${index}`));
  });

  it('are within the costs also when everything else has to be asked as well', async () => {
    const luns = names.slice(0, 16);
    const who = await requester(onClaims('overwrite'), onClaims('overwrite-unselected'), onLUNs('overwrite', ...luns));
    const byID = luns.map((id) => ({ name: id, source: { lunID: 'golden' }, target: { lunID: id } }));
    const spec = { pairs: [...byID, ...withoutTarget.pairs], unselectedVolumePolicy: 'Overwrite' };
    await expectCreated(who, spec);
  });

  it('may be all 64 for whoever may overwrite all', async () => {
    await expectCreated(await requester(onClaims('overwrite')), pairs(64));
  });
});

describe('a LUN as the target', () => {
  it('needs the right for its id, and no right for claims helps', async () => {
    await expectRefused(await requester(onClaims('overwrite')), lun('staging-1'), 'luns/staging-1');
    const who = await requester(onLUNs('overwrite', 'staging-1', 'naa.6:1_a'));
    await expectCreated(who, lun('staging-1'));
    await expectCreated(who, lun('naa.6:1_a'));
    await expectRefused(who, lun('staging-2'), 'luns/staging-2');
    await expectCreated(await requester(onLUNs('overwrite')), lun('staging-2'));
  });
});

describe('a target that is left out', () => {
  it('needs the right for all claims, since it is not known yet', async () => {
    await expectRefused(await requester(onClaims('overwrite', 'orders')), withoutTarget, 'a target that is left out');
    await expectCreated(await requester(onClaims('overwrite')), withoutTarget);
  });

  it('of an undo needs the right for all LUNs too, unless it is named', async () => {
    await expectRefused(await requester(onClaims('overwrite')), undo(), 'the target of another run');
    await expectCreated(await requester(onClaims('overwrite'), onLUNs('overwrite')), undo());
    const named = { persistentVolumeClaimName: 'orders' };
    await expectCreated(await requester(onClaims('overwrite', 'orders')), undo(named));
  });
});

describe('a spec that asks for more, or for less', () => {
  it('needs a right of its own to overwrite volumes that no pair selects', async () => {
    const spec = { ...claim('orders'), unselectedVolumePolicy: 'Overwrite' };
    const who = await requester(onClaims('overwrite'));
    await expectRefused(who, spec, 'volumes that no pair selects');
    await cluster.give(namespace, who.user, onClaims('overwrite-unselected'));
    await expectCreated(who, spec);
  });

  it('needs no right where it is a Plan', async () => {
    await expectCreated(await requester(), { ...withoutTarget, mode: 'Plan', unselectedVolumePolicy: 'Overwrite' });
  });
});

describe('a request that is no creation', () => {
  it('needs the right when it lifts the suspension, and for nothing else', async () => {
    const owner = await requester(onClaims('overwrite'));
    const other = await requester();
    const object = lunResync({ ...claim('orders'), suspend: true }, 'held');
    expect(await cluster.create(owner, object)).toMatchObject({ code: 0 });
    const patch = (who: Requester, body: Json): ReturnType<AdmissionCluster['as']> =>
      cluster.as(who, ['patch', 'lunresync', 'held', '--type=merge', '-p', JSON.stringify(body)]);
    expect(await patch(other, { metadata: { labels: { a: 'b' } } })).toMatchObject({ code: 0 });
    expect(await patch(other, { spec: { ttlSecondsAfterFinished: 60 } })).toMatchObject({ code: 0 });
    const lifted = await patch(other, { spec: { suspend: false } });
    expect(lifted.stderr).toContain(`${other.user} may not overwrite persistentvolumeclaims/orders`);
    expect(await patch(owner, { spec: { suspend: false } })).toMatchObject({ code: 0 });
    expect(await patch(other, { spec: { cancel: true } })).toMatchObject({ code: 0 });
    expect(await cluster.as(other, ['delete', 'lunresync', 'held'])).toMatchObject({ code: 0 });
  });

  it('is answered as a dry run, with the same words', async () => {
    const who = await requester(onClaims('overwrite', 'orders'));
    await expectCreated(who, claim('orders'), '--dry-run=server');
    const { stderr } = await cluster.create(who, lunResync(claim('invoices')), '--dry-run=server');
    expect(stderr).toContain('may not overwrite persistentvolumeclaims/invoices');
  });

  it('and a server-side apply of a new object is a creation', async () => {
    const who = await requester(onClaims('overwrite', 'orders'));
    const apply = (spec: Json): ReturnType<AdmissionCluster['as']> =>
      cluster.as(who, ['apply', '--server-side', '-f', '-'], lunResync(spec, 'applied'));
    expect((await apply(claim('invoices'))).stderr).toContain('may not overwrite persistentvolumeclaims/invoices');
    expect(await apply(claim('orders'))).toMatchObject({ code: 0 });
  });
});

describe('the roles that come with the policies', () => {
  it('let a viewer look and not create, and an overwriter do everything', async () => {
    const viewer = { user: 'viewer', namespace };
    await cluster.bind(namespace, viewer.user, { kind: 'ClusterRole', name: 'lunresync-view' });
    await cluster.untilAllowed(namespace, viewer.user, { group: 'lunresync.io', resource: 'lunresyncs', verb: 'list' });
    expect(await cluster.as(viewer, ['get', 'lunresyncs'])).toMatchObject({ code: 0 });
    expect((await cluster.create(viewer, lunResync())).stderr).toContain('cannot create resource "lunresyncs"');
    const who = await requester();
    await cluster.bind(namespace, who.user, { kind: 'ClusterRole', name: 'lunresync-overwrite' });
    await cluster.untilAllowed(namespace, who.user, { group: 'lunresync.io', resource: 'luns', verb: 'overwrite' });
    for (const spec of [claim('orders'), lun('staging-1'), withoutTarget, undo()]) await expectCreated(who, spec);
    await expectRefused(who, { unselectedVolumePolicy: 'Overwrite' }, 'volumes that no pair selects');
  });

  it('and the sample lets Flux overwrite one claim and one LUN', async () => {
    const who = { user: 'system:serviceaccount:shop:flux', namespace: 'shop' };
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
    await sendOk(cluster.plane.admin, 'POST', '/api/v1/namespaces', body);
    const sample = ['apply', '-f', 'deploy/samples/overwrite-orders.yaml'];
    expect(await cluster.as({ ...who, user: 'admin' }, sample)).toMatchObject({ code: 0 });
    await cluster.addRequester('shop', who.user);
    const asked = ['auth', 'can-i', 'overwrite', 'persistentvolumeclaims/orders'];
    expect(await cluster.as(who, asked)).toMatchObject({ code: 0, stdout: 'yes\n' });
    await expectCreated(who, claim('orders'));
    await expectCreated(who, lun('staging-orders'));
    await expectRefused(who, claim('invoices'), 'persistentvolumeclaims/invoices');
  });
});
