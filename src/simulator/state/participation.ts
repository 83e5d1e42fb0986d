/**
 * Which running operation a LUN takes part in, and how.
 */
import type { ArrayState, OperationRecord } from './records.ts';

/** Operations that have not ended. */
export function runningOperations(state: ArrayState): OperationRecord[] {
  return [...state.operations.values()].filter((operation) => operation.outcome === 'RUNNING');
}

/** The running operation that overwrites a LUN, or undefined. */
export function operationWithTarget(state: ArrayState, lunID: string): OperationRecord | undefined {
  return runningOperations(state).find((operation) => operation.pairs.some((pair) => pair.targetLunID === lunID));
}

/** A running operation that reads a LUN, or undefined. */
export function operationWithSource(state: ArrayState, lunID: string): OperationRecord | undefined {
  return runningOperations(state).find((operation) => operation.pairs.some((pair) => pair.sourceLunID === lunID));
}

/**
 * The running operation that copies from the volume itself, because no instant clone of it could be made.
 *
 * Until it has ended the volume's content must stay as it was at acceptance: no host may write.
 */
export function operationFreezing(state: ArrayState, lunID: string): OperationRecord | undefined {
  if (state.luns.get(lunID)?.kind !== 'VOLUME') {
    return undefined;
  }
  return runningOperations(state).find((operation) =>
    operation.pairs.some((pair) => pair.sourceLunID === lunID && pair.pinLunID === ''),
  );
}

/** A running operation that needs a LUN to stay, or undefined. */
export function operationUsing(state: ArrayState, lunID: string): OperationRecord | undefined {
  return runningOperations(state).find((operation) =>
    operation.pairs.some((pair) =>
      [pair.sourceLunID, pair.targetLunID, pair.pinLunID, pair.safetySnapshotID].includes(lunID),
    ),
  );
}
