/**
 * The faults that are ordered and have not yet fired as often as they should.
 */
import type { Step } from '../state/records.ts';
import type { Fault, FaultAction, FaultPlace } from './fault.ts';

/** Keeps the durable faults over restarts; `null`: it is gone. */
export type FaultStore = (id: string, fault: Fault | null) => Promise<void>;

type Armed = {
  readonly fault: Fault;
  /** Operations that have matched: each of them counts once, however often it looks. */
  readonly operations: Set<string>;
  seen: number;
  left: number;
};

/** All ordered faults. */
export class FaultTable {
  readonly #armed = new Map<string, Armed>();
  readonly #stalls = new Map<string, Set<() => void>>();
  readonly #save: FaultStore;

  constructor(durable: readonly Fault[], save: FaultStore) {
    this.#save = save;
    for (const fault of durable) {
      this.#armed.set(fault.id, { fault, operations: new Set(), seen: 0, left: fault.count });
    }
  }

  /** Orders a fault; a durable one is on disk when this resolves. */
  async order(fault: Fault): Promise<void> {
    this.#armed.set(fault.id, { fault, operations: new Set(), seen: 0, left: fault.count });
    if (fault.isDurable) {
      await this.#save(fault.id, fault);
    }
  }

  /** Faults that can still fire, and those that hold something up now. */
  list(): Fault[] {
    return [...this.#armed.values()].map(({ fault, left }) => ({ ...fault, count: left }));
  }

  /** Takes a fault back, or all of them, and lets go what they hold up; returns how many there were. */
  async clear(id: string): Promise<number> {
    const ids = [...new Set([...this.#armed.keys(), ...this.#stalls.keys()])].filter((key) => id === '' || key === id);
    for (const key of ids) {
      this.#stalls.get(key)?.forEach((release) => release());
      await this.#forget(key);
    }
    return ids.length;
  }

  /** The fault of a call that fires now, or undefined. It has been counted and its count is durable. */
  async fireCall(call: {
    readonly method: string;
    readonly point: 'BEFORE' | 'AFTER';
    readonly lunIDs: readonly string[];
  }): Promise<Fault | undefined> {
    const matches = (place: FaultPlace): boolean =>
      place.kind === 'call' && place.method === call.method && place.point === call.point;
    return this.#fire((fault) => matches(fault.place) && (fault.lunID === '' || call.lunIDs.includes(fault.lunID)));
  }

  /** The fault of an operation that fires now, or undefined. */
  async fireStep(
    at: {
      readonly operationID: string;
      readonly step: Step;
      readonly copiedBytes: number;
      readonly lunIDs: readonly string[];
    },
    actions: readonly FaultAction[],
  ): Promise<Fault | undefined> {
    const matches = (place: FaultPlace): boolean =>
      place.kind === 'step' && place.step === at.step && place.atByte <= at.copiedBytes;
    return this.#fire(
      (fault) =>
        actions.includes(fault.action) &&
        matches(fault.place) &&
        (fault.lunID === '' || at.lunIDs.includes(fault.lunID)),
      at.operationID,
    );
  }

  /** Whether a fault would look at this number of copied bytes; cheap enough for every report of progress. */
  isWaitingForBytes(): boolean {
    return [...this.#armed.values()].some(({ fault }) => fault.place.kind === 'step' && fault.place.step === 'COPYING');
  }

  /** Resolves when the fault is cleared or the signal is aborted. */
  async stalled(fault: Fault, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const held = this.#stalls.get(fault.id) ?? new Set();
      const done = (): void => {
        signal.removeEventListener('abort', done);
        held.delete(done);
        if (held.size === 0) {
          this.#stalls.delete(fault.id);
        }
        resolve();
      };
      this.#stalls.set(fault.id, held.add(done));
      signal.addEventListener('abort', done);
      if (signal.aborted) {
        done();
      }
    });
  }

  async #fire(matches: (fault: Fault) => boolean, operationID?: string): Promise<Fault | undefined> {
    let firing: Armed | undefined;
    for (const armed of this.#armed.values()) {
      if (matches(armed.fault) && isFirstMatch(armed, operationID)) {
        armed.seen += 1;
        firing ??= armed.seen >= armed.fault.nth ? armed : undefined;
      }
    }
    if (firing === undefined) {
      return undefined;
    }
    firing.left -= 1;
    if (firing.left === 0) {
      await this.#forget(firing.fault.id);
    } else if (firing.fault.isDurable) {
      await this.#save(firing.fault.id, { ...firing.fault, count: firing.left });
    }
    return firing.fault;
  }

  async #forget(id: string): Promise<void> {
    const armed = this.#armed.get(id);
    this.#armed.delete(id);
    if (armed?.fault.isDurable === true) {
      await this.#save(id, null);
    }
  }
}

function isFirstMatch(armed: Armed, operationID: string | undefined): boolean {
  if (operationID === undefined) {
    return true;
  }
  const isFirst = !armed.operations.has(operationID);
  armed.operations.add(operationID);
  return isFirst;
}
