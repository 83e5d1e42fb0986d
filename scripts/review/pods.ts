// A ground of Pods: a cluster of test/e2e with the chart of the simulated array in it; the operator's chart is installed by
// the point that needs it. LUNRESYNC_E2E_CLUSTER names the cluster, as for `npm run test:e2e`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../../test/e2e/support/cluster.ts';
import type { Engine } from '../../test/e2e/support/engine.ts';
import { buildImage } from '../../test/e2e/support/images.ts';
import { sidecarValues } from '../../test/e2e/support/sidecars.ts';
import { findBinaries } from '../control-plane/binaries.ts';
import { findSnapshotCRDs } from '../control-plane/snapshot-crds.ts';
import { execute, printed } from './commands.ts';
import { MissingMeansError } from './findings.ts';
import { type Ground, RELEASE, SYSTEM, type Terminal } from './ground.ts';
import { leaderOf, untilLeader } from './leader.ts';

const ARRAY = 'lunresync-array';
const SIMULATOR = 'lunresync-simulator';

/** A ground of Pods. */
export type PodGround = Ground & AsyncDisposable;

/** Builds the images, makes the cluster and installs the array: minutes. Throws MissingMeansError where it has none. */
export async function openPods(engine: Engine, say: (line: string) => void): Promise<PodGround> {
  const images = { operator: await buildImage(engine, 'operator'), simulator: await buildImage(engine, 'simulator') };
  await using started = new AsyncDisposableStack();
  const cluster = await startCluster(engine).catch((cause: unknown) => {
    throw new MissingMeansError(`no cluster could be made: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  });
  started.use(cluster);
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-review-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const terminal = await terminalOf(cluster, folder, say);
  await cluster.apply(
    namespace(SYSTEM, 'restricted'),
    namespace(ARRAY, 'privileged'),
    namespace('review', 'restricted'),
  );
  const [repository = '', tag = ''] = (await cluster.provider.loadImage(images.operator)).split(/:(?=[^:/]+$)/);
  await installArray(cluster, engine, images.simulator);
  const open = started.move();
  return {
    ...terminal,
    operator: 'Pods',
    namespace: 'review',
    arrayName: 'array-a',
    leaseNamespace: SYSTEM,
    lunarray: (args) => {
      const cli = ['node', 'dist/simulator/cli/main.js', '--data', '/data', ...args];
      return printed(terminal.kubectl(['exec', `--namespace=${ARRAY}`, `${SIMULATOR}-0`, '--', ...cli]));
    },
    killLeader: async () => {
      const scale = ['scale', `deployment/${RELEASE}`, `--namespace=${SYSTEM}`, '--replicas=2'];
      await printed(terminal.kubectl(scale));
      await printed(terminal.kubectl(['rollout', 'status', `deployment/${RELEASE}`, `--namespace=${SYSTEM}`]));
      const [pod = ''] = (await leaderOf(terminal, SYSTEM)).split('_');
      await printed(terminal.kubectl(['delete', 'pod', pod, `--namespace=${SYSTEM}`, '--grace-period=0', '--force']));
    },
    // helm has waited until the new Pod is ready; the old one lets go of the Lease as it ends.
    handOver: async () => void (await untilLeader(terminal, SYSTEM)),
    releaseFlags: [
      '--wait',
      '--timeout=5m',
      `--set=image.repository=${repository},operator.progressInterval=1s`,
      `--set-string=image.tag=${tag}`,
    ],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function terminalOf(cluster: Cluster, folder: string, say: (line: string) => void): Promise<Terminal> {
  const { path } = await findBinaries(['kubectl', 'helm'], say);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, await cluster.provider.kubeconfig(), { mode: 0o600 });
  const at = `--kubeconfig=${kubeconfig}`;
  return {
    kubectl: (args, input) => execute(path('kubectl'), [at, ...args], { input }),
    helm: (args) => execute(path('helm'), [...args, at], { env: { HOME: folder } }),
    kubectlCommand: [path('kubectl'), at],
  };
}

async function installArray(cluster: Cluster, engine: Engine, image: string): Promise<void> {
  const { provider, kubectl, install } = cluster;
  await kubectl('apply', '-f', await findSnapshotCRDs());
  const { snapshotController = {}, ...sidecars } = (await sidecarValues(engine, provider)) as {
    readonly snapshotController?: object;
  };
  const controller = { snapshotController: { enabled: true, ...snapshotController } };
  await install(SIMULATOR, ARRAY, { image: { name: await provider.loadImage(image) }, ...sidecars, ...controller });
}

/** Tells the operator, whose chart has brought the CRDs, of the array. */
export async function nameArray({ kubectl, namespace: user, arrayName }: Ground): Promise<void> {
  const service = ['get', 'service', SIMULATOR, `--namespace=${ARRAY}`, '--output=jsonpath={.spec.clusterIP}'];
  // Not every cluster of these tests has DNS.
  const endpoint = `ipv4:${await printed(kubectl(service))}:50051`;
  const lunGrants = ['Source', 'Target'].map((access) => ({
    name: access.toLowerCase(),
    namespace: user,
    access,
    lunIDs: ['*'],
  }));
  const array = {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: arrayName },
    spec: { endpoint, insecure: true, lunGrants },
  };
  await printed(kubectl(['apply', '-f', '-'], JSON.stringify(array)));
}

function namespace(name: string, level: 'restricted' | 'privileged'): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': level } },
  };
}
