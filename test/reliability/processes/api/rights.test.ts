// The operator loses its rights in the middle of runs and gets them back; the runs' namespace ends in their middle.
import { describe, expect, inject, it } from 'vitest';
import { resyncsPath } from '../../../api/acceptance.ts';
import { newNamespace, sendOk, serviceAccountToken } from '../../../support/api-client.ts';
import { reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { until } from '../../../support/until.ts';
import {
  applyPair,
  expectOneOperation,
  holdCopy,
  makePair,
  startedOf,
  startProxiedScene,
  untilCopying,
  untilGone,
} from './support/proxied-scene.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const GROUP = 'lunresync.io';
const READ = ['get', 'list', 'watch'];
const RULES = [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  {
    apiGroups: [GROUP],
    resources: ['lunresyncs', 'storagearrays'],
    verbs: ['get', 'list', 'watch', 'patch', 'delete'],
  },
  { apiGroups: [GROUP], resources: ['lunresyncs/status', 'storagearrays/status'], verbs: ['patch'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims', 'persistentvolumes', 'pods'], verbs: READ },
  { apiGroups: ['storage.k8s.io'], resources: ['volumeattachments'], verbs: READ },
  { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots', 'volumesnapshotcontents'], verbs: READ },
];

describe('rights that are taken away in the middle of runs', () => {
  let role: string;
  let subject: object;

  const scene = sharedScene(async () => {
    const cluster = inject('cluster');
    const namespace = await newNamespace(cluster.admin, 'operator');
    const token = await serviceAccountToken(cluster.admin, namespace, 'operator');
    role = `operator-${namespace}`;
    subject = { kind: 'ServiceAccount', name: 'operator', namespace };
    await sendOk(cluster.admin, 'POST', `${RBAC}/clusterroles`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: RULES,
    });
    await give();
    return startProxiedScene(cluster, { token });
  });

  const give = async (): Promise<void> =>
    void (await sendOk(inject('cluster').admin, 'POST', `${RBAC}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: role },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [subject],
    }));

  it('and given back: what ran is done once, what had not begun begins then', async () => {
    const ended = await makePair(scene, 'ended');
    const goesOn = await makePair(scene, 'goes-on');
    const begins = await makePair(scene, 'begins');
    const held = [await holdCopy(scene, 'ended'), await holdCopy(scene, 'goes-on')];
    await Promise.all([applyPair(scene, 'ended'), applyPair(scene, 'goes-on')]);
    await Promise.all([untilCopying(scene, 'ended'), untilCopying(scene, 'goes-on')]);
    await sendOk(scene.cluster.admin, 'DELETE', `${RBAC}/clusterrolebindings/${role}`);
    await applyPair(scene, 'begins');
    await held[0]?.letGo();
    // Also its watches and lists are refused from now on.
    scene.proxy.cutAll();
    const refused = (name: string): boolean =>
      scene.operator.log.some((line) => {
        const text = JSON.stringify(line);
        return text.includes(name) && text.includes('Forbidden');
      });
    await until(
      () => 'the end of a run to be refused',
      () => refused('/ended'),
    );
    await until(
      () => 'a list to be refused',
      () => refused('list lunresyncs'),
    );
    expect((await scene.read('ended'))?.status.completionTime).toBeUndefined();
    await give();
    await held[1]?.letGo();
    for (const pair of [ended, goesOn, begins]) await expectOneOperation(scene, pair);
  });
});

describe('a namespace that ends in the middle of runs', () => {
  it('has its runs ended, put back and gone, and those that are over too', async () => {
    await using scene = await startProxiedScene(inject('cluster'));
    const copying = await makePair(scene, 'copying');
    const over = await makePair(scene, 'over');
    await holdCopy(scene, 'copying');
    await Promise.all([applyPair(scene, 'copying'), applyPair(scene, 'over')]);
    await untilCopying(scene, 'copying');
    await expectOneOperation(scene, over);
    await scene.apply('waiting', {
      suspend: true,
      pairs: [{ name: 'data', source: { lunID: 'over-src' }, target: { lunID: 'over-dst' } }],
    });
    await scene.until('waiting', 'it waits', (resync) => reasonOf(resync) === 'Suspended');
    const { admin } = scene.cluster;
    await sendOk(admin, 'DELETE', `/api/v1/namespaces/${scene.namespace}`);
    // There is no controller manager here: this is what its namespace controller does next.
    await sendOk(admin, 'DELETE', resyncsPath(scene));
    for (const name of ['copying', 'over', 'waiting']) await untilGone(scene, name);
    expect(await scene.digest('copying-dst')).toBe(copying.target);
    expect(await scene.digest('over-dst')).toBe(over.source);
    expect(startedOf(scene, 'waiting')).toEqual([]);
    const { luns } = await scene.array.client.listLuns({});
    expect(luns.filter((lun) => lun.safetyOwner !== '')).toEqual([]);
  });
});
