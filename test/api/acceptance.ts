// What the acceptance tests share: what a user reads in an object, what an administrator sees at the array, faults.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import type { FaultSchema } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import type { Lun } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { type Json, send, sendOk } from '../support/api-client.ts';
import type { CallLogEntry } from '../support/array.ts';
import { MIB, type ResyncEvent, reasonOf, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

const GROUP_PATH = '/apis/lunresync.io/v1alpha1';
export const ARRAYS_PATH = `${GROUP_PATH}/storagearrays`;

export type Spec = Partial<LunResyncSpec> & Pick<LunResyncSpec, 'pairs'>;
type Condition = NonNullable<LunResync['status']['conditions']>[number];

/** The condition of that type, or undefined. */
export function conditionOf(resync: LunResync, type: string): Condition | undefined {
  return resync.status.conditions?.find((condition) => condition.type === type);
}

/** The message of the Succeeded condition: what a person reads. */
export function messageOf(resync: LunResync): string {
  return conditionOf(resync, 'Succeeded')?.message ?? '';
}

/** Path of all LunResyncs of the scene's namespace. */
export function resyncsPath({ namespace }: Pick<Scene, 'namespace'>): string {
  return `${GROUP_PATH}/namespaces/${namespace}/lunresyncs`;
}

/** Path of a LunResync of the scene's namespace. */
export function resyncPath(scene: Scene, name: string): string {
  return `${resyncsPath(scene)}/${name}`;
}

/** The digests of LUNs as their bytes are now, by id. */
export async function digestsOf(scene: Scene, lunIDs: readonly string[]): Promise<Record<string, string>> {
  const digests = await Promise.all(lunIDs.map((id) => scene.digest(id)));
  return Object.fromEntries(lunIDs.map((id, index) => [id, digests[index] ?? '']));
}

/** The LUN as the array has it now, or undefined. */
export async function lunOf(scene: Scene, id: string): Promise<Lun | undefined> {
  return (await scene.array.client.getLuns({ ids: [id] })).luns[0];
}

/** Ids of the safety snapshots that the array holds of a LUN. */
export async function safetySnapshotsOf(scene: Scene, lunID: string): Promise<string[]> {
  const { luns } = await scene.array.client.listLuns({});
  return luns.filter((lun) => lun.safetyOwner !== '' && lun.parentLunId === lunID).map((lun) => lun.id);
}

/** Orders a fault at the array. */
export async function order(scene: Scene, fault: MessageInitShape<typeof FaultSchema>): Promise<string> {
  return (await scene.array.admin.setFault({ fault })).id;
}

/** Bounds every copy; 0 takes the bound away. */
export async function setBandwidth(scene: Scene, bytesPerSecond: number): Promise<void> {
  await scene.array.admin.setBandwidth({ bytesPerSecond: BigInt(bytesPerSecond) });
}

/** Makes copies so slow that none ends before the test has seen it and gives the full speed back: 16 s for a MiB. */
export function slowDown(scene: Scene): Promise<void> {
  return setBandwidth(scene, MIB / 16);
}

/** The calls of one method for an object so far, by the array's call log. */
export function callsOf(scene: Scene, name: string, method: string): CallLogEntry[] {
  const owner = `/${scene.namespace}/${name}/`;
  return scene.array.callLog().filter((entry) => entry.method === method && entry.owner.includes(owner));
}

/** The StartOperation calls of an object so far. */
export function startsOf(scene: Scene, name: string): CallLogEntry[] {
  return callsOf(scene, name, 'StartOperation');
}

/** Cancels a slow copy; full speed returns only when the array has been told, so that the copy cannot win the race. */
export async function cancelInMidRun(scene: Scene, name: string): Promise<void> {
  await scene.patch(name, { cancel: true });
  await until(
    () => `${name}: CancelOperation`,
    () => callsOf(scene, name, 'CancelOperation').length > 0,
  );
  await setBandwidth(scene, 0);
}

/** Waits until the object's run is shown with that reason. */
export function untilReason(scene: Scene, name: string, reason: string, timeoutMs?: number): Promise<LunResync> {
  return scene.until(name, `it is ${reason}`, (resync) => reasonOf(resync) === reason, timeoutMs);
}

/** Waits until some bytes are copied and some are not. */
export async function untilCopying(scene: Scene, name: string): Promise<LunResync> {
  const isHalfWay = ({ status }: LunResync): boolean => (status.progress?.copiedBytes ?? 0) > 0;
  const copying = await scene.until(name, 'it copies', isHalfWay);
  expect(reasonOf(copying)).toBe('Copying');
  return copying;
}

/** Waits until the API server does not know the object any more. */
export async function untilGone(scene: Scene, name: string, timeoutMs?: number): Promise<void> {
  let left: LunResync | undefined;
  await until(
    () => `${name} to be gone; it is now ${JSON.stringify(left?.status.conditions)}`,
    async () => {
      left = await scene.read(name);
      return left === undefined;
    },
    timeoutMs,
  );
}

/** Waits until the object has an Event that satisfies the condition, and gives all of its Events. */
export async function untilEvent(
  scene: Scene,
  name: string,
  isWanted: (event: ResyncEvent) => boolean,
): Promise<readonly ResyncEvent[]> {
  let events: readonly ResyncEvent[] = [];
  await until(
    () => `an Event of ${name}; there are ${JSON.stringify(events.map(({ reason, note }) => [reason, note]))}`,
    async () => {
      events = await scene.events(name);
      return events.some(isWanted);
    },
  );
  return events;
}

/** A StorageArray object for the scene's namespace, on the scene's array unless `spec` says otherwise. */
export async function createArray(scene: Scene, name: string, spec: Json = {}): Promise<void> {
  const lunGrants = ['Source', 'Target'].map((access) => ({
    name: access.toLowerCase(),
    namespace: scene.namespace,
    access,
    lunIDs: ['*'],
  }));
  await sendOk(scene.cluster.admin, 'POST', ARRAYS_PATH, {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name },
    spec: { endpoint: scene.array.endpoint, lunGrants, ...spec },
  });
}

