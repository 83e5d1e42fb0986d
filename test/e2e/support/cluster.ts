// A cluster with its clients: whichever provider LUNRESYNC_E2E_CLUSTER names, kubectl and helm.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { findBinaries } from '../../../scripts/control-plane/binaries.ts';
import { k3dProvider } from '../providers/k3d.ts';
import { k3sContainerProvider } from '../providers/k3s-container.ts';
import { kubeconfigProvider } from '../providers/kubeconfig.ts';
import { nodeProvider } from '../providers/node.ts';
import type { ClusterProvider, Run } from '../providers/provider.ts';
import type { Engine } from './engine.ts';

const COMMAND_TIMEOUT_MS = 600_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Says on standard error what takes minutes. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** A cluster that is up. Dispose of it to take it down. */
export type Cluster = AsyncDisposable & {
  readonly provider: ClusterProvider;
  /** Runs kubectl as the administrator. Rejects with what it said when it fails. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Applies objects. */
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  /** Installs a chart of deploy/helm, or upgrades it, and waits until its Pods are ready. */
  readonly install: (chart: string, namespace: string, values: object) => Promise<void>;
};

/** Makes the cluster. */
export async function startCluster(engine: Engine): Promise<Cluster> {
  const provider = providerOf(process.env['LUNRESYNC_E2E_CLUSTER'] || 'node', engine);
  const { path } = await findBinaries(['kubectl', 'helm'], say);
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-cluster-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  started.defer(() => provider.down());
  await provider.up();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, await provider.kubeconfig(), { mode: 0o600 });
  const kubectl: Cluster['kubectl'] = (...args) => run(path('kubectl'), ['--kubeconfig', kubeconfig, ...args]);
  const written = async (content: string): Promise<string> => {
    const file = join(folder, `${randomUUID()}.yaml`);
    await writeFile(file, content);
    return file;
  };
  const cluster = started.move();
  return {
    provider,
    kubectl,
    apply: async (...objects) => {
      await kubectl('apply', '-f', await written(objects.map((object) => dump(object)).join('---\n')));
    },
    install: async (chart, namespace, values) => {
      const source = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm', chart);
      const where = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--values', await written(dump(values))];
      await run(path('helm'), ['upgrade', '--install', chart, source, ...where, '--wait', '--timeout', '5m']);
    },
    [Symbol.asyncDispose]: () => cluster.disposeAsync(),
  };
}

function providerOf(name: string, engine: Engine): ClusterProvider {
  switch (name) {
    case 'node':
      return nodeProvider(engine, say);
    case 'k3d':
      return k3dProvider(`lunresync-${randomUUID().slice(0, 8)}`, run);
    case 'k3s-container':
      return k3sContainerProvider(process.env['LUNRESYNC_E2E_K3S_IMAGE'] || 'rancher/k3s:v1.33.5-k3s1', engine);
    case 'kubeconfig':
      return kubeconfigProvider(
        { kubeconfigPath: needed('KUBECONFIG'), registry: needed('LUNRESYNC_E2E_REGISTRY') },
        run,
      );
    default:
      throw new Error(`LUNRESYNC_E2E_CLUSTER=${name}: use node, k3d, k3s-container or kubeconfig.`);
  }
}

function needed(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`LUNRESYNC_E2E_CLUSTER=kubeconfig needs ${variable}.`);
  return value;
}

const run: Run = async (program, args) => {
  const limits = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  return (await promisify(execFile)(program, [...args], limits)).stdout;
};
