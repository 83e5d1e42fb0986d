// A ground of Pods: a cluster of test/e2e with the chart of the simulated array in it; the operator's chart is installed by
// the point that needs it. LUNRESYNC_E2E_CLUSTER names the cluster, as for `npm run test:e2e`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, type ClusterAccess, clusterAt, startCluster } from '../../test/e2e/support/cluster.ts';
import type { Engine } from '../../test/e2e/support/engine.ts';
import { buildImage } from '../../test/e2e/support/images.ts';
import { namespace } from '../../test/e2e/support/installation.ts';
import { sidecarValues } from '../../test/e2e/support/sidecars.ts';
import { ARRAY_NAMESPACE } from '../../test/e2e/support/simulated-array.ts';
import { findSnapshotCRDs } from '../control-plane/snapshot-crds.ts';
import { CHART, upgrade } from './chart.ts';
import { execute, printed } from './commands.ts';
import { type Ground, SYSTEM, type Terminal } from './ground.ts';
import { leaderOf, untilLeader } from './leader.ts';

const SIMULATOR = 'lunresync-simulator';

/** A ground of Pods. */
export type PodGround = Ground & AsyncDisposable;

/** Builds the images, makes the cluster and installs the array: minutes. A cluster that is expected and cannot be made is a failure. */
export async function openPods(engine: Engine): Promise<PodGround> {
  const images = { operator: await buildImage(engine, 'operator'), simulator: await buildImage(engine, 'simulator') };
  await using started = new AsyncDisposableStack();
  const { provider, access } = started.use(await startCluster(engine));
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-review-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const terminal = terminalOf(access, folder);
  const cluster = clusterAt(access);
  await cluster.apply(
    namespace(SYSTEM, 'restricted'),
    namespace(ARRAY_NAMESPACE, 'privileged'),
    namespace('review', 'restricted'),
  );
  const [repository = '', tag = ''] = (await provider.loadImage(images.operator)).split(/:(?=[^:/]+$)/);
  await installArray(cluster, await provider.loadImage(images.simulator), await sidecarValues(engine, provider));
  const releaseFlags = [
    '--wait',
    '--timeout=5m',
    `--set=image.repository=${repository},operator.progressInterval=1s`,
    `--set-string=image.tag=${tag}`,
  ];
  const open = started.move();
  return {
    ...terminal,
    operator: 'Pods',
    namespace: 'review',
    arrayName: 'array-a',
    leaseNamespace: SYSTEM,
    lunarray: (args) => {
      const cli = ['node', 'dist/simulator/cli/main.js', '--data', '/data', ...args];
      return printed(terminal.kubectl(['exec', `--namespace=${ARRAY_NAMESPACE}`, `${SIMULATOR}-0`, '--', ...cli]));
    },
    killLeader: async () => {
      // Not by `kubectl scale`: helm would take the number of replicas for somebody else's from then on.
      await printed(upgrade({ ...terminal, releaseFlags }, CHART, ['--set=replicaCount=2']));
      const [pod = ''] = (await leaderOf(terminal, SYSTEM)).split('_');
      await printed(terminal.kubectl(['delete', 'pod', pod, `--namespace=${SYSTEM}`, '--grace-period=0', '--force']));
    },
    // helm has waited until the new Pod is ready; the old one lets go of the Lease as it ends.
    handOver: async () => void (await untilLeader(terminal, SYSTEM)),
    releaseFlags,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function terminalOf({ kubeconfig, programs }: ClusterAccess, folder: string): Terminal {
  const [kubectl, helm] = [join(programs, 'kubectl'), join(programs, 'helm')];
  const at = `--kubeconfig=${kubeconfig}`;
  return {
    kubectl: (args, input) => execute(kubectl, [at, ...args], { input }),
    helm: (args) => execute(helm, [...args, at], { env: { HOME: folder } }),
    kubectlCommand: [kubectl, at],
  };
}

async function installArray(
  { kubectl, install }: Cluster,
  image: string,
  { snapshotController = {}, ...sidecars }: Awaited<ReturnType<typeof sidecarValues>>,
): Promise<void> {
  await kubectl('apply', '-f', await findSnapshotCRDs());
  const controller = { snapshotController: { enabled: true, ...snapshotController } };
  await install(SIMULATOR, ARRAY_NAMESPACE, { image: { name: image }, ...sidecars, ...controller });
}

/** Tells the operator, whose chart has brought the CRDs, of the array. */
export async function nameArray({ kubectl, namespace: user, arrayName }: Ground): Promise<void> {
  const lunGrants = ['Source', 'Target'].map((access) => {
    return { name: access.toLowerCase(), namespace: user, access, lunIDs: ['*'] };
  });
  const endpoint = `dns:///${SIMULATOR}.${ARRAY_NAMESPACE}.svc:50051`;
  const array = {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: arrayName },
    spec: { endpoint, insecure: true, lunGrants },
  };
  await printed(kubectl(['apply', '-f', '-'], JSON.stringify(array)));
}
