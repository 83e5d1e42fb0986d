/**
 * StartOperation: accepts every pair, or changes nothing.
 */
import { type AdmissionFacts, admissionFault } from './admission.ts';
import { safetySnapshotOf } from './admission-identity.ts';
import { roomNeeded } from './admission-storage.ts';
import { Draft, type Transition, unchanged } from './draft.ts';
import type { ArrayState, LunRecord, OperationRecord, PairRecord, StartArguments } from './records.ts';
import { type Refused, refused } from './refused.ts';
import { runOf, withNewestRun } from './runs.ts';

/** What acceptance needs to know besides the state. */
export type AcceptFacts = AdmissionFacts & {
  readonly now: number;
  /** Hidden snapshots of volume sources that were cloned a moment ago, by the source's id. */
  readonly pins: ReadonlyMap<string, LunRecord>;
};

/** What StartOperation did. A known operation is returned as it is, and nothing is started. */
export type AcceptResult =
  | { readonly kind: 'accepted'; readonly operation: OperationRecord }
  | { readonly kind: 'known'; readonly operation: OperationRecord }
  | Refused;

/** The operation of a repeated request, a refusal when the id means another one, or undefined when the id is free. */
export function knownOperation(state: ArrayState, request: StartArguments): AcceptResult | undefined {
  const operation = state.operations.get(request.operationID);
  if (operation === undefined) {
    return undefined;
  }
  if (isSameRequest(operation.arguments, request)) {
    return { kind: 'known', operation };
  }
  return refused({
    code: 'ALREADY_EXISTS',
    reason: 'VSS_E_OBJECT_ALREADY_EXISTS',
    message: `Operation ${request.operationID} exists with other arguments.`,
    remedy: 'Use a new operation id for every attempt.',
  });
}

/** The bandwidth is the administrator's to change and makes no other request. */
function isSameRequest(accepted: StartArguments, request: StartArguments): boolean {
  const { maxBytesPerSecond } = accepted;
  return JSON.stringify(accepted) === JSON.stringify({ ...request, maxBytesPerSecond });
}

/**
 * Accepts an operation: the operation itself, every target RESYNCING, the raised generations and the runs are one
 * change.
 */
export function acceptOperation(
  state: ArrayState,
  request: StartArguments,
  facts: AcceptFacts,
): Transition<AcceptResult> {
  const known = knownOperation(state, request);
  if (known !== undefined) {
    return unchanged(state, known);
  }
  const fault = admissionFault(state, request, facts);
  if (fault !== undefined) {
    return unchanged(state, fault);
  }
  const draft = new Draft(state);
  for (const pin of facts.pins.values()) {
    draft.putLun(pin);
  }
  const operation: OperationRecord = {
    operationID: request.operationID,
    owner: request.owner,
    kind: request.kind,
    arguments: request,
    step: 'ACCEPTED',
    outcome: 'RUNNING',
    error: null,
    pairs: request.pairs.map((pair) => acceptPair(draft, state, { request, pair, facts })),
    heartbeat: 1,
    startTime: facts.now,
    endTime: 0,
    isCancelRequested: false,
    isReleased: false,
    reservedBytes: roomNeeded(state, request, facts),
  };
  draft.putOperation(operation);
  return draft.done({ kind: 'accepted', operation });
}

function acceptPair(
  draft: Draft,
  state: ArrayState,
  input: { request: StartArguments; pair: StartArguments['pairs'][number]; facts: AcceptFacts },
): PairRecord {
  const { request, pair, facts } = input;
  const before = draft.existingLun(pair.targetLunID);
  const source = draft.existingLun(pair.sourceLunID);
  const raised = draft.raiseContent({ ...before, state: 'RESYNCING' });
  const earlier = runOf(before, request.owner);
  const safetySnapshotID = safetySnapshotOf(state, request.owner, before.id)?.id ?? earlier?.safetySnapshotID ?? '';
  draft.putLun(
    withNewestRun(raised, {
      owner: request.owner,
      runID: request.runID,
      pairsDigest: request.pairsDigest,
      operationID: request.operationID,
      kind: request.kind,
      outcome: 'RUNNING',
      error: null,
      sourceLunID: source.id,
      intentGeneration: pair.ifTargetGeneration,
      endGeneration: 0,
      sourceDigest: '',
      targetDigest: '',
      safetySnapshotID,
      startTime: facts.now,
      endTime: 0,
      originalSizeBytes: earlier?.originalSizeBytes ?? before.sizeBytes,
    }),
  );
  return {
    sourceLunID: source.id,
    targetLunID: before.id,
    pinLunID: facts.pins.get(source.id)?.id ?? '',
    intentGeneration: pair.ifTargetGeneration,
    acceptedGeneration: raised.generation,
    endGeneration: 0,
    copiedBytes: 0,
    totalBytes: source.sizeBytes,
    writtenBytes: 0,
    sourceDigest: '',
    targetDigest: '',
    safetySnapshotID,
    targetSizeBeforeBytes: before.sizeBytes,
    targetSizeAfterBytes: sizeAfter(request, source.sizeBytes, before.sizeBytes),
    isTouched: false,
    stateBefore: before.state,
  };
}

function sizeAfter(request: StartArguments, sourceBytes: number, targetBytes: number): number {
  const keeps = request.kind === 'RESYNC' && request.sizePolicy === 'KEEP_LARGER';
  return keeps ? Math.max(sourceBytes, targetBytes) : sourceBytes;
}
