/** Tells one story in a world of its own, with the faults that are planned for it. */
import type { Effect, Recovery } from '../world/effects.ts';
import { Judge } from '../world/judge.ts';
import { Scene } from '../world/scene.ts';
import { World } from '../world/world.ts';
import { type Planned, planned } from './chaos.ts';
import { isUnregistered } from './registry.ts';
import { endOf, interfere, NAME, type Story } from './stories.ts';

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
/** A sweep of the array comes every ten minutes; after it nothing may move for so long. */
const TIDY_MS = 700_000;
const QUIET_MS = 200_000;

export async function tell({ story, faults, kept }: Telling): Promise<Told> {
  const effects: Effect[] = [];
  const visited = new Set<string>();
  const judge = new Judge();
  const world: World = new World({
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
    onRecovery: (recovery, effect) => void teller.interfere(recovery, effect),
  });
  judge.watch(world);
  const teller = new Teller(world, story);
  const violation = await violationOf(async () => {
    await teller.prepare();
    effects.length = 0;
    world.chaos = planned(faults, kept);
    return teller.play();
  });
  return { effects, visited, violation };
}

/** One telling: the user's part, whoever dies meanwhile. */
class Teller {
  readonly #world: World;
  readonly #story: Story;
  #scene: Scene | undefined;
  /** What users have begun and not come to the end of. */
  #busy = 0;
  #hasInterfered = false;
  #failure: Error | undefined;

  constructor(world: World, story: Story) {
    this.#world = world;
    this.#story = story;
  }

  async prepare(): Promise<void> {
    this.#scene = await Scene.open(this.#world);
    await this.#story.prepare(this.#scene);
  }

  async interfere(recovery: Recovery, effect: Effect): Promise<void> {
    const scene = this.#scene;
    if (scene === undefined) return;
    this.#hasInterfered ||= recovery === 'Delete' || recovery === 'Recreate';
    await this.#do(() => interfere(scene, recovery, effect));
  }

  /** What is wrong with how it ended; undefined when nothing is. */
  async play(): Promise<string | undefined> {
    const scene = this.#scene;
    if (scene === undefined) throw new Error('a story is told before it is prepared');
    this.#world.startOperator('op');
    void this.#do(() => this.#story.act(scene));
    const isOver = (): boolean => this.#busy === 0 && endOf(scene) !== '';
    const over = await this.#world.run(() => this.#failure !== undefined || isOver(), LIMIT_MS);
    if (this.#failure !== undefined) throw this.#failure;
    if (!over) return `L1: not over after an hour; it says ${scene.reason(NAME) || 'nothing'}`;
    return (await restlessness(this.#world, scene)) ?? this.#verdict(endOf(scene));
  }

  #verdict(end: string): string | undefined {
    const { ends } = this.#story;
    // Who deletes or replaces the object has ended the story another way; what is there must have ended by itself.
    if (this.#hasInterfered || ends.includes(end)) return undefined;
    return `it ended as ${end} and not as ${ends.join(' or ')}`;
  }

  async #do(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await work();
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#busy -= 1;
    }
  }
}

/** Once all is done nobody writes any more: after what was still to be tidied up, for a while. */
async function restlessness(world: World, scene: Scene): Promise<string | undefined> {
  await world.run(() => false, TIDY_MS);
  const { version } = world.api;
  await world.run(() => false, QUIET_MS);
  const left = world.machines.flatMap(({ process, state }) =>
    process === undefined ? [] : [...state.operations.keys()],
  );
  // Without a StorageArray nobody is left who could ask the array to let go.
  if (left.length > 0 && scene.hasStorageArray()) return `I8: records of ${left.join(', ')} are left at the array`;
  return world.api.version === version ? undefined : 'I12: the objects are written although nothing happens';
}

async function violationOf(run: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await run();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
