// The command lines of Kubernetes' storage control plane: the controllers of the controller manager that deal with
// volumes, and the sidecars that call a CSI driver for them.
import { dirname, join } from 'node:path';
import type { Binaries, Program } from '../../../scripts/control-plane/binaries.ts';
import { ServerProcess } from '../server-process.ts';

/** What the programs talk to. */
export type ProgramTargets = {
  readonly binaries: Binaries;
  readonly kubeconfigPath: string;
  /** Absolute path of the driver's socket. */
  readonly socketPath: string;
  /** Further flags, by program; a later one wins. */
  readonly flags?: ProgramFlags;
};

/** Flags by program. */
export type ProgramFlags = Partial<Record<Program, readonly string[]>>;

const CONTROLLERS = [
  'persistentvolume-binder-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
];

/** All of them, not started yet. Those that end because the driver is away are started again. */
export function storagePrograms(targets: ProgramTargets): readonly ServerProcess[] {
  const { binaries, kubeconfigPath, socketPath, flags = {} } = targets;
  const program = (
    name: Program,
    usual: readonly string[],
    isReady = async (_output: string): Promise<boolean> => true,
  ): ServerProcess =>
    new ServerProcess({
      name,
      program: binaries.path(name),
      args: [`--kubeconfig=${kubeconfigPath}`, ...usual, ...(flags[name] ?? [])],
      isReady,
      keepRunning: true,
    });
  const retries = ['--retry-interval-start=500ms', '--retry-interval-max=3s'];
  const driver = [`--csi-address=${socketPath}`, '--timeout=10s', ...retries];
  return [
    program('kube-controller-manager', controllerManagerFlags(kubeconfigPath), async (output) => isAtWork(output)),
    program('csi-provisioner', [...driver, '--extra-create-metadata', '--default-fstype=ext4']),
    program('csi-attacher', [...driver, '--default-fstype=ext4']),
    program('csi-resizer', [...driver, '--handle-volume-inuse-error=false']),
    program('csi-snapshotter', [...driver, '--extra-create-metadata']),
    program('snapshot-controller', retries),
  ];
}

function controllerManagerFlags(kubeconfigPath: string): string[] {
  return [
    '--leader-elect=false',
    // It serves nothing, so that it needs no port.
    '--secure-port=0',
    '--use-service-account-credentials=false',
    `--controllers=${CONTROLLERS.join(',')}`,
    // It makes this folder, by default under /usr.
    `--flex-volume-plugin-dir=${join(dirname(kubeconfigPath), 'flex-volumes')}`,
  ];
}

/**
 * Whether each controller has seen what there was. Before that, the one that attaches would take a VolumeAttachment that a
 * test makes for one that a Pod left behind, and delete it.
 */
function isAtWork(output: string): boolean {
  return output.split('"Caches are synced"').length > CONTROLLERS.length;
}
