/**
 * CancelOperation and ReleaseOperation.
 */
import { Draft, type Transition, unchanged } from './draft.ts';
import { operationWithTarget } from './participation.ts';
import type { ArrayState, Outcome } from './records.ts';
import { type Refused, refused } from './refused.ts';

export type CancelRequest = {
  readonly operationID: string;
  readonly owner: string;
  readonly targetLunIDs: readonly string[];
};

/** STOPPING: it may still write. ENDED: it is over. DEAD: it is unknown and its request can no longer be accepted. */
export type CancelResult =
  | { readonly kind: 'STOPPING' | 'DEAD' }
  | { readonly kind: 'ENDED'; readonly outcome: Outcome }
  | Refused;

/**
 * Asks a running operation to stop, or fences an unknown one: the generation of every named target is raised, except
 * of targets of a running operation, whose end will raise them. The content generation stays: nobody wrote.
 */
export function cancelOperation(state: ArrayState, request: CancelRequest): Transition<CancelResult> {
  const operation = state.operations.get(request.operationID);
  if (operation === undefined) {
    return fenceUnknown(state, request);
  }
  if (operation.owner !== request.owner) {
    return unchanged(
      state,
      refused({
        reason: 'VSS_E_BAD_STATE',
        message: `Operation ${request.operationID} belongs to another owner.`,
        remedy: 'Cancel only your own operations.',
      }),
    );
  }
  if (operation.outcome !== 'RUNNING') {
    return unchanged(state, { kind: 'ENDED', outcome: operation.outcome });
  }
  if (operation.isCancelRequested) {
    return unchanged(state, { kind: 'STOPPING' });
  }
  const draft = new Draft(state);
  draft.putOperation({ ...operation, isCancelRequested: true });
  return draft.done({ kind: 'STOPPING' });
}

function fenceUnknown(state: ArrayState, request: CancelRequest): Transition<CancelResult> {
  const draft = new Draft(state);
  for (const lunID of new Set(request.targetLunIDs)) {
    const lun = draft.lun(lunID);
    if (lun !== undefined && !lun.isHidden && operationWithTarget(state, lunID) === undefined) {
      draft.raiseFence(lun);
    }
  }
  return draft.done({ kind: 'DEAD' });
}

/** Lets the record of an operation go: now when it has ended, else at its end. An unknown id is no error. */
export function releaseOperation(state: ArrayState, operationID: string): Transition<void> {
  const draft = new Draft(state);
  const operation = draft.operation(operationID);
  if (operation?.outcome === 'RUNNING' && !operation.isReleased) {
    draft.putOperation({ ...operation, isReleased: true });
  }
  if (operation !== undefined && operation.outcome !== 'RUNNING') {
    draft.deleteOperation(operationID);
  }
  return draft.done(undefined);
}
