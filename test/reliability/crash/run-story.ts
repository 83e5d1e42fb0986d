/** Tells one story in a world of its own, with the faults that are planned for it. */
import type { Effect, Recovery } from '../world/effects.ts';
import { Judge } from '../world/judge.ts';
import { Scene } from '../world/scene.ts';
import { World } from '../world/world.ts';
import { type Planned, planned } from './chaos.ts';
import { isUnregistered } from './registry.ts';
import { recover, type Story } from './stories.ts';

export type Telling = {
  readonly story: Story;
  readonly faults: readonly Planned[];
  /** How much of what may be lost at a crash of the array is kept. */
  readonly kept?: 'none' | 'all' | 'some';
};

export type Told = {
  /** Every effect that happened, in order. */
  readonly effects: readonly Effect[];
  /** Keys of effects at which a fault happened. */
  readonly visited: ReadonlySet<string>;
  /** Undefined: the story came to its end and all is well. */
  readonly violation: string | undefined;
};

/** Simulated time within which a story comes to its end whatever single thing goes wrong. */
const LIMIT_MS = 3_600_000;
/** After the end nothing may move for so long. */
const QUIET_MS = 1_200_000;

export async function tell({ story, faults, kept }: Telling): Promise<Told> {
  const effects: Effect[] = [];
  const visited = new Set<string>();
  const judge = new Judge();
  const scene: { now: Scene | undefined } = { now: undefined };
  const world = new World({
    witness: {
      onEffect: (effect, fault) => {
        effects.push(effect);
        if (fault !== undefined) visited.add(effect.key);
        if (isUnregistered(effect.name)) throw new Error(`effect ${effect.name} is not registered`);
      },
      onCommit: judge.onCommit,
      onCopyWrite: judge.onCopyWrite,
      onArrayBoot: judge.onArrayBoot,
      onResync: judge.onResync,
    },
    onRecovery: (recovery: Recovery, effect) => {
      if (scene.now !== undefined) recover(scene.now, recovery, effect);
    },
  });
  judge.watch(world);
  const violation = await violationOf(async () => {
    scene.now = await Scene.open(world);
    await story.prepare(scene.now);
    effects.length = 0;
    world.chaos = planned(faults, kept);
    return play(world, scene.now, story);
  });
  return { effects, visited, violation };
}

async function play(world: World, scene: Scene, story: Story): Promise<string | undefined> {
  world.startOperator('op');
  let failed: unknown;
  story.act(scene).catch((error: unknown) => {
    failed = error;
  });
  const isOver = (): boolean => failed !== undefined || story.isOver(scene);
  const over = await world.run(isOver, LIMIT_MS);
  if (failed !== undefined) throw failed;
  if (!over) return `L1: not over after an hour; it says ${scene.reason('restore') || 'nothing'}`;
  return (await restlessness(world)) ?? story.verdict(scene);
}

/** Once all is done nobody writes any more: after what was still to be tidied up, for a while. */
async function restlessness(world: World): Promise<string | undefined> {
  await world.run(() => false, QUIET_MS / 2);
  const { version } = world.api;
  await world.run(() => false, QUIET_MS / 2);
  const left = world.machines.flatMap((machine) =>
    machine.process === undefined ? [] : [...machine.state.operations.keys()],
  );
  if (left.length > 0) return `I8: records of ${left.join(', ')} are left at the array`;
  return world.api.version === version ? undefined : `I12: the objects are written although nothing happens`;
}

async function violationOf(run: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await run();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
