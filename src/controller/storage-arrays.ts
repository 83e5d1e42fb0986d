/**
 * Keeps StorageArray.status true: whether the array is reached, speaks the contract, and is still the same one. A
 * StorageArray that a LunResync depends on has a finalizer, so that it is not deleted under a run.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../api/lun-resync-status.ts';
import { FINALIZER, STORAGE_ARRAY_READY } from '../api/names.ts';
import type { StorageArray, StorageArrayStatus } from '../api/storage-array.ts';
import type { ArrayIdentity, NotKnown } from '../core/array.ts';
import { CONTRACT_VERSION } from '../core/observation.ts';
import { iso } from '../core/progress.ts';
import type { Arrays, LoopClock, ResyncStore, StorageArrayStore } from './ports.ts';

export type StorageArrayWorld = {
  readonly store: StorageArrayStore;
  readonly resyncs: Pick<ResyncStore, 'list'>;
  readonly arrays: Arrays;
  readonly clock: LoopClock;
};

/** How often an array is asked who it is. */
const LOOK_AGAIN_MS = 30_000;

/** One look at one array; resolves to the milliseconds until the next. */
export async function reconcileArray(
  name: string,
  world: StorageArrayWorld,
  signal: AbortSignal,
): Promise<number | undefined> {
  const array = world.store.get(name);
  if (array === undefined) return undefined;
  const isHeld = (array.metadata.finalizers ?? []).includes(FINALIZER);
  const deleting = array.metadata.deletionTimestamp !== undefined;
  const used = isInUse(array, world);
  if (used !== isHeld && (deleting ? !used : used)) {
    await world.store.setFinalizer(array, used, signal);
    return deleting ? undefined : 0;
  }
  const client = await world.arrays.client(array, signal);
  const identity = 'kind' in client ? client : await client.identity(signal);
  const status = statusOf(array, identity, world.clock.now());
  if (!isDeepStrictEqual(status, array.status)) await world.store.writeStatus(array, status, signal);
  return LOOK_AGAIN_MS;
}

function isInUse(array: StorageArray, world: StorageArrayWorld): boolean {
  return world.resyncs
    .list()
    .some(
      ({ status, metadata }) =>
        status.arrayName === array.metadata.name &&
        status.attempt !== undefined &&
        (metadata.finalizers ?? []).includes(FINALIZER),
    );
}

function statusOf(array: StorageArray, identity: ArrayIdentity | NotKnown, now: number): StorageArrayStatus {
  const ready = readiness(array, identity);
  const before = array.status.conditions?.find((condition) => condition.type === STORAGE_ARRAY_READY);
  const condition: Condition = {
    type: STORAGE_ARRAY_READY,
    ...ready,
    lastTransitionTime: before?.status === ready.status ? before.lastTransitionTime : iso(now),
    observedGeneration: array.metadata.generation,
  };
  const known =
    'kind' in identity || !isSameArray(array, identity)
      ? array.status
      : {
          arrayID: identity.arrayID,
          vendor: identity.vendor,
          product: identity.product,
          contractVersion: identity.contractVersion,
          capabilities: [...identity.capabilities],
        };
  return { ...known, observedGeneration: array.metadata.generation, conditions: [condition] };
}

type Readiness = Pick<Condition, 'status' | 'reason' | 'message'>;

function readiness(array: StorageArray, identity: ArrayIdentity | NotKnown): Readiness {
  if ('kind' in identity) {
    const reason = identity.cause === 'Unauthenticated' ? 'AuthenticationFailed' : 'Unreachable';
    return { status: 'False', reason, message: `${array.spec.endpoint}: ${identity.message}`.slice(0, 512) };
  }
  if (!isSameArray(array, identity)) {
    const message = `The endpoint leads to array ${identity.arrayID}, this StorageArray stands for ${array.status.arrayID}. Point the endpoint back, or create another StorageArray`;
    return { status: 'False', reason: 'ArrayChanged', message };
  }
  if (identity.contractVersion < CONTRACT_VERSION) {
    const message = `The array speaks version ${identity.contractVersion} of the contract, ${CONTRACT_VERSION} is needed. Upgrade the array`;
    return { status: 'False', reason: 'ArrayTooOld', message };
  }
  return { status: 'True', reason: 'Reached', message: `${identity.vendor} ${identity.product}` };
}

function isSameArray(array: StorageArray, identity: ArrayIdentity): boolean {
  return array.status.arrayID === undefined || array.status.arrayID === identity.arrayID;
}
