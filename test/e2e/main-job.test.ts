// The main job in a whole cluster, from the charts: a claim whose Pod damaged its files gets a snapshot back.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSnapshotCRDs } from '../../scripts/control-plane/snapshot-crds.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { findEngine, isExpected } from './support/engine.ts';
import { buildImage } from './support/images.ts';
import { sidecarValues } from './support/sidecars.ts';

const START_TIMEOUT_MS = 2_400_000;
const SHOP = 'shop';

describe.skipIf(!isExpected('cluster'))('a claim in a cluster', () => {
  let cluster: Cluster;
  /** Has a shell and Node. */
  let podImage: string;

  beforeAll(async () => {
    const engine = await findEngine();
    const [operator, simulator] = [await buildImage(engine, 'operator'), await buildImage(engine, 'simulator')];
    cluster = await startCluster(engine);
    const { provider, kubectl, apply, install } = cluster;
    await kubectl('apply', '-f', await findSnapshotCRDs());
    await apply(
      namespace('lunresync-system', 'restricted'),
      namespace('lunresync-array', 'privileged'),
      namespace(SHOP, 'restricted'),
    );
    const [repository = '', tag = ''] = (await provider.loadImage(operator)).split(/:(?=[^:/]+$)/);
    await install('lunresync', 'lunresync-system', { image: { repository, tag } });
    podImage = await provider.loadImage(simulator);
    const { snapshotController = {}, ...sidecars } = (await sidecarValues(engine, provider)) as {
      snapshotController?: object;
    };
    await install('lunresync-simulator', 'lunresync-array', {
      image: { name: podImage },
      ...sidecars,
      snapshotController: { enabled: true, ...snapshotController },
    });
    const service = ['get', 'service', 'lunresync-simulator', '--namespace', 'lunresync-array'];
    const address = await kubectl(...service, '--output', 'jsonpath={.spec.clusterIP}');
    // Not every cluster of these tests has DNS.
    await apply({
      apiVersion: 'lunresync.io/v1alpha1',
      kind: 'StorageArray',
      metadata: { name: 'array-a' },
      spec: { endpoint: `ipv4:${address}:50051`, insecure: true, csiDriverName: 'sim.lunresync.io' },
    });
    await kubectl('wait', 'storagearray/array-a', '--for=condition=Ready', '--timeout=60s');
  }, START_TIMEOUT_MS);

  afterAll(() => cluster?.[Symbol.asyncDispose]());

  /** Runs a script of Node in a Pod that has the claim at /data; gives what it printed once the Pod is gone. */
  async function inPod(name: string, script: string): Promise<string> {
    const { apply, kubectl } = cluster;
    await apply(pod(name, podImage, script));
    const inShop = ['--namespace', SHOP];
    await kubectl('wait', ...inShop, `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=120s');
    const output = await kubectl('logs', ...inShop, name);
    await kubectl('delete', 'pod', ...inShop, name, '--wait');
    return output.trim();
  }

  it('has the files of its snapshot again after a LunResync', async () => {
    const { apply, kubectl } = cluster;
    const inShop = ['--namespace', SHOP];
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
    await kubectl('wait', ...inShop, 'volumesnapshot/orders-nightly', isReady, '--timeout=60s');
    await inPod('damager', `${write('nothing')}; fs.writeFileSync('/data/ransom', 'note')`);
    const sample = join(import.meta.dirname, '..', '..', 'deploy', 'samples', 'restore-claim.yaml');
    await kubectl('apply', ...inShop, '-f', sample);
    await kubectl('wait', ...inShop, 'lunresync/restore-orders', '--for=condition=Succeeded', '--timeout=120s');
    const status = '-o=jsonpath={.status.conditions[?(@.type=="Succeeded")].reason} {.status.dataState}';
    expect(await kubectl('get', ...inShop, 'lunresync/restore-orders', status)).toBe('Completed MatchesSource');
    const read = "console.log(fs.readdirSync('/data').join(), fs.readFileSync('/data/orders', 'utf8'))";
    expect(await inPod('reader', read)).toBe('lost+found,orders a hundred orders');
  }, 600_000);

  it('is not overwritten while a Pod has it, and is as soon as the Pod is gone', async () => {
    const { apply, kubectl } = cluster;
    const inShop = ['--namespace', SHOP];
    await apply(pod('user', podImage, "fs.writeFileSync('/data/orders', 'in use'); setInterval(() => {}, 1000)"));
    await kubectl('wait', ...inShop, 'pod/user', '--for=condition=Ready', '--timeout=120s');
    const pairs = [
      {
        name: 'data',
        source: { volumeSnapshotName: 'orders-nightly' },
        target: { persistentVolumeClaimName: 'orders' },
      },
    ];
    const metadata = { name: 'restore-in-use', namespace: SHOP };
    await apply({ apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata, spec: { pairs } });
    const resync = [...inShop, 'lunresync/restore-in-use'];
    const reason = '{.status.conditions[?(@.type=="Succeeded")].reason}';
    await kubectl('wait', ...resync, `--for=jsonpath=${reason}=WaitingForTarget`, '--timeout=60s');
    expect(await kubectl('get', ...resync, '--output=jsonpath={.status.users}')).toContain('user');
    await kubectl('delete', 'pod', ...inShop, 'user', '--wait', '--grace-period=1');
    await kubectl('wait', ...resync, '--for=condition=Succeeded', '--timeout=180s');
    expect(await inPod('reader-after-use', "console.log(fs.readFileSync('/data/orders', 'utf8'))")).toBe(
      'a hundred orders',
    );
  }, 600_000);

  it('keeps the operator in a namespace that allows restricted Pods only, with a root that cannot be written', async () => {
    const spec = await cluster.kubectl('get', 'pods', '-n', 'lunresync-system', '-o', 'jsonpath={.items[*].spec}');
    expect(spec).toContain('"readOnlyRootFilesystem":true');
    const level = 'jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}';
    expect(await cluster.kubectl('get', 'namespace', 'lunresync-system', '-o', level)).toBe('restricted');
  });
});

function namespace(name: string, level: 'restricted' | 'privileged'): object {
  const labels = { 'pod-security.kubernetes.io/enforce': level };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function pod(name: string, image: string, script: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: SHOP },
    spec: {
      restartPolicy: 'Never',
      // Volumes belong to root when they are new; the group makes them writable.
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'main',
          image,
          command: ['node', '-e', script],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'orders' } }],
    },
  };
}
