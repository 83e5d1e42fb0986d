// The main job in a whole cluster, from the charts: a claim whose Pod damaged its files gets a snapshot back.
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { isExpected } from '../support/engine.ts';
import { namespace, OPERATOR_NAMESPACE } from '../support/installation.ts';
import { podOf, runPod, type ScriptPod } from '../support/pods.ts';
import { useRuns } from '../support/runs.ts';

const SHOP = 'shop';
const IN_SHOP = `--namespace=${SHOP}`;
const RESTORE = join(import.meta.dirname, '..', '..', '..', 'deploy', 'samples', 'restore-claim.yaml');

describe.skipIf(!isExpected('cluster'))('a claim in a cluster', () => {
  const runs = useRuns();
  const withOrders = (name: string, script: string): ScriptPod => ({
    name,
    namespace: SHOP,
    image: inject('e2e').podImage,
    script: `import fs from 'node:fs'; ${script}`,
    claim: 'orders',
  });
  /** Runs a script in a Pod that has the claim; gives what it printed once the Pod is gone. */
  const inPod = (name: string, script: string): Promise<string> => runPod(runs().cluster, withOrders(name, script));

  beforeAll(() => runs().cluster.apply(namespace(SHOP, 'restricted')));

  it('has the files of its snapshot again after a LunResync', async () => {
    const { apply, kubectl } = runs().cluster;
    await apply({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'orders', namespace: SHOP },
      spec: {
        storageClassName: 'sim',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '64Mi' } },
      },
    });
    const write = (text: string): string => `fs.writeFileSync('/data/orders', '${text}', { flush: true })`;
    await inPod('writer', write('a hundred orders'));
    await apply({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name: 'orders-nightly', namespace: SHOP },
      spec: { volumeSnapshotClassName: 'sim', source: { persistentVolumeClaimName: 'orders' } },
    });
    const isReady = '--for=jsonpath={.status.readyToUse}=true';
    await kubectl('wait', IN_SHOP, 'volumesnapshot/orders-nightly', isReady, '--timeout=60s');
    await inPod('damager', `${write('nothing')}; fs.writeFileSync('/data/ransom', 'note')`);
    await kubectl('apply', IN_SHOP, '-f', RESTORE);
    await kubectl('wait', IN_SHOP, 'lunresync/restore-orders', '--for=condition=Succeeded', '--timeout=120s');
    const status = '-o=jsonpath={.status.conditions[?(@.type=="Succeeded")].reason} {.status.dataState}';
    expect(await kubectl('get', IN_SHOP, 'lunresync/restore-orders', status)).toBe('Completed MatchesSource');
    const read = "console.log(fs.readdirSync('/data').join(), fs.readFileSync('/data/orders', 'utf8'))";
    expect(await inPod('reader', read)).toBe('lost+found,orders a hundred orders');
  });

  it('is not overwritten while a Pod has it, and is as soon as the Pod is gone', async () => {
    const { apply, kubectl } = runs().cluster;
    await apply(podOf(withOrders('user', "fs.writeFileSync('/data/orders', 'in use'); setInterval(() => {}, 1000)")));
    await kubectl('wait', IN_SHOP, 'pod/user', '--for=condition=Ready', '--timeout=120s');
    const pairs = [
      {
        name: 'data',
        source: { volumeSnapshotName: 'orders-nightly' },
        target: { persistentVolumeClaimName: 'orders' },
      },
    ];
    const metadata = { name: 'restore-in-use', namespace: SHOP };
    await apply({ apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata, spec: { pairs } });
    const resync = [IN_SHOP, 'lunresync/restore-in-use'];
    const reason = '{.status.conditions[?(@.type=="Succeeded")].reason}';
    await kubectl('wait', ...resync, `--for=jsonpath=${reason}=WaitingForTarget`, '--timeout=60s');
    expect(await kubectl('get', ...resync, '--output=jsonpath={.status.users}')).toContain('user');
    await kubectl('delete', 'pod', IN_SHOP, 'user', '--wait');
    await kubectl('wait', ...resync, '--for=condition=Succeeded', '--timeout=180s');
    expect(await inPod('reader-after-use', "console.log(fs.readFileSync('/data/orders', 'utf8'))")).toBe(
      'a hundred orders',
    );
  });

  it('keeps the operator in a namespace that allows restricted Pods only, with a root that cannot be written', async () => {
    const { kubectl } = runs().cluster;
    const spec = await kubectl('get', 'pods', '-n', OPERATOR_NAMESPACE, '-o', 'jsonpath={.items[*].spec}');
    expect(spec).toContain('"readOnlyRootFilesystem":true');
    const level = 'jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}';
    expect(await kubectl('get', 'namespace', OPERATOR_NAMESPACE, '-o', level)).toBe('restricted');
  });
});
