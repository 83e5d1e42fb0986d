// Finds the Kubernetes programs that tests and the demo run, or makes them: KUBEBUILDER_ASSETS, the user's cache, the
// official download, a build by Go from the modules pinned in tools/.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildPrograms, type GO_PROGRAMS, hasGo } from './build.ts';
import { downloadPrograms } from './download.ts';

/** Version of Kubernetes that is downloaded or built. */
export const KUBERNETES_VERSION = '1.36.3';

/** A program that can be found or built. */
export type Program = keyof typeof GO_PROGRAMS;

/** What a control plane needs. */
export const CONTROL_PLANE: readonly Program[] = ['etcd', 'kube-apiserver', 'kubectl'];

/** What makes PersistentVolumes and VolumeSnapshots of a CSI driver's LUNs, besides a control plane. */
export const STORAGE: readonly Program[] = [
  'kube-controller-manager',
  'csi-provisioner',
  'csi-attacher',
  'csi-resizer',
  'csi-snapshotter',
  'snapshot-controller',
];

/** What makes a node, and Pods run on it, besides a control plane and a container runtime. */
export const NODE: readonly Program[] = [
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kube-router',
];

/** What renders the chart and checks it and the alerts. */
export const DEPLOY: readonly Program[] = ['helm', 'kubeconform', 'promtool'];

/** Where programs were found. */
export type Binaries = {
  /** Folder that holds all of them. */
  readonly folder: string;
  /** Absolute path of a program; the program must be one of those asked for. */
  readonly path: (program: Program) => string;
};

/** None of the four ways worked. The message is one sentence saying what to install. */
export class BinariesMissingError extends Error {
  override readonly name = 'BinariesMissingError';
}

/** The project's folder under the user's cache directory for this version of Kubernetes. */
export function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'lunresync', `kubernetes-${KUBERNETES_VERSION}`);
}

/**
 * One folder that holds all the programs asked for; downloads or builds what is missing into the cache, which takes
 * minutes and is announced through `say`.
 *
 * Throws BinariesMissingError when nothing works.
 */
export async function findBinaries(programs: readonly Program[], say: (line: string) => void): Promise<Binaries> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets) {
    const missing = await missingIn(assets, programs);
    if (missing.length === 0) return binariesIn(assets);
    say(`KUBEBUILDER_ASSETS=${assets} has no ${missing.join(', ')}; looking further.`);
  }
  const cache = cacheFolder();
  const missing = await missingIn(cache, programs);
  if (missing.length === 0) return binariesIn(cache);
  const problem = await downloadPrograms({ missing, cache, version: KUBERNETES_VERSION, say });
  const unavailable = await missingIn(cache, programs);
  if (unavailable.length === 0) return binariesIn(cache);
  if (problem !== undefined) say(problem);
  if (!(await hasGo())) {
    throw new BinariesMissingError(
      `${unavailable.join(', ')} ${KUBERNETES_VERSION} not found: install Go 1.26 (they are then built from the modules in tools), or set KUBEBUILDER_ASSETS to a folder that holds them.`,
    );
  }
  await buildPrograms({ programs: unavailable, cache, version: KUBERNETES_VERSION, say });
  return binariesIn(cache);
}

function binariesIn(folder: string): Binaries {
  return { folder, path: (program) => join(folder, program) };
}

async function missingIn(folder: string, programs: readonly Program[]): Promise<Program[]> {
  const present = await Promise.all(programs.map((program) => isExecutable(join(folder, program))));
  return programs.filter((_, position) => present[position] === false);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
