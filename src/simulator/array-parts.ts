/**
 * The parts of one running array, as its operations and services share them.
 */
import type { FaultTable } from './faults/fault-table.ts';
import type { Journal } from './journal.ts';
import type { LunGates } from './operations/lun-gates.ts';
import type { ArrayClock, ArrayStore, LunFiles } from './ports.ts';
import { poolUsage } from './state/admission-storage.ts';
import type { CommittedState } from './store/committed-state.ts';

export type ArrayParts = {
  readonly committed: CommittedState;
  readonly store: ArrayStore;
  readonly files: LunFiles;
  readonly clock: ArrayClock;
  readonly gates: LunGates;
  readonly faults: FaultTable;
  readonly journal: Journal;
  readonly isReflinkAvailable: boolean;
  /** Cuts every connection of every listener. */
  readonly dropConnections: () => void;
  /** Ends this process at once, without a word: a fault to order. */
  readonly crash: () => void;
};

/** Bytes that a pool has left; less than nothing when writes behind the array's back filled it. */
export function freeBytes(parts: ArrayParts, pool: string): number {
  const { state } = parts.committed;
  const capacity = state.pools.get(pool)?.capacityBytes ?? 0;
  return capacity - poolUsage(state, pool, parts.files);
}
