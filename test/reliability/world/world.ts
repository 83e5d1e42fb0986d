/**
 * A whole world in one thread: an API server, arrays, operators, users, and time. Everything that matters is the project's
 * own code; what is simulated is what it stands on: the API server, the network, the disk and the clock.
 */
import { type LunResync, parseLunResync } from '../../../src/api/lun-resync.ts';
import { LUN_RESYNC_PLURAL } from '../../../src/api/names.ts';
import type { Changes } from '../../../src/simulator/state/draft.ts';
import type { ArrayState } from '../../../src/simulator/state/records.ts';
import { ApiServerModel } from './api-server/api-server-model.ts';
import type { BackUp } from './api-server/object-history.ts';
import { ArrayMachine } from './array-machine.ts';
import { VirtualClock } from './clock.ts';
import { type Chaos, calm, type Effect, EffectLog, type Fault, type Recovery } from './effects.ts';
import { Network } from './network.ts';
import { OperatorProcess } from './operator.ts';

/** Told of everything, as it happens. A listener that throws ends the run: it has found a violation. */
export type Witness = {
  readonly onEffect?: (effect: Effect, fault: Fault | undefined) => void;
  readonly onCommit?: (machine: ArrayMachine, before: ArrayState, changes: Changes) => void;
  readonly onCopyWrite?: (machine: ArrayMachine, lunID: string) => void;
  readonly onArrayCrash?: (machine: ArrayMachine) => void;
  readonly onArrayBoot?: (machine: ArrayMachine) => void;
  readonly onOperatorDeath?: (name: string, effect: Effect) => void;
  /** Every version of a LunResync, after the one before of the same uid; absent before its creation and after its end. */
  readonly onResync?: (before: LunResync | undefined, after: LunResync | undefined) => void;
  readonly onReconcileError?: (name: string, key: string, error: unknown) => void;
};

export type WorldOptions = {
  readonly witness?: Witness;
  /** What the arrays are like. */
  readonly arrays?: { readonly hasReflinks: boolean; readonly blockMs: number };
  /** What else happens when an operator dies: done by the scenario, which knows its objects. */
  readonly onRecovery?: (recovery: Recovery, effect: Effect) => void;
};

const RESTART_MS = 1_000;

