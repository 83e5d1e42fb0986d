/** A scene whose operator talks to the API server through a proxy, and what a test asks of it afterwards. */
import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { LunResync } from '../../../../../src/api/lun-resync.ts';
import { FaultAction } from '../../../../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../../../../src/proto/lunarray/v1/lunarray_pb.js';
import { ARRAYS_PATH, resyncsPath } from '../../../../api/acceptance.ts';
import { send } from '../../../../support/api-client.ts';
import type { ProvidedCluster } from '../../../../support/control-plane-setup.ts';
import { type OperatorProcess, startOperator } from '../../../../support/operator.ts';
import { lunPair, MIB, reasonOf, type Scene, type SceneOptions, startScene } from '../../../../support/scene.ts';
import { PATIENCE_MS, until } from '../../../../support/until.ts';
import { ApiProxy } from './api-proxy.ts';
import { SharedList } from './shared-list.ts';
import type { WatchStream } from './watch-stream.ts';

/** Its disposal rejects when an operator has made a read that may be answered from a cache. */
export type ProxiedScene = Scene & { readonly proxy: ApiProxy };

export type ProxiedSceneOptions = SceneOptions & {
  /** Whose the operator's requests are; the administrator's without it. */
  readonly token?: string;
};

/** Flags that make an operator look often. */
export const QUICK = ['--progress-interval', '200ms', '--poll-interval', '100ms', '--workers', '32'];

/** Starts proxy, array and operator. */
export async function startProxiedScene(
  cluster: ProvidedCluster,
  options: ProxiedSceneOptions = {},
): Promise<ProxiedScene> {
  const proxy = await ApiProxy.start(cluster.admin, options.token);
  const operatorFlags = [...QUICK, ...(options.operatorFlags ?? [])];
  const behind = { ...cluster, kubeconfigPath: proxy.kubeconfigPath };
  const scene = await startScene(behind, { ...options, operatorFlags }).catch(async (error: unknown) => {
    await proxy[Symbol.asyncDispose]();
    throw error;
  });
  const untilSatisfied = waiting(new SharedList(cluster.admin, scene.namespace));
  return {
    ...scene,
    proxy,
    until: untilSatisfied,
    finished: (name, timeoutMs) =>
      untilSatisfied(name, 'it ends', ({ status }) => status.completionTime !== undefined, timeoutMs),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await scene[Symbol.asyncDispose]();
      await forgetArray(scene);
      await proxy[Symbol.asyncDispose]();
      const paths = proxy.cacheReads.map(({ path }) => path);
      if (paths.length > 0) throw new Error(`reads that a cache may answer: ${paths.join(', ')}`);
    },
  };
}

/** Starts a second operator of the scene, with the same flags and then these. */
export function startSecond(
  { proxy, namespace }: ProxiedScene,
  flags: readonly string[] = [],
): Promise<OperatorProcess> {
  return startOperator({ kubeconfigPath: proxy.kubeconfigPath, namespace, flags: [...QUICK, ...flags] });
}

/** Other scenes' operators need not look for an array that is gone. */
async function forgetArray({ cluster, arrayName }: Scene): Promise<void> {
  const path = `${ARRAYS_PATH}/${arrayName}`;
  await send(cluster.admin, 'PATCH', path, { metadata: { finalizers: null } });
  await send(cluster.admin, 'DELETE', path);
}

const WATCHED = ['lunresyncs', 'storagearrays'];

/** Waits until both resources are watched, and does something to their watches. */
export async function toWatches({ proxy }: ProxiedScene, act: (stream: WatchStream) => void): Promise<void> {
  const isWatching = (): boolean => WATCHED.every((plural) => proxy.watches(plural).length > 0);
  await until(() => 'the operator to watch', isWatching);
  for (const plural of WATCHED) for (const stream of proxy.watches(plural)) act(stream);
}

/** `Scene.until`, by few requests for many who wait. */
function waiting(list: SharedList): Scene['until'] {
  return async (name, what, condition, timeoutMs = PATIENCE_MS) => {
    const deadline = performance.now() + timeoutMs;
    let last: unknown;
    while (performance.now() < deadline) {
      // An API server that has just been started again refuses for a while.
      const resync = await list.read(name).catch((error: unknown) => void (last = error));
      if (resync !== undefined && condition(resync)) return resync;
      last = resync?.status ?? last;
    }
    throw new Error(`waited in vain for ${name}: ${what}; last seen: ${inspect(last, { depth: 6 })}`);
  };
}

