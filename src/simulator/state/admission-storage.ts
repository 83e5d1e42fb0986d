/**
 * Whether the pools have room for an operation: for what the targets grow by, and for safety snapshots where the file
 * system cannot share blocks.
 */
import type { AdmissionFacts } from './admission.ts';
import { safetySnapshotOf } from './admission-identity.ts';
import { runningOperations } from './participation.ts';
import type { ArrayState, StartArguments } from './records.ts';
import { type Refused, refused } from './refused.ts';

/** Bytes taken from a pool by the LUNs that live in it; shared blocks count once. */
export function poolUsage(state: ArrayState, pool: string, facts: Pick<AdmissionFacts, 'allocatedBytes'>): number {
  let used = 0;
  for (const lun of state.luns.values()) {
    if (lun.pool === pool) {
      used += Math.max(0, facts.allocatedBytes(lun.id) - lun.sharedBytes);
    }
  }
  return used;
}

/** Bytes that running operations were promised. */
export function reservedBytes(state: ArrayState, pool: string): number {
  return runningOperations(state).reduce((sum, operation) => sum + (operation.reservedBytes[pool] ?? 0), 0);
}

/** Bytes that an operation may take from each pool. */
export function roomNeeded(
  state: ArrayState,
  request: StartArguments,
  facts: AdmissionFacts,
): Readonly<Record<string, number>> {
  const needed: Record<string, number> = {};
  for (const { sourceLunID, targetLunID } of request.pairs) {
    const target = state.luns.get(targetLunID);
    if (target !== undefined) {
      const takesSnapshot =
        request.kind === 'RESYNC' &&
        request.safetySnapshots === 'ALWAYS' &&
        target.state !== 'INCONSISTENT' &&
        safetySnapshotOf(state, request.owner, targetLunID) === undefined;
      const bytes = pairNeeds({
        source: facts.allocatedBytes(sourceLunID),
        target: facts.allocatedBytes(targetLunID),
        takesSnapshot,
        isReflinkAvailable: facts.isReflinkAvailable,
      });
      needed[target.pool] = (needed[target.pool] ?? 0) + bytes;
    }
  }
  return needed;
}

function pairNeeds(pair: {
  readonly source: number;
  readonly target: number;
  readonly takesSnapshot: boolean;
  readonly isReflinkAvailable: boolean;
}): number {
  const growth = Math.max(0, pair.source - pair.target);
  if (!pair.takesSnapshot) {
    return growth;
  }
  // A reflinked snapshot keeps the target's old blocks, so that every copied block is a new one.
  return pair.isReflinkAvailable ? pair.source : growth + pair.target;
}

/** Why a pool has too little room, or undefined. */
export function storageFault(
  state: ArrayState,
  needed: Readonly<Record<string, number>>,
  facts: AdmissionFacts,
): Refused | undefined {
  for (const [name, bytes] of Object.entries(needed)) {
    const capacity = state.pools.get(name)?.capacityBytes ?? 0;
    const free = capacity - poolUsage(state, name, facts) - reservedBytes(state, name);
    if (bytes > free) {
      return refused({
        refusal: 'STORAGE',
        reason: 'VSS_E_INSUFFICIENT_STORAGE',
        message: `Pool ${name} has ${Math.max(0, free)} bytes left and the operation may need ${bytes}.`,
        remedy: 'Free room in the pool or enlarge it.',
      });
    }
  }
  return undefined;
}
