/**
 * The stories whose every effect is a crash point: together they reach all of them. A story says what a user does and what
 * has to be true in the end; that nothing terrible happens on the way is the judge's to say.
 */
import type { Effect, Recovery } from '../world/effects.ts';
import { lunPair, type Scene } from '../world/scene.ts';
import { failsAt, orderFault } from './array-faults.ts';

export type Story = {
  readonly name: string;
  /** Makes LUNs and whatever must be there before anything can go wrong. */
  readonly prepare: (scene: Scene) => Promise<void>;
  /** What the user does, from the start on. */
  readonly act: (scene: Scene) => Promise<void>;
  /** How the object may end, where no user interferes. `Gone`: it was deleted, with whatever end. */
  readonly ends: readonly string[];
};

/** The object that all stories are about. */
export const NAME = 'restore';

const ONE = { pairs: [lunPair('data', 'snap-1', 'vol-2')] };
const TWO = { pairs: [lunPair('data', 'snap-1', 'vol-2'), lunPair('log', 'vol-1', 'vol-3')] };

async function luns(scene: Scene): Promise<void> {
  await scene.volume('vol-1', 4);
  await scene.snapshot('vol-1', 'snap-1');
  await scene.volume('vol-2', 6);
  await scene.volume('vol-3', 3);
}

export const STORIES: readonly Story[] = [
  {
    name: 'resync, then delete',
    prepare: luns,
    act: async (scene) => {
      await scene.create(NAME, ONE);
      await scene.when(() => scene.isFinished(NAME) || endOf(scene) !== '');
      await scene.delete(NAME);
    },
    ends: ['Gone'],
  },
  {
    name: 'group that keeps its size, gone after its time',
    prepare: luns,
    act: (scene) => scene.create(NAME, { ...TWO, sizePolicy: 'KeepLarger', ttlSecondsAfterFinished: 5 }),
    ends: ['Gone'],
  },
  {
    name: 'failure, then roll-back',
    prepare: async (scene) => {
      await luns(scene);
      await orderFault(scene, failsAt(8192));
    },
    act: (scene) => scene.create(NAME, { ...TWO, backoffLimit: 0 }),
    ends: ['ArrayVeto', 'BackoffLimitExceeded'],
  },
  {
    name: 'failure, then another attempt',
    prepare: async (scene) => {
      await luns(scene);
      await orderFault(scene, { ...failsAt(4096), reason: 'E_OUTOFMEMORY' });
    },
    act: (scene) => scene.create(NAME, { ...TWO, safetySnapshotRetentionSeconds: 60 }),
    ends: ['Completed'],
  },
  {
    name: 'cancel in mid-copy',
    prepare: luns,
    act: async (scene) => {
      await scene.create(NAME, ONE);
      void scene.makeVolume('vol-4', 2);
      await scene.when(() => scene.isCopying() || endOf(scene) !== '');
      await scene.patch(NAME, { cancel: true });
    },
    ends: ['Cancelled', 'Completed'],
  },
  {
    name: 'delete in mid-copy, and the StorageArray with it',
    prepare: luns,
    act: async (scene) => {
      await scene.create(NAME, ONE);
      await scene.when(() => scene.isCopying() || endOf(scene) !== '');
      await scene.delete(NAME);
      await scene.deleteArray();
    },
    ends: ['Gone'],
  },
];

/** What the object came to; empty while it is not over. */
export function endOf(scene: Scene): string {
  const resync = scene.resync(NAME);
  if (resync === undefined) return scene.wasSeen(NAME) ? 'Gone' : '';
  const isOver = resync.status.completionTime !== undefined && resync.metadata.deletionTimestamp === undefined;
  return isOver ? scene.reason(NAME) : '';
}

/** What a user does while an operator is down. Resolves when it is done. */
export async function interfere(scene: Scene, recovery: Recovery, _effect: Effect): Promise<void> {
  if (recovery !== 'Delete' && recovery !== 'Recreate') return;
  // A user can only delete what there is.
  await scene.when(() => scene.wasSeen(NAME));
  await scene.delete(NAME);
  if (recovery === 'Delete') return;
  // The same name, another source: what was meant for the first object must not happen to the second.
  await scene.when(() => scene.resync(NAME) === undefined);
  await scene.create(NAME, { pairs: [lunPair('data', 'vol-1', 'vol-2')], arrayName: 'array-a' });
}
