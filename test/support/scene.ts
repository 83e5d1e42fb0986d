// A cluster, an array and an operator together, and what a user does with them.
import { randomUUID } from 'node:crypto';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { newNamespace, send, sendOk } from './api-client.ts';
import { type ArrayOptions, type ArrayProcess, startArray } from './array.ts';
import type { ProvidedCluster } from './control-plane-setup.ts';
import { type OperatorProcess, startOperator } from './operator.ts';
import { PATIENCE_MS, until } from './until.ts';

export const MIB = 1024 * 1024;

/** One array, one operator and one namespace on a cluster; everything goes when it is disposed of. */
export type Scene = AsyncDisposable & {
  readonly cluster: ProvidedCluster;
  readonly namespace: string;
  readonly arrayName: string;
  readonly array: ArrayProcess;
  readonly operator: OperatorProcess;
  /** Makes a LUN; `seed` fills it with bytes that depend on the seed, none leaves it empty. */
  lun(id: string, sizeBytes: number, seed?: string): Promise<void>;
  digest(lunID: string): Promise<string>;
  apply(
    name: string,
    spec: Partial<LunResyncSpec> & Pick<LunResyncSpec, 'pairs'>,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<LunResync>;
  read(name: string): Promise<LunResync | undefined>;
  patch(name: string, spec: object): Promise<void>;
  patchArray(spec: object): Promise<void>;
  /** Deletes it; one that is gone already is no error. */
  remove(name: string): Promise<void>;
  /** Waits until the object satisfies the condition. */
  until(name: string, what: string, condition: (resync: LunResync) => boolean, timeoutMs?: number): Promise<LunResync>;
  /** Waits for the end, and gives the object. */
  finished(name: string, timeoutMs?: number): Promise<LunResync>;
  events(name: string): Promise<readonly ResyncEvent[]>;
};

export type ResyncEvent = { readonly reason: string; readonly type: string; readonly note: string };

export type SceneOptions = {
  readonly array?: ArrayOptions;
  readonly operatorFlags?: readonly string[];
  /** Of the pool that all LUNs are in. */
  readonly poolBytes?: number;
  readonly arraySpec?: object;
};

/** The reason of the Succeeded condition; empty before the first visit. */
export function reasonOf(resync: LunResync): string {
  return resync.status.conditions?.find((condition) => condition.type === 'Succeeded')?.reason ?? '';
}

/** A pair of LUN ids. */
export function lunPair(name: string, source: string, target: string): LunResyncSpec['pairs'][number] {
  return { name, source: { lunID: source }, target: { lunID: target } };
}

export async function startScene(cluster: ProvidedCluster, options: SceneOptions = {}): Promise<Scene> {
  const { admin } = cluster;
  const namespace = await newNamespace(admin, 'scene');
  // What has been started ends also when a later part does not start.
  await using started = new AsyncDisposableStack();
  const array = started.use(await startArray(options.array));
  await array.admin.createPool({ name: 'pool', capacityBytes: BigInt(options.poolBytes ?? 8192 * MIB) });
  const arrayName = `array-${randomUUID().slice(0, 8)}`;
  const arrays = '/apis/lunresync.io/v1alpha1/storagearrays';
  const lunGrants = (['Source', 'Target'] as const).map((access) => ({
    name: access.toLowerCase(),
    namespace,
    access,
    lunIDs: ['*'],
  }));
  await sendOk(admin, 'POST', arrays, {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: arrayName },
    spec: { endpoint: array.endpoint, lunGrants, ...options.arraySpec },
  });
  const flags = options.operatorFlags ?? [];
  const operator = started.use(await startOperator({ kubeconfigPath: cluster.kubeconfigPath, namespace, flags }));
  const processes = started.move();
  return {
    cluster,
    namespace,
    arrayName,
    array,
    operator,
    lun: async (id, sizeBytes, seed) => {
      await array.admin.createLun({ id, pool: 'pool', sizeBytes: BigInt(sizeBytes) });
      if (seed !== undefined) await array.admin.fillPattern({ lunId: id, offset: 0n, length: BigInt(sizeBytes), seed });
    },
    digest: async (lunId) => (await array.admin.digest({ lunId })).digest,
    ...resyncsIn(admin, namespace, arrayName),
    patchArray: async (spec) => void (await sendOk(admin, 'PATCH', `${arrays}/${arrayName}`, { spec })),
    [Symbol.asyncDispose]: () => processes.disposeAsync(),
  };
}

/** The same scene as a user of another namespace sees it. The operator has to watch that namespace too. */
export function sceneIn(scene: Scene, namespace: string): Scene {
  return { ...scene, ...resyncsIn(scene.cluster.admin, namespace, scene.arrayName), namespace };
}

type Resyncs = Pick<Scene, 'apply' | 'read' | 'patch' | 'remove' | 'until' | 'finished' | 'events'>;

function resyncsIn(admin: ProvidedCluster['admin'], namespace: string, arrayName: string): Resyncs {
  const resyncs = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs`;
  const read = async (name: string): Promise<LunResync | undefined> => {
    const body = await sendOk(admin, 'GET', `${resyncs}/${name}`).catch((error: unknown) => {
      if (String(error).includes('404')) return undefined;
      throw error;
    });
    return body === undefined ? undefined : parsed(body);
  };
  const untilSatisfied: Scene['until'] = async (name, what, condition, timeoutMs = PATIENCE_MS) => {
    let last: LunResync | undefined;
    await until(
      () => `${name}: ${what}; it is now ${JSON.stringify(last?.status)}`,
      async () => {
        last = await read(name);
        return last !== undefined && condition(last);
      },
      timeoutMs,
    );
    if (last === undefined) throw new Error(`${name} is gone`);
    return last;
  };
  return {
    apply: async (name, spec, annotations = {}) =>
      parsed(
        await sendOk(admin, 'POST', resyncs, {
          apiVersion: 'lunresync.io/v1alpha1',
          kind: 'LunResync',
          metadata: { name, annotations },
          spec: { arrayName, ...spec },
        }),
      ),
    read,
    patch: async (name, spec) => void (await sendOk(admin, 'PATCH', `${resyncs}/${name}`, { spec })),
    remove: async (name) => {
      const { code, message } = await send(admin, 'DELETE', `${resyncs}/${name}`);
      if (code >= 300 && code !== 404) throw new Error(`${name} could not be deleted: ${message}`);
    },
    until: untilSatisfied,
    finished: (name, timeoutMs) =>
      untilSatisfied(name, 'it ends', (resync) => resync.status.completionTime !== undefined, timeoutMs),
    events: async (name) => {
      const query = encodeURIComponent(`regarding.name=${name}`);
      const list = await sendOk(
        admin,
        'GET',
        `/apis/events.k8s.io/v1/namespaces/${namespace}/events?fieldSelector=${query}`,
      );
      return (list['items'] ?? []) as readonly ResyncEvent[];
    },
  };
}

function parsed(value: unknown): LunResync {
  const result = parseLunResync(value);
  if (!result.ok) throw new Error(result.problem);
  return result.value;
}
