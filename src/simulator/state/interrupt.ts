/**
 * What the array does with operations that it finds running when it starts: they are INTERRUPTED, which is final.
 */
import { Draft, type Transition } from './draft.ts';
import { endInDraft } from './end.ts';
import { settleGrowth } from './growth.ts';
import { runningOperations } from './participation.ts';
import type { ArrayState, OperationRecord } from './records.ts';

/** What the files say after a crash. */
export type RecoveryFacts = {
  readonly now: number;
  /** The size of a LUN's file; the crash may have come between a resize and its record. */
  readonly fileSizeBytes: (lunID: string) => number;
};

/** Ends every running operation as INTERRUPTED, and takes over the sizes of LUNs that were being resized. */
export function interruptOperations(state: ArrayState, facts: RecoveryFacts): Transition<readonly OperationRecord[]> {
  const draft = new Draft(state);
  settleGrowth(draft, facts.fileSizeBytes);
  const ended = runningOperations(state).map((operation) => {
    for (const pair of operation.pairs.filter(({ isTouched }) => isTouched)) {
      const target = draft.existingLun(pair.targetLunID);
      draft.putLun({ ...target, sizeBytes: facts.fileSizeBytes(target.id) });
    }
    return endInDraft(draft, operation.operationID, {
      outcome: 'INTERRUPTED',
      now: facts.now,
      error: {
        reason: 'VSS_E_UNEXPECTED_PROVIDER_ERROR',
        message: `The array stopped while operation ${operation.operationID} was in step ${operation.step}.`,
        remedy: 'Start a new operation under a new id.',
        lunID: '',
      },
    });
  });
  return draft.done(ended);
}
