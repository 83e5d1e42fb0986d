// A cluster with its clients: whichever provider LUNRESYNC_E2E_CLUSTER names, kubectl and helm.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
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
const CHARTS = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm');

/** Says on standard error what takes minutes. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Where a cluster and its clients are, for test files in other processes than the one that made it. */
export type ClusterAccess = {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Folder of kubectl and helm. */
  readonly programs: string;
};

/** The clients. All of them reject with what the program said when it fails. */
export type Cluster = {
  /** Runs kubectl as the administrator. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Runs helm as the administrator. */
  readonly helm: (...args: readonly string[]) => Promise<string>;
  /** Runs a script of sh in which kubectl and helm reach the cluster. */
  readonly shell: (script: string) => Promise<string>;
  /** Applies objects. */
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  /** Installs a chart of deploy/helm, or upgrades it, and waits until its Pods are ready. */
  readonly install: (chart: string, namespace: string, values: object) => Promise<void>;
};

/** A cluster that was made. Dispose of it to take it down. */
export type StartedCluster = AsyncDisposable & { readonly provider: ClusterProvider; readonly access: ClusterAccess };

/** Makes the cluster. */
export async function startCluster(engine: Engine): Promise<StartedCluster> {
  const provider = providerOf(process.env['LUNRESYNC_E2E_CLUSTER'] || 'node', engine);
  const programs = await findBinaries(['kubectl', 'helm'], say);
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-cluster-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  started.defer(() => provider.down());
  await provider.up();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, await provider.kubeconfig(), { mode: 0o600 });
  const cluster = started.move();
  return {
    provider,
    access: { kubeconfig, programs: programs.folder },
    [Symbol.asyncDispose]: () => cluster.disposeAsync(),
  };
}

/** The clients of a cluster. */
export function clusterAt({ kubeconfig, programs }: ClusterAccess): Cluster {
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    PATH: [programs, process.env['PATH'] ?? ''].join(delimiter),
  };
  const execute = async (program: string, args: readonly string[], input = ''): Promise<string> => {
    const running = promisify(execFile)(program, [...args], { ...LIMITS, env });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  return {
    kubectl: (...args) => execute('kubectl', args),
    helm: (...args) => execute('helm', args),
    shell: (script) => execute('sh', ['-ec', script]),
    apply: async (...objects) => {
      await execute('kubectl', ['apply', '-f', '-'], objects.map((object) => dump(object)).join('---\n'));
    },
    install: async (chart, namespace, values) => {
      const where = ['--namespace', namespace, '--values', '-', '--wait', '--timeout', '5m'];
      await execute('helm', ['upgrade', '--install', chart, join(CHARTS, chart), ...where], dump(values));
    },
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

const LIMITS = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };

const run: Run = async (program, args) => (await promisify(execFile)(program, [...args], LIMITS)).stdout;
