/** Performs one action of a decision: one call to the array, or one write to the API server. */
import type { LunResync } from '../api/lun-resync.ts';
import type { NotKnown } from '../core/array.ts';
import type { Answer, ArrayAction, ObjectAction } from '../core/decision.ts';
import type { ArrayClient } from './ports.ts';
import { ownerOf, type World } from './world.ts';

/** Calls the array that the object is on. No client is an answer too: nothing is known. */
export async function callArray(
  resync: LunResync,
  action: ArrayAction,
  world: World,
  signal: AbortSignal,
): Promise<Answer> {
  const client = await clientFor(resync, world, signal);
  const answer = await perform(client, action, ownerOf(world.clusterID, resync), signal);
  world.report.onAction(resync, action.kind, answer.answer.kind);
  return answer;
}

async function clientFor(resync: LunResync, world: World, signal: AbortSignal): Promise<ArrayClient | NotKnown> {
  const array = world.arrays.get(resync.status.arrayName ?? '');
  if (array !== undefined) return world.arrays.client(array, signal);
  return {
    kind: 'NotKnown',
    cause: 'Unreachable',
    message: `StorageArray ${resync.status.arrayName ?? ''} does not exist`,
  };
}

async function perform(
  client: ArrayClient | NotKnown,
  action: ArrayAction,
  owner: string,
  signal: AbortSignal,
): Promise<Answer> {
  switch (action.kind) {
    case 'Start':
      return { to: 'Start', answer: 'kind' in client ? client : await client.start(action.request, signal) };
    case 'Cancel':
      return { to: 'Cancel', answer: 'kind' in client ? client : await client.cancel({ ...action, owner }, signal) };
    case 'Release': {
      const { arrayID, operationID } = action;
      return { to: 'Release', answer: 'kind' in client ? client : await client.release(arrayID, operationID, signal) };
    }
    case 'DeleteSafetySnapshots': {
      const answer = 'kind' in client ? client : await client.deleteSafetySnapshots(action.arrayID, owner, signal);
      return { to: 'DeleteSafetySnapshots', answer };
    }
  }
}

/** Gives the object as it is afterwards; undefined when it may be gone. */
export async function changeObject(
  resync: LunResync,
  action: ObjectAction,
  world: World,
  signal: AbortSignal,
): Promise<LunResync | undefined> {
  switch (action.kind) {
    case 'AddFinalizer':
      return world.store.addFinalizer(resync, signal);
    case 'RemoveFinalizer':
      for (const announcement of action.announcements) world.announce(resync, announcement);
      await world.store.removeFinalizer(resync, signal);
      return undefined;
    case 'RaiseClaim':
      await world.volumes.raiseClaim(resync.metadata.namespace, action.claim, action.requestBytes, signal);
      return resync;
    case 'DeleteObject':
      await world.store.delete(resync, signal);
      return undefined;
  }
}
