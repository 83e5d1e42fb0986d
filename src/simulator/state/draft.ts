/**
 * Collects what one transition changes. The draft reads like the next state, and leaves the given state alone.
 */
import type { ArrayState, LunRecord, OperationRecord, PoolRecord } from './records.ts';

/** Granules [from, to) of a LUN that may have been written; marked with the LUN's epoch at that time. */
export type Mark = { readonly lunID: string; readonly from: number; readonly to: number; readonly epoch: number };

/** What one commit writes. `null` deletes a row. */
export type Changes = {
  readonly generation: number;
  readonly serial: number;
  readonly luns: ReadonlyMap<string, LunRecord | null>;
  readonly operations: ReadonlyMap<string, OperationRecord | null>;
  readonly pools: ReadonlyMap<string, PoolRecord>;
  readonly retiredIDs: readonly string[];
  readonly marks: readonly Mark[];
  /** Operations that end in this commit and whose records go with it, for those who watch them. */
  readonly ended: readonly OperationRecord[];
};

/** What a transition gives: the changes to commit, and what to answer once they are durable. */
export type Transition<R> = { readonly changes: Changes; readonly result: R };

/** The next state in the making. */
export class Draft {
  readonly #base: ArrayState;
  readonly #luns = new Map<string, LunRecord | null>();
  readonly #operations = new Map<string, OperationRecord | null>();
  readonly #pools = new Map<string, PoolRecord>();
  readonly #retiredIDs: string[] = [];
  readonly #marks: Mark[] = [];
  readonly #ended: OperationRecord[] = [];
  #generation: number;
  #serial: number;

  constructor(base: ArrayState) {
    this.#base = base;
    this.#generation = base.generation;
    this.#serial = base.serial;
  }

  lun(id: string): LunRecord | undefined {
    const changed = this.#luns.get(id);
    return changed === undefined ? this.#base.luns.get(id) : (changed ?? undefined);
  }

  /** A LUN that an earlier rule keeps in place, such as the target of a running operation. */
  existingLun(id: string): LunRecord {
    const lun = this.lun(id);
    if (lun === undefined) {
      throw new Error(`LUN ${id} is gone although an operation depends on it.`);
    }
    return lun;
  }

  luns(): LunRecord[] {
    const ids = new Set([...this.#base.luns.keys(), ...this.#luns.keys()]);
    return [...ids].flatMap((id) => this.lun(id) ?? []);
  }

  putLun(lun: LunRecord): void {
    this.#luns.set(lun.id, lun);
  }

  deleteLun(id: string): void {
    this.#luns.set(id, null);
    this.#retiredIDs.push(id);
  }

  operation(id: string): OperationRecord | undefined {
    const changed = this.#operations.get(id);
    return changed === undefined ? this.#base.operations.get(id) : (changed ?? undefined);
  }

  putOperation(operation: OperationRecord): void {
    this.#operations.set(operation.operationID, operation);
  }

  deleteOperation(id: string): void {
    this.#operations.set(id, null);
  }

  /** Deletes the record of an operation that ends in this very change. */
  endReleased(operation: OperationRecord): void {
    this.#operations.set(operation.operationID, null);
    this.#ended.push(operation);
  }

  putPool(pool: PoolRecord): void {
    this.#pools.set(pool.name, pool);
  }

  mark(mark: Mark): void {
    if (mark.to > mark.from) {
      this.#marks.push(mark);
    }
  }

  /** A value that no LUN ever had. */
  nextGeneration(): number {
    this.#generation += 1;
    return this.#generation;
  }

  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  /** Moves the fence of a LUN whose content may have changed. */
  raiseContent(lun: LunRecord): LunRecord {
    const generation = this.nextGeneration();
    const raised = { ...lun, generation, contentGeneration: generation, hasHostWrites: false };
    this.putLun(raised);
    return raised;
  }

  /** Moves the fence of a LUN whose content is as it was. */
  raiseFence(lun: LunRecord): LunRecord {
    const raised = { ...lun, generation: this.nextGeneration() };
    this.putLun(raised);
    return raised;
  }

  done<R>(result: R): Transition<R> {
    return {
      result,
      changes: {
        generation: this.#generation,
        serial: this.#serial,
        luns: this.#luns,
        operations: this.#operations,
        pools: this.#pools,
        retiredIDs: this.#retiredIDs,
        marks: this.#marks,
        ended: this.#ended,
      },
    };
  }
}

/** A transition that changes nothing. */
export function unchanged<R>(state: ArrayState, result: R): Transition<R> {
  return new Draft(state).done(result);
}

/** Whether there is nothing to commit. */
export function isEmpty(state: ArrayState, changes: Changes): boolean {
  const counts = [changes.luns.size, changes.operations.size, changes.pools.size, changes.marks.length];
  return (
    counts.every((count) => count === 0) && changes.generation === state.generation && changes.serial === state.serial
  );
}

/** The state after a commit. */
export function applyChanges(state: ArrayState, changes: Changes): ArrayState {
  return {
    ...state,
    generation: changes.generation,
    serial: changes.serial,
    luns: merged(state.luns, changes.luns),
    operations: merged(state.operations, changes.operations),
    pools: merged(state.pools, changes.pools),
    retiredIDs:
      changes.retiredIDs.length === 0 ? state.retiredIDs : new Set([...state.retiredIDs, ...changes.retiredIDs]),
  };
}

function merged<T>(base: ReadonlyMap<string, T>, changes: ReadonlyMap<string, T | null>): ReadonlyMap<string, T> {
  if (changes.size === 0) {
    return base;
  }
  const next = new Map(base);
  for (const [key, value] of changes) {
    if (value === null) {
      next.delete(key);
    } else {
      next.set(key, value);
    }
  }
  return next;
}
