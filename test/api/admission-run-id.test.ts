// deploy/admission on a real kube-apiserver: what a GitOps tool applies must name its run; and the operator works behind it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLunResync } from '../../src/api/lun-resync.ts';
import { gitOpsTool } from '../../src/core/gitops.ts';
import { type Json, sendOk } from '../support/api-client.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { startsOf, untilGone } from './acceptance.ts';
import { AdmissionCluster, onLUNs } from './admission-fixture.ts';
import { lunResync } from './objects.ts';

let cluster: AdmissionCluster;

beforeAll(async () => {
  cluster = await AdmissionCluster.start();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const ADMIN = { user: 'admin', namespace: 'default' };
const ARGO_CD = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:lunresync.io/LunResync:shop/restore' } };
const MARKS: [tool: string, metadata: Json][] = [
  ['Argo CD', ARGO_CD],
  ['Argo CD', { labels: { 'argocd.argoproj.io/instance': 'shop' } }],
  ['Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } }],
  ['Flux', { labels: { 'helm.toolkit.fluxcd.io/name': 'shop', 'app.kubernetes.io/managed-by': 'Helm' } }],
  ['Helm', { annotations: { 'meta.helm.sh/release-name': 'shop' } }],
  ['Helm', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }],
];
const NO_MARKS: [what: string, metadata: Json][] = [
  ['nothing', {}],
  [
    'what many charts and people set',
    { labels: { 'app.kubernetes.io/instance': 'shop', 'helm.sh/chart': 'shop-1.0.0' } },
  ],
  ['another manager', { labels: { 'app.kubernetes.io/managed-by': 'kustomize' } }],
  ['an instruction for Argo CD', { annotations: { 'argocd.argoproj.io/sync-wave': '1' } }],
];

function marked(metadata: Json, spec: Json = {}, name?: string): Json {
  const object = lunResync(spec, name);
  return { ...object, metadata: { ...(object['metadata'] as Json), ...metadata } };
}

/** Creates it, and gives the tool that the operator, for its part, takes for the one that would create it again. */
async function createdBy(object: Json): Promise<string | undefined> {
  const { code, stdout, stderr } = await cluster.create(ADMIN, object, '--output=json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const parsed = parseLunResync(JSON.parse(stdout));
  if (!parsed.ok) throw new Error(parsed.problem);
  return gitOpsTool(parsed.value);
}

describe('an object that a GitOps tool applies', () => {
  it.each(MARKS)('needs a runID with the marks of %s: %j', async (tool, metadata) => {
    const refused = await cluster.create(ADMIN, marked(metadata));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `spec.runID must be set, since ${tool} applies this object: it would create it again`,
    );
    expect(await createdBy(marked(metadata, { runID: 'nightly-1' }))).toBe(tool);
  });

  it.each(NO_MARKS)('is not meant by %s', async (_, metadata) => {
    expect(await createdBy(marked(metadata))).toBeUndefined();
  });

  it('needs no runID where it is a Plan', async () => {
    expect(await cluster.create(ADMIN, marked(ARGO_CD, { mode: 'Plan' }))).toMatchObject({ code: 0, stderr: '' });
  });

  it('is refused as a dry run and by server-side apply too, as these tools ask', async () => {
    const object = marked(ARGO_CD, {}, 'by-apply');
    const apply = ['apply', '--server-side', '--field-manager=argocd-controller', '-f', '-'];
    for (const args of [apply, [...apply, '--dry-run=server']])
      expect((await cluster.as(ADMIN, args, object)).stderr).toContain('spec.runID must be set');
  });

  it('may get the marks after it was created', async () => {
    expect(await cluster.create(ADMIN, lunResync({}, 'adopted'))).toMatchObject({ code: 0 });
    const label = ['label', 'lunresync', 'adopted', 'kustomize.toolkit.fluxcd.io/name=shop'];
    expect(await cluster.as(ADMIN, label)).toMatchObject({ code: 0 });
  });
});

describe('the operator behind both policies', () => {
  const OPERATOR = 'system:serviceaccount:lunresync-system:lunresync';
  const VIEW = ['get', 'list', 'watch'];
  const RULES = [
    { apiGroups: [''], resources: ['namespaces', 'persistentvolumes', 'persistentvolumeclaims', 'pods'], verbs: VIEW },
    { apiGroups: ['storage.k8s.io'], resources: ['volumeattachments'], verbs: VIEW },
    { apiGroups: ['lunresync.io'], resources: ['lunresyncs', 'storagearrays'], verbs: [...VIEW, 'patch', 'delete'] },
    { apiGroups: ['lunresync.io'], resources: ['lunresyncs/status', 'storagearrays/status'], verbs: ['patch'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ];

  async function startWithOperator(): Promise<Scene> {
    const { admin, kubectlPath } = cluster.plane;
    const name = 'lunresync-operator';
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: RULES };
    await sendOk(admin, 'POST', `${rbac}/clusterroles`, role);
    await sendOk(admin, 'POST', `${rbac}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: OPERATOR }],
    });
    return startScene({ admin, kubectlPath, kubeconfigPath: await cluster.plane.addUser(OPERATOR) });
  }

  it('finishes a run of a GitOps tool, lets its object go, and does not repeat the run', async () => {
    await using scene = await startWithOperator();
    const { namespace, arrayName } = scene;
    await scene.lun('golden', 4 * MIB, 'golden');
    await scene.lun('staging', 4 * MIB, 'staging');
    const flux = { user: `system:serviceaccount:${namespace}:flux`, namespace };
    await cluster.addRequester(namespace, flux.user, onLUNs('overwrite', 'staging'));
    const spec = { arrayName, runID: 'refresh-1', pairs: [lunPair('data', 'golden', 'staging')] };
    const object = marked({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } }, spec, 'refresh');
    expect(await cluster.create(flux, object)).toMatchObject({ code: 0 });
    expect(reasonOf(await scene.finished('refresh'))).toBe('Completed');
    expect(await scene.digest('staging')).toBe(await scene.digest('golden'));
    expect(await cluster.as(flux, ['delete', 'lunresync', 'refresh', '--wait=false'])).toMatchObject({ code: 0 });
    await untilGone(scene, 'refresh');
    expect(await cluster.create(flux, object)).toMatchObject({ code: 0 });
    expect(reasonOf(await scene.finished('refresh'))).toBe('AlreadyCompleted');
    expect(startsOf(scene, 'refresh')).toHaveLength(1);
  });
});
