/**
 * The stories whose every effect is a crash point: together they reach all of them. A story says what a user does, when it
 * is over, and what has to be true of the LUNs then, whatever died meanwhile.
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
  /** Whether the story is over. Looked at after every event. */
  readonly isOver: (scene: Scene) => boolean;
  /** What is wrong at the end; undefined when all is well. */
  readonly verdict: (scene: Scene) => string | undefined;
};

const NAME = 'restore';

async function oneTarget(scene: Scene): Promise<void> {
  await scene.volume('vol-1', 4);
  await scene.snapshot('vol-1', 'snap-1');
  await scene.volume('vol-2', 6);
}

async function twoTargets(scene: Scene): Promise<void> {
  await oneTarget(scene);
  await scene.volume('vol-3', 3);
}

const restore = { pairs: [lunPair('data', 'snap-1', 'vol-2')] };

function content(scene: Scene, lunID: string): Buffer {
  return scene.machine.disk.read(lunID);
}

function equals(scene: Scene, source: string, target: string): string | undefined {
  const wanted = content(scene, source);
  return content(scene, target).subarray(0, wanted.length).equals(wanted) ? undefined : `${target} is not ${source}`;
}

/** Until nothing of the object is left to do: it is gone, or its end is written and its finalizer may stay. */
function endedAs(scene: Scene, reason: string): string | undefined {
  const found = scene.reason(NAME);
  return found === reason ? undefined : `the object says ${found || 'nothing'} and not ${reason}`;
}

export const STORIES: readonly Story[] = [
  {
    name: 'resync, then delete',
    prepare: oneTarget,
    act: async (scene) => {
      await scene.create(NAME, restore);
      await scene.when(() => scene.isFinished(NAME));
      await scene.delete(NAME);
    },
    isOver: (scene) => scene.wasSeen(NAME) && scene.resync(NAME) === undefined,
    verdict: (scene) => equals(scene, 'snap-1', 'vol-2'),
  },
  {
    name: 'group that keeps its size, gone after its time',
    prepare: twoTargets,
    act: (scene) =>
      scene.create(NAME, {
        pairs: [lunPair('data', 'snap-1', 'vol-2'), lunPair('log', 'vol-1', 'vol-3')],
        sizePolicy: 'KeepLarger',
        ttlSecondsAfterFinished: 5,
      }),
    isOver: (scene) => scene.wasSeen(NAME) && scene.resync(NAME) === undefined,
    verdict: (scene) => equals(scene, 'snap-1', 'vol-2') ?? equals(scene, 'vol-1', 'vol-3'),
  },
  {
    name: 'failure, then roll-back',
    prepare: async (scene) => {
      await twoTargets(scene);
      await orderFault(scene, failsAt(8192));
    },
    act: (scene) =>
      scene.create(NAME, {
        pairs: [lunPair('data', 'snap-1', 'vol-2'), lunPair('log', 'vol-1', 'vol-3')],
        backoffLimit: 0,
      }),
    isOver: (scene) => scene.isFinished(NAME),
    verdict: (scene) => (scene.reason(NAME) === 'Completed' ? equals(scene, 'snap-1', 'vol-2') : undefined),
  },
  {
    name: 'cancel in mid-copy',
    prepare: oneTarget,
    act: async (scene) => {
      await scene.create(NAME, restore);
      await scene.when(() => scene.isCopying());
      await scene.patch(NAME, { cancel: true });
    },
    isOver: (scene) => scene.isFinished(NAME),
    verdict: (scene) =>
      scene.reason(NAME) === 'Completed' ? equals(scene, 'snap-1', 'vol-2') : endedAs(scene, 'Cancelled'),
  },
  {
    name: 'delete in mid-copy, with the StorageArray after it',
    prepare: oneTarget,
    act: async (scene) => {
      await scene.create(NAME, restore);
      await scene.when(() => scene.isCopying());
      await scene.delete(NAME);
      await scene.deleteArray();
    },
    isOver: (scene) => scene.wasSeen(NAME) && scene.resync(NAME) === undefined && !scene.hasStorageArray(),
    verdict: () => undefined,
  },
];

/** What a user does in the middle of a recovery. */
export function recover(scene: Scene, recovery: Recovery, effect: Effect): void {
  if (effect.subject !== '' && !effect.subject.includes(NAME) && !effect.subject.includes('.')) return;
  if (recovery === 'Delete') void scene.delete(NAME);
  if (recovery === 'Recreate') void recreate(scene);
}

/** The same name, another source: what was meant for the first object must not happen to the second. */
async function recreate(scene: Scene): Promise<void> {
  await scene.delete(NAME);
  await scene.when(() => scene.resync(NAME) === undefined);
  await scene.create(NAME, { pairs: [lunPair('data', 'vol-1', 'vol-2')] });
}
