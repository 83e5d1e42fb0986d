/**
 * The parts of one running array, as its operations and services share them.
 */
import type { FaultTable } from './faults/fault-table.ts';
import type { Journal } from './journal.ts';
import type { LunDirectory } from './operations/lun-directory.ts';
import type { LunGates } from './operations/lun-gates.ts';
import { poolUsage } from './state/admission-storage.ts';
import type { CommittedState } from './store/committed-state.ts';
import type { Store } from './store/store.ts';

export type ArrayParts = {
  readonly committed: CommittedState;
  readonly store: Store;
  readonly directory: LunDirectory;
  readonly gates: LunGates;
  readonly faults: FaultTable;
  readonly journal: Journal;
  readonly isReflinkAvailable: boolean;
  /** Cuts every connection of every listener. */
  readonly dropConnections: () => void;
  readonly now: () => number;
};

/** Bytes that a pool has left; less than nothing when writes behind the array's back filled it. */
export function freeBytes(parts: ArrayParts, pool: string): number {
  const { state } = parts.committed;
  const capacity = state.pools.get(pool)?.capacityBytes ?? 0;
  return capacity - poolUsage(state, pool, parts.directory);
}
