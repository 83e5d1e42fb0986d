/**
 * Plays one scenario: first trouble, in which nothing may be harmed; then everything works, and everything must come to an
 * end and stay there.
 */
import { createHash } from 'node:crypto';
import type { Planned } from '../crash/chaos.ts';
import { calm } from '../world/effects.ts';
import { Judge, Violation } from '../world/judge.ts';
import { Scene } from '../world/scene.ts';
import { World } from '../world/world.ts';
import { Actors } from './actors.ts';
import { type Action, LUNS, mayLie, mayLoseObjects, NAMES, type Scenario, TROUBLE_MS } from './scenario.ts';
import { troubleOf } from './trouble.ts';

export type Outcome = {
  /** The invariant that does not hold; undefined when all do. */
  readonly violation: { readonly rule: string; readonly what: string } | undefined;
  /** The faults that happened, in order: with them written down the scenario is the same without its rates. */
  readonly faults: readonly Planned[];
  /** SHA-256 of everything that happened. */
  readonly digest: string;
  /** Everything that happened, where it was asked for. */
  readonly trace: readonly string[];
  readonly effects: number;
};

const END_LIMIT_MS = 3_600_000;
const TIDY_MS = 700_000;
const QUIET_MS = 100_000;

export async function play(scenario: Scenario, isTraced = false): Promise<Outcome> {
  const trace = new Trace(isTraced);
  const faults: Planned[] = [];
  const judge = new Judge({ mayLoseObjects: mayLoseObjects(scenario), mayLie: mayLie(scenario) });
  const { hasReflinks, blockMs } = scenario;
  const world: World = new World({
    arrays: { hasReflinks, blockMs },
    witness: {
      onEffect: ({ key }, fault) => trace.add(world, `${key}${fault === undefined ? '' : ` ${JSON.stringify(fault)}`}`),
      onCommit: judge.onCommit,
      onCopyWrite: judge.onCopyWrite,
      onArrayBoot: judge.onArrayBoot,
      onArrayCrash: ({ name }) => trace.add(world, `${name} crashed`),
      onResync: (before, after) => {
        const succeeded = after?.status.conditions?.find(({ type }) => type === 'Succeeded');
        const what = after === undefined ? 'gone' : `${succeeded?.reason ?? 'new'} ${after.status.operationID ?? ''}`;
        trace.add(world, `object ${(after ?? before)?.metadata.name} ${what}`);
        judge.onResync(before, after);
      },
      onReconcileError: (name, key, error) => {
        if (!isExpected(error)) throw new Violation('Crash', `${name} reconciling ${key}: ${stackOf(error)}`);
      },
    },
  });
  judge.watch(world);
  const violation = await violationOf(() => tell(world, scenario, judge, { trace, faults }));
  return { violation, faults, digest: trace.digest(), trace: trace.lines, effects: trace.count };
}

type Record = { readonly trace: Trace; readonly faults: Planned[] };

async function tell(world: World, scenario: Scenario, judge: Judge, { trace, faults }: Record): Promise<void> {
  const scene = await Scene.open(world);
  await scene.volume('vol-1', 4);
  await scene.snapshot('vol-1', 'snap-1');
  await scene.volume('vol-2', 6);
  await scene.volume('vol-3', 3);
  const actors = new Actors(scene, judge);
  let failure: Error | undefined;
  world.chaos = troubleOf(scenario, (planned) => faults.push(planned));
  for (const name of scenario.operators) world.startOperator(name);
  for (const action of scenario.actions)
    world.clock.after(action.atMs, () => {
      trace.add(world, `action ${JSON.stringify(action)}`);
      actors.act(action).catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(String(error));
      });
    });
  await world.run(() => failure !== undefined, TROUBLE_MS);
  if (failure !== undefined) throw failure;
  trace.add(world, 'the trouble is over');
  await mend(world, scene, actors);
  await mustEnd(world, scene, judge);
}

/** Everything works again, nobody holds a LUN, and nobody holds a run back. */
async function mend(world: World, scene: Scene, actors: Actors): Promise<void> {
  world.chaos = calm;
  for (const operator of world.operators) operator.resume();
  await world.run(() => scene.machine.process !== undefined, 60_000);
  await world.settled(scene.parts.faults.clear(''));
  const atMs = 0;
  const actions: Action[] = [
    { atMs, kind: 'EndMaintenance' },
    ...LUNS.map((lunID): Action => ({ atMs, kind: 'Unpublish', lunID })),
    ...NAMES.map((name): Action => ({ atMs, kind: 'Resume', name })),
  ];
  for (const action of actions) await world.settled(actors.act(action));
}

async function mustEnd(world: World, scene: Scene, judge: Judge): Promise<void> {
  const open = (): string[] =>
    world
      .resyncs()
      .filter(({ metadata, status }) => status.completionTime === undefined || metadata.deletionTimestamp !== undefined)
      .map(({ metadata }) => metadata.name);
  const over = await world.run(() => open().length === 0, END_LIMIT_MS);
  if (!over) {
    const names = open();
    throw new Violation(
      'L1',
      names.map((name) => `${name} is not over and says ${scene.reason(name) || 'nothing'}`).join('; '),
    );
  }
  await world.run(() => false, TIDY_MS);
  const { version } = world.api;
  await world.run(() => false, QUIET_MS);
  const left = [...scene.machine.state.operations.keys()];
  if (left.length > 0) throw new Violation('I8', `records of ${left.join(', ')} are left at the array`);
  const leaked = judge.leaks(scene.machine);
  if (leaked.length > 0) throw new Violation('I8', `safety snapshots ${leaked.join(', ')} are left at the array`);
  if (world.api.version !== version) throw new Violation('I12', 'the objects are written although nothing happens');
}

/** What goes wrong with a request is no mistake of a reconcile: it is tried again. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && ['ApiFailure', 'Superseded', 'RpcError'].includes(error.name);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function violationOf(run: () => Promise<void>): Promise<Outcome['violation']> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return { rule: error.rule, what: error.message };
    return { rule: 'Crash', what: stackOf(error) };
  }
}

class Trace {
  readonly lines: string[] = [];
  readonly #isKept: boolean;
  readonly #hash = createHash('sha256');
  count = 0;

  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  add(world: World, what: string): void {
    this.count += 1;
    const line = `${Math.round(world.clock.now())} ${what}`;
    this.#hash.update(`${line}\n`);
    if (this.#isKept) this.lines.push(line);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
