/**
 * The end of an operation: targets, generations, runs and the operation's record in one change.
 */
import { signatureAfter } from './admission-identity.ts';
import { Draft, type Transition } from './draft.ts';
import type { ArrayState, FinalOutcome, LunRecord, OperationError, OperationRecord, PairRecord } from './records.ts';
import { withChangedRun } from './runs.ts';
import { runningOperation } from './steps.ts';

/** How many records of ended operations stay when nobody releases them. */
const maxEndedOperations = 4096;

/** How an operation ended. Success needs no error, every other outcome has one. */
export type Ending =
  | { readonly outcome: 'SUCCEEDED' | 'ROLLED_BACK'; readonly now: number }
  | { readonly outcome: 'FAILED' | 'CANCELLED' | 'INTERRUPTED'; readonly error: OperationError; readonly now: number };

/** Ends a running operation. */
export function endOperation(state: ArrayState, operationID: string, ending: Ending): Transition<OperationRecord> {
  const draft = new Draft(state);
  return draft.done(endInDraft(draft, operationID, ending));
}

/** Ends a running operation as a part of a larger change. */
export function endInDraft(draft: Draft, operationID: string, ending: Ending): OperationRecord {
  const operation = runningOperation(draft, operationID);
  const error = 'error' in ending ? ending.error : null;
  const pairs = operation.pairs.map((pair) => endPair(draft, operation, { pair, ending, error }));
  for (const pair of operation.pairs) {
    if (pair.pinLunID !== '') {
      draft.deleteLun(pair.pinLunID);
    }
  }
  const ended = { ...operation, pairs, error, outcome: ending.outcome, endTime: ending.now };
  if (operation.isReleased) {
    draft.endReleased(ended);
  } else {
    draft.putOperation(ended);
  }
  return ended;
}

function endPair(
  draft: Draft,
  operation: OperationRecord,
  end: { readonly pair: PairRecord; readonly ending: Ending; readonly error: OperationError | null },
): PairRecord {
  const { pair, ending, error } = end;
  const target = draft.existingLun(pair.targetLunID);
  const settled = isSuccess(ending.outcome)
    ? succeededTarget(draft, operation, { pair, target })
    : { ...target, state: stateAfterFailure(pair) };
  const raised = draft.raiseContent(settled);
  draft.putLun(
    withChangedRun(raised, operation.operationID, {
      outcome: ending.outcome,
      error,
      endGeneration: raised.generation,
      endTime: ending.now,
      sourceDigest: pair.sourceDigest,
      targetDigest: pair.targetDigest,
    }),
  );
  return { ...pair, endGeneration: raised.generation };
}

function succeededTarget(
  draft: Draft,
  operation: OperationRecord,
  end: { readonly pair: PairRecord; readonly target: LunRecord },
): LunRecord {
  const { pair, target } = end;
  const source = draft.existingLun(pair.sourceLunID);
  if (pair.isTouched && source.kind === 'SNAPSHOT' && source.parentLunID === target.id) {
    // The target equals this snapshot now: the next copy from it needs only what is written after this epoch.
    draft.putLun({ ...source, parentEpoch: target.epoch });
  }
  return {
    ...target,
    state: 'ONLINE',
    epoch: target.epoch + 1,
    diskSignature: signatureAfter(operation.arguments, source, target),
  };
}

function stateAfterFailure(pair: PairRecord): LunRecord['state'] {
  return pair.isTouched ? 'INCONSISTENT' : pair.stateBefore;
}

function isSuccess(outcome: FinalOutcome): boolean {
  return outcome === 'SUCCEEDED' || outcome === 'ROLLED_BACK';
}

/** Drops the oldest ended operations beyond the newest 4096, so that a caller that never releases fills nothing. */
export function dropOldOperations(state: ArrayState): Transition<void> {
  const draft = new Draft(state);
  const ended = [...state.operations.values()].filter((operation) => operation.outcome !== 'RUNNING');
  const oldestFirst = ended.toSorted((a, b) => a.endTime - b.endTime);
  for (const operation of oldestFirst.slice(0, Math.max(0, ended.length - maxEndedOperations))) {
    draft.deleteOperation(operation.operationID);
  }
  return draft.done(undefined);
}