/** Of the LUNs of `makePair`. */
export const LUN_BYTES = 2 * MIB;

/** Two LUNs as they were before a run: `<name>-src` and `<name>-dst`, and the digests of their bytes. */
export type Pair = { readonly name: string; readonly source: string; readonly target: string };

/** Makes the two LUNs, with different bytes. */
export async function makePair(scene: Scene, name: string): Promise<Pair> {
  const made = async (id: string): Promise<string> => {
    await scene.lun(id, LUN_BYTES, id);
    return scene.digest(id);
  };
  const [source, target] = await Promise.all([made(`${name}-src`), made(`${name}-dst`)]);
  return { name, source, target };
}

/** Applies a run of the two LUNs of `makePair`. */
export function applyPair(scene: Scene, name: string, spec: object = {}): Promise<LunResync> {
  return scene.apply(name, { pairs: [lunPair('data', `${name}-src`, `${name}-dst`)], ...spec });
}

/** The operations of an object that the array was ever asked to start, each once, in the order of the first request. */
export function startedOf(scene: Pick<Scene, 'array' | 'namespace'>, name: string): string[] {
  const owner = `/${scene.namespace}/${name}/`;
  const calls = scene.array.callLog().filter((call) => call.method === 'StartOperation' && call.owner.includes(owner));
  return [...new Set(calls.map((call) => call.operationID))];
}

/** The object has ended with success by one operation: its target has the bytes that the source had, and still has. */
export async function expectOneOperation(scene: Scene, { name, source }: Pair): Promise<LunResync> {
  const done = await scene.finished(name);
  const { dataState, attempt } = done.status;
  expect({ name, reason: reasonOf(done), dataState, attempt }).toEqual({
    name,
    reason: 'Completed',
    dataState: 'MatchesSource',
    attempt: 1,
  });
  expect(startedOf(scene, name)).toEqual([`${done.metadata.uid}.1`]);
  expect([await scene.digest(`${name}-src`), await scene.digest(`${name}-dst`)]).toEqual([source, source]);
  return done;
}

/** What every LUN's bytes are, by id; two of these differ exactly where a LUN was written. */
export async function contentOf(scene: Pick<Scene, 'array'>): Promise<Readonly<Record<string, string>>> {
  const { luns } = await scene.array.client.listLuns({});
  const volumes = luns.filter((lun) => lun.safetyOwner === '').map((lun) => lun.id);
  const digests = await Promise.all(volumes.map((lunId) => scene.array.admin.digest({ lunId })));
  return Object.fromEntries(volumes.map((id, index) => [id, digests[index]?.digest ?? '']));
}

/** Stops the copy to `<name>-dst` when half of it is done, until it is cancelled or let go. */
export async function holdCopy(scene: Scene, name: string): Promise<{ letGo(): Promise<void> }> {
  const lunId = `${name}-dst`;
  const atByte = BigInt(LUN_BYTES / 2);
  const { id } = await scene.array.admin.setFault({
    fault: { action: FaultAction.STALL, step: Step.COPYING, atByte, lunId },
  });
  return { letGo: async () => void (await scene.array.admin.clearFaults({ id })) };
}

/** Waits until the status shows a copy that is under way. */
export function untilCopying(scene: Scene, name: string): Promise<LunResync> {
  return scene.until(name, 'it copies', (resync) => reasonOf(resync) === 'Copying');
}

/** Waits until the API server serves LunResyncs: after its start, and after their definition, it refuses for a while. */
export async function untilServed(scene: Scene): Promise<void> {
  const isServed = async (): Promise<boolean> =>
    (await send(scene.cluster.admin, 'GET', resyncsPath(scene))).code === 200;
  await until(() => 'LunResyncs to be served', isServed);
}

/** Waits until the API server does not know the object any more. */
export async function untilGone(scene: Scene, name: string): Promise<void> {
  let left: LunResync | undefined;
  await until(
    () => `${name} to be gone; it is now ${JSON.stringify(left?.status)}`,
    async () => {
      left = await scene.read(name);
      return left === undefined;
    },
  );
}

/** What an application does with a volume: attach it and write. */
export async function writeTo(scene: Scene, lunId: string): Promise<void> {
  await scene.array.admin.publish({ lunId, node: 'worker-1' });
  await scene.array.admin.fillPattern({ lunId, length: BigInt(MIB), seed: `written to ${lunId}` });
  await scene.array.admin.unpublish({ lunId, node: 'worker-1' });
}
