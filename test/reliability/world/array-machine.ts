/**
 * One array: a disk and a store that outlive its processes, and the process that serves now, if one does. The process runs
 * the simulated array's own operations and services.
 */
import type { LunArray } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import type { ServiceImplementation } from '../../../src/rpc/service-types.ts';
import { CallGuard } from '../../../src/simulator/services/call-guard.ts';
import { ContractClaims } from '../../../src/simulator/services/contract-claims.ts';
import { lunArrayService } from '../../../src/simulator/services/lun-array-service.ts';
import { type SimulatedArray, startArray } from '../../../src/simulator/simulated-array.ts';
import type { ArrayState } from '../../../src/simulator/state/records.ts';
import type { CommitListener } from '../../../src/simulator/store/committed-state.ts';
import { arrayClock, type VirtualClock } from './clock.ts';
import { Disk } from './disk.ts';
import { type Chaos, type EffectLog, never } from './effects.ts';
import { type Around, simulatedFiles } from './files.ts';
import { CommitLog, simulatedStore } from './store.ts';

/** A process that serves. */
export type ArrayProcess = {
  readonly array: SimulatedArray;
  readonly service: ServiceImplementation<typeof LunArray>;
  /** Resolves when the process has died. */
  readonly died: Promise<void>;
  readonly isDead: () => boolean;
};

export type ArrayMachineOptions = {
  readonly name: string;
  readonly arrayID: string;
  readonly clock: VirtualClock;
  readonly effects: EffectLog;
  readonly chaos: () => Chaos;
  /** Told of every commit of whichever process serves, and of what is there after a crash. */
  readonly onCommit: CommitListener;
  readonly onCopyWrite: (machine: ArrayMachine, lunID: string) => void;
  readonly onCrash: (machine: ArrayMachine) => void;
  /** A process has recovered and serves. */
  readonly onBoot: (machine: ArrayMachine) => void;
  readonly hasReflinks?: boolean;
  /** How long a block of a copy takes; 20 ms unless said. */
  readonly blockMs?: number;
};

const REBOOT_MS = 1_000;

export class ArrayMachine {
  readonly name: string;
  readonly arrayID: string;
  readonly disk = new Disk();
  readonly #options: ArrayMachineOptions;
  readonly #log: CommitLog;
  #process: ArrayProcess | undefined;
  #kill: () => void = () => undefined;
  #boots = 0;

  constructor(options: ArrayMachineOptions) {
    this.#options = options;
    this.name = options.name;
    this.arrayID = options.arrayID;
    this.#log = new CommitLog(options.arrayID);
  }

  /** The process that serves; undefined while it is down or starting. */
  get process(): ArrayProcess | undefined {
    return this.#process;
  }

  /** The state that the process has committed; throws while none serves. */
  get state(): ArrayState {
    if (this.#process === undefined) throw new Error(`array ${this.name} is down`);
    return this.#process.array.parts.committed.state;
  }

  /** Starts a process and recovers what the last one left. */
  async boot(): Promise<void> {
    const { clock } = this.#options;
    this.#boots += 1;
    let isDead = false;
    const died = Promise.withResolvers<void>();
    const kill = (): void => {
      isDead = true;
      died.resolve();
    };
    this.#kill = kill;
    const around = this.#gate(() => isDead);
    const array = await startArray({
      store: simulatedStore(this.#log, around),
      stored: this.#log.load(),
      files: simulatedFiles({
        disk: this.disk,
        around,
        wait: (milliseconds) => clock.wait(milliseconds).then(() => (isDead ? never() : undefined)),
        onCopyWrite: (lunID) => this.#options.onCopyWrite(this, lunID),
        hasReflinks: this.#options.hasReflinks ?? true,
        blockMs: this.#options.blockMs ?? 20,
      }),
      clock: arrayClock(clock, () => !isDead),
      crash: () => this.crash(),
      dropConnections: () => undefined,
      onLost: () => this.crash(),
    });
    if (isDead) return;
    array.parts.committed.onCommit(this.#options.onCommit);
    const guard = new CallGuard(array.parts, { write: () => undefined });
    const service = lunArrayService({ parts: array.parts, runner: array.runner, guard, claims: new ContractClaims() });
    this.#process = { array, service, died: died.promise, isDead: () => isDead };
    this.#options.onBoot(this);
  }

  /** Power is lost. What was not flushed is kept or not as the chaos chooses; the array starts again by itself. */
  crash(rebootMs: number = REBOOT_MS): void {
    const { chaos, clock, onCrash } = this.#options;
    const boot = this.#boots;
    const { choice } = chaos();
    this.#kill();
    this.#process = undefined;
    this.disk.crash((name) => choice(`${this.name} boot ${boot} ${name}`) < 0.5);
    this.#log.crash(choice(`${this.name} boot ${boot} log`));
    onCrash(this);
    clock.after(rebootMs, () => {
      if (this.#boots === boot) void this.boot();
    });
  }

  #gate(isDead: () => boolean): Around {
    const { effects, chaos, clock } = this.#options;
    return async (name, subject, happen) => {
      if (isDead()) return never();
      const { effect, fault } = effects.enter(this.name, name, subject);
      const isCrash = fault?.kind === 'Crash';
      if (isCrash && fault.point === 'before') return this.#die();
      if (name === 'commit') await clock.wait(chaos().latencyOf(effect)[0]);
      if (isDead()) return never();
      happen();
      return isCrash ? this.#die() : undefined;
    };
  }

  #die(): Promise<never> {
    this.crash();
    return never();
  }
}
