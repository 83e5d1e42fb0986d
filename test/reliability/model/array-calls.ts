/** What the array does with a call that arrives, and what it answers: through its own state machine. */
import type { StartRequest } from '../../../src/core/array.ts';
import type { Answer } from '../../../src/core/decision.ts';
import { acceptOperation } from '../../../src/simulator/state/accept.ts';
import { deleteSafetySnapshots } from '../../../src/simulator/state/administration.ts';
import { cancelOperation, releaseOperation } from '../../../src/simulator/state/cancel.ts';
import { applyChanges, type Transition } from '../../../src/simulator/state/draft.ts';
import type { ArrayState, OperationRecord, StartArguments } from '../../../src/simulator/state/records.ts';
import { isRefused, type Refused } from '../../../src/simulator/state/refused.ts';
import { operationOf } from './array-view.ts';
import { mustBeDeclared } from './checks.ts';
import { type State, type Stray, Unsafe } from './state.ts';

export const FACTS = { allocatedBytes: (): number => 0, isReflinkAvailable: false, now: 0, pins: new Map() };

/** The state after the call has arrived, and the answer that leaves. */
export function arrive(state: State, { action, owner }: Stray): { readonly next: State; readonly answer: Answer } {
  switch (action.kind) {
    case 'Start':
      return start(state, action.request);
    case 'Cancel': {
      const { operationID, targetLunIDs } = action;
      const before = state.array.operations.get(operationID);
      const { array, result } = apply(state.array, (from) =>
        cancelOperation(from, { operationID, owner, targetLunIDs }),
      );
      const after = array.operations.get(operationID);
      if (before !== after && before?.owner !== owner)
        throw new Unsafe(`a cancel of ${owner} ends the operation of another`);
      return { next: { ...state, array }, answer: { to: 'Cancel', answer: cancelAnswer(result) } };
    }
    case 'Release': {
      const { array } = apply(state.array, (from) => releaseOperation(from, action.operationID));
      return { next: { ...state, array }, answer: { to: 'Release', answer: { kind: 'Done' } } };
    }
    case 'DeleteSafetySnapshots': {
      const { array, result } = apply(state.array, (from) => deleteSafetySnapshots(from, owner));
      const answer = isRefused(result)
        ? ({ kind: 'Refused', error: errorOf(result) } as const)
        : ({ kind: 'Done' } as const);
      return { next: { ...state, array }, answer: { to: 'DeleteSafetySnapshots', answer } };
    }
  }
}

function start(state: State, request: StartRequest): { readonly next: State; readonly answer: Answer } {
  const { array, result } = apply(state.array, (from) => acceptOperation(from, argumentsOf(request), FACTS));
  if (isRefused(result)) {
    const refusal = (result.refusal ?? 'ARRAY') as never;
    return { next: state, answer: { to: 'Start', answer: { kind: 'Refused', refusal, error: errorOf(result) } } };
  }
  const answer: Answer = { to: 'Start', answer: { kind: 'Accepted', operation: operationOf(result.operation) } };
  if (result.kind === 'known') return { next: state, answer };
  return { next: accepted({ ...state, array }, result.operation), answer };
}

function accepted(state: State, operation: OperationRecord): State {
  mustBeDeclared(state, operation, 'is accepted');
  const uid = operation.owner.split('/').at(-1) ?? '';
  if (state.ghost.succeeded.includes(uid))
    throw new Unsafe(`${operation.operationID} is accepted after its run had succeeded`);
  for (const other of state.array.operations.values()) {
    if (other.outcome !== 'RUNNING' || other.operationID === operation.operationID) continue;
    const shares = other.pairs.some((theirs) =>
      operation.pairs.some(
        (ours) =>
          theirs.targetLunID === ours.targetLunID ||
          theirs.targetLunID === ours.sourceLunID ||
          theirs.sourceLunID === ours.targetLunID,
      ),
    );
    if (shares) throw new Unsafe(`${operation.operationID} and ${other.operationID} run on the same LUN`);
  }
  const { content } = state.ghost;
  const sources = Object.fromEntries(
    operation.pairs.map((pair) => [pair.targetLunID, content[pair.sourceLunID] ?? '']),
  );
  const before = { ...state.ghost.before };
  for (const { targetLunID } of operation.pairs) before[`${uid} ${targetLunID}`] ??= content[targetLunID] ?? '';
  return {
    ...state,
    ghost: { ...state.ghost, before, sources: { ...state.ghost.sources, [operation.operationID]: sources } },
  };
}

/** A transition, applied. */
export function apply<R>(
  array: ArrayState,
  transition: (state: ArrayState) => Transition<R>,
): { readonly array: ArrayState; readonly result: R } {
  const { changes, result } = transition(array);
  return { array: applyChanges(array, changes), result };
}

function argumentsOf({ arrayID: _arrayID, ...request }: StartRequest): StartArguments {
  return {
    ...request,
    kind: request.kind === 'Resync' ? 'RESYNC' : 'ROLL_BACK',
    sizePolicy: request.sizePolicy === 'KeepLarger' ? 'KEEP_LARGER' : 'MATCH_SOURCE',
    identityPolicy: request.identityPolicy === 'KeepTarget' ? 'KEEP_TARGET' : 'REVERT_TO_ORIGINAL',
    verification: request.verify === 'Digest' ? 'DIGEST' : 'NONE',
    safetySnapshots: request.safetySnapshot === 'Always' ? 'ALWAYS' : 'NEVER',
  } as StartArguments;
}

function cancelAnswer(
  result: ReturnType<typeof cancelOperation>['result'],
): Extract<Answer, { to: 'Cancel' }>['answer'] {
  if (isRefused(result)) return { kind: 'Refused', error: errorOf(result) };
  if (result.kind === 'ENDED') return { kind: 'Ended', outcome: 'Unrecognized' };
  return { kind: result.kind === 'DEAD' ? 'Dead' : 'Stopping' };
}

function errorOf({ reason, message, remedy, lunID }: Refused): {
  reason: string;
  message: string;
  remedy: string;
  lunID: string;
} {
  return { reason, message, remedy, lunID: lunID ?? '' };
}