/** A StorageArray as the API server has it. */
export type ArrayObject = {
  readonly metadata: { readonly finalizers?: readonly string[]; readonly deletionTimestamp?: string };
  readonly status: {
    readonly arrayID?: string;
    readonly capabilities?: readonly string[];
    readonly conditions?: readonly Condition[];
  };
};

/** Waits until the StorageArray satisfies the condition, and gives it. */
export async function untilArray(
  scene: Scene,
  name: string,
  what: string,
  isWanted: (array: ArrayObject) => boolean,
): Promise<ArrayObject> {
  let array: ArrayObject = { metadata: {}, status: {} };
  await until(
    () => `StorageArray ${name}: ${what}; it is now ${JSON.stringify(array.status)}`,
    async () => {
      array = (await sendOk(scene.cluster.admin, 'GET', `${ARRAYS_PATH}/${name}`)) as ArrayObject;
      return isWanted(array);
    },
  );
  return array;
}

/** What a refused run must look like: its reason and HRESULT, what its message says, and that no byte changed. */
export type Refusal = {
  readonly reason: string;
  readonly hresult: string;
  readonly says: readonly (string | RegExp)[];
  /** LUNs whose bytes are compared; those that exist. */
  readonly luns: readonly string[];
  /** Whether the array has never answered: then nothing is claimed of what is on the targets. */
  readonly isUnseen?: boolean;
};

/** Applies the object, waits for its end, and checks it against what is expected of a refusal. */
export async function expectRefusal(scene: Scene, name: string, spec: Spec, refusal: Refusal): Promise<LunResync> {
  const before = await digestsOf(scene, refusal.luns);
  await scene.apply(name, spec);
  const ended = await scene.finished(name);
  expect({ reason: reasonOf(ended), hresult: ended.status.hresult?.name }).toEqual({
    reason: refusal.reason,
    hresult: refusal.hresult,
  });
  expect(conditionOf(ended, 'Succeeded')?.status).toBe('False');
  for (const text of refusal.says) expect(messageOf(ended)).toMatch(text);
  const isUnseen = refusal.isUnseen ?? false;
  expect(ended.status.dataState).toBe(isUnseen ? 'Unknown' : 'Untouched');
  expect(conditionOf(ended, 'TargetConsistent')?.status).toBe(isUnseen ? 'Unknown' : 'True');
  expect(await digestsOf(scene, refusal.luns)).toEqual(before);
  return ended;
}

/** Posts an object whose spec is taken as it stands, and gives the API server's objection; empty when it takes it. */
export async function post(scene: Scene, name: string, spec: object): Promise<string> {
  const body = { apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata: { name }, spec };
  return (await send(scene.cluster.admin, 'POST', resyncsPath(scene), body)).message;
}