export class World {
  readonly clock = new VirtualClock();
  readonly api: ApiServerModel;
  readonly effects: EffectLog;
  readonly network: Network;
  readonly #options: WorldOptions;
  readonly #machines = new Map<string, ArrayMachine>();
  readonly #operators = new Map<string, OperatorProcess>();
  #chaos: Chaos = calm;
  #boots = 0;
  #failure: Error | undefined;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.api = new ApiServerModel({ clock: this.clock });
    this.api.onChange(({ resource, before, object }) => {
      if (resource === LUN_RESYNC_PLURAL)
        this.#watch(() => options.witness?.onResync?.(parsed(before), parsed(object)));
    });
    const chaos = (): Chaos => this.#chaos;
    this.effects = new EffectLog(chaos, (effect, fault) =>
      this.#watch(() => options.witness?.onEffect?.(effect, fault)),
    );
    this.network = new Network({ clock: this.clock, effects: this.effects, chaos });
  }

  /** What goes wrong from now on. */
  set chaos(chaos: Chaos) {
    this.#chaos = chaos;
  }

  get operators(): readonly OperatorProcess[] {
    return [...this.#operators.values()];
  }

  get machines(): readonly ArrayMachine[] {
    return [...this.#machines.values()];
  }

  /** The objects as they are stored now. */
  resyncs(): LunResync[] {
    return this.api.objects(LUN_RESYNC_PLURAL).flatMap((object) => parsed(object) ?? []);
  }

  /** The array behind an endpoint. */
  machine(endpoint: string): ArrayMachine {
    const machine = this.#machines.get(endpoint);
    if (machine === undefined) throw new Error(`no array is behind ${endpoint}`);
    return machine;
  }

  /** Puts an array behind an endpoint, in place of the one that is there, and starts it. */
  async addArray(endpoint: string, arrayID: string): Promise<ArrayMachine> {
    const { witness, arrays = {} } = this.#options;
    const machine: ArrayMachine = new ArrayMachine({
      name: arrayID,
      arrayID,
      ...arrays,
      clock: this.clock,
      effects: this.effects,
      chaos: () => this.#chaos,
      onCommit: (before, changes) => this.#watch(() => witness?.onCommit?.(machine, before, changes)),
      onCopyWrite: (from, lunID) => this.#watch(() => witness?.onCopyWrite?.(from, lunID)),
      onBoot: (booted) => this.#watch(() => witness?.onArrayBoot?.(booted)),
      onCrash: (crashed) => this.#watch(() => witness?.onArrayCrash?.(crashed)),
    });
    this.#machines.set(endpoint, machine);
    await this.settled(machine.boot());
    return machine;
  }

  /** Lets time pass until the promise is settled. For what a scenario does before anything can go wrong. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.run(() => isSettled, 60_000);
    if (!isSettled) throw new Error('what the scenario prepares did not come to an end');
    return promise;
  }

  /** Starts an operator process under a name; the same name again is the same replica, started anew. */
  startOperator(name: string, stale: StaleView = () => undefined): void {
    const operator = new OperatorProcess({
      name,
      clock: this.clock,
      network: this.network,
      server: this.api,
      stale,
      machine: (endpoint) => this.machine(endpoint),
      onDeath: (dead, effect, fault) => this.#recover(dead, effect, fault),
      onError: (from, key, error) =>
        this.#watch(() => this.#options.witness?.onReconcileError?.(from.name, key, error)),
    });
    this.#operators.set(name, operator);
    operator.run().catch((error: unknown) => this.#fail(error));
  }

  /** etcd is put back to what it was. */
  restore(backUp: BackUp): void {
    this.api.restore(backUp);
  }

  /** What the machine room does to the process of that name, if it runs. */
  signal(name: string, signal: 'Pause' | 'Continue' | 'Kill'): void {
    const operator = this.operators.find((candidate) => candidate.name.split('/')[0] === name);
    if (operator === undefined) return;
    if (signal === 'Pause') operator.pause();
    if (signal === 'Continue') operator.resume();
    if (signal !== 'Kill') return;
    operator.kill();
    this.#operators.delete(operator.name);
    this.clock.after(RESTART_MS, () => this.startOperator(operator.name));
  }

  /** Lets the world go on. Resolves to whether it came to what was waited for; throws what a witness found. */
  async run(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const over = await this.clock.runUntil(() => this.#failure !== undefined || isOver(), limitMs);
    if (this.#failure !== undefined) throw this.#failure;
    return over;
  }

  #recover(dead: OperatorProcess, effect: Effect, { recovery = 'Restart' }: Extract<Fault, { kind: 'Crash' }>): void {
    this.#watch(() => this.#options.witness?.onOperatorDeath?.(dead.name, effect));
    this.#options.onRecovery?.(recovery, effect);
    if (recovery === 'ArrayRestart') for (const machine of this.#machines.values()) machine.crash();
    this.#operators.delete(dead.name);
    this.#boots += 1;
    const name = recovery === 'TakeOver' ? `${dead.name.split('/')[0]}/${this.#boots}` : dead.name;
    if (recovery === 'TakeOver') return this.startOperator(name);
    this.clock.after(RESTART_MS, () => this.startOperator(name));
  }

  /** A listener's exception must not be taken for a failure of the code that it listens to. */
  #watch(listen: () => void): void {
    try {
      listen();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }
}

function parsed(object: unknown): LunResync | undefined {
  const result = object === undefined ? undefined : parseLunResync(object);
  return result?.ok === true ? result.value : undefined;
}

type StaleView = ConstructorParameters<typeof OperatorProcess>[0]['stale'];
