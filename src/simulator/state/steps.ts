/**
 * The course of a running operation, step by step. Every function keeps its promise only once its change is durable.
 */
import { Draft, type Transition } from './draft.ts';
import { markedGranules } from './granules.ts';
import { madeUpIdentifier } from './identifiers.ts';
import type { ArrayState, LunRecord, OperationRecord, PairRecord, Step } from './records.ts';
import { withChangedRun } from './runs.ts';
import { addSnapshot, snapshotRecord } from './snapshot-record.ts';

const stepOrder: readonly Step[] = ['ACCEPTED', 'SNAPSHOTTING', 'RESIZING', 'COPYING', 'VERIFYING'];

/** Moves an operation on to a step; one that has passed it stays where it is. */
export function enterStep(state: ArrayState, operationID: string, step: Step): Transition<OperationRecord> {
  const draft = new Draft(state);
  const operation = runningOperation(draft, operationID);
  const isLater = stepOrder.indexOf(step) > stepOrder.indexOf(operation.step);
  const next = { ...operation, step: isLater ? step : operation.step, heartbeat: operation.heartbeat + 1 };
  draft.putOperation(next);
  return draft.done(next);
}

/** A snapshot whose file exists already. */
export type TakenSnapshot = Pick<LunRecord, 'id' | 'parentLunID' | 'sharedBytes' | 'createTime'>;

/** The safety snapshots of an operation, all at once: the set exists or it does not. */
export function addSafetySnapshots(
  state: ArrayState,
  operationID: string,
  taken: readonly TakenSnapshot[],
): Transition<OperationRecord> {
  const draft = new Draft(state);
  const operation = runningOperation(draft, operationID);
  const snapshots = taken.map(({ parentLunID, ...snapshot }) =>
    snapshotRecord(draft.existingLun(parentLunID), {
      ...snapshot,
      isHidden: false,
      safetyOwner: operation.owner,
      identifiers: [madeUpIdentifier(state.arrayID, draft.nextSerial())],
      generation: draft.nextGeneration(),
    }),
  );
  for (const snapshot of snapshots) {
    addSnapshot(draft, snapshot);
    const target = draft.existingLun(snapshot.parentLunID);
    draft.putLun(withChangedRun(target, operationID, { safetySnapshotID: snapshot.id }));
  }
  const pairs = operation.pairs.map((pair) => {
    const snapshot = snapshots.find((candidate) => candidate.parentLunID === pair.targetLunID);
    return snapshot === undefined ? pair : { ...pair, safetySnapshotID: snapshot.id };
  });
  const next = { ...operation, pairs, heartbeat: operation.heartbeat + 1 };
  draft.putOperation(next);
  return draft.done(next);
}

/** A part of a target that is going to be written. */
export type TouchedRange = { readonly offset: number; readonly length: number };

/**
 * Records that a target is about to change, and where. Must be durable before its first block is written or its size
 * changes: from then on an end without success leaves it INCONSISTENT.
 */
export function touchTarget(
  state: ArrayState,
  operationID: string,
  touched: { readonly targetLunID: string; readonly ranges: readonly TouchedRange[] },
): Transition<OperationRecord> {
  const draft = new Draft(state);
  const operation = runningOperation(draft, operationID);
  const target = draft.existingLun(touched.targetLunID);
  for (const range of touched.ranges) {
    draft.mark({ lunID: target.id, ...markedGranules(range), epoch: target.epoch });
  }
  const next = changePair(operation, target.id, { isTouched: true });
  draft.putOperation(next);
  return draft.done(next);
}

/** Records a target's new size, once its file has it. */
export function recordResize(
  state: ArrayState,
  operationID: string,
  resized: { readonly targetLunID: string; readonly sizeBytes: number },
): Transition<OperationRecord> {
  const draft = new Draft(state);
  const target = draft.existingLun(resized.targetLunID);
  draft.putLun({ ...target, sizeBytes: resized.sizeBytes });
  return draft.done(runningOperation(draft, operationID));
}

/** How far a pair is. Numbers that are lower than the known ones are ignored: progress never goes back. */
export type PairProgress = {
  readonly targetLunID: string;
  readonly copiedBytes: number;
  readonly writtenBytes: number;
};

/** Records progress and a sign of life. */
export function recordProgress(
  state: ArrayState,
  operationID: string,
  progress: PairProgress | null,
): Transition<OperationRecord> {
  const draft = new Draft(state);
  const operation = runningOperation(draft, operationID);
  const moved = progress === null ? operation : advancePair(operation, progress);
  const next = { ...moved, heartbeat: operation.heartbeat + 1 };
  draft.putOperation(next);
  return draft.done(next);
}

function advancePair(operation: OperationRecord, progress: PairProgress): OperationRecord {
  const pair = operation.pairs.find((candidate) => candidate.targetLunID === progress.targetLunID);
  if (pair === undefined) {
    return operation;
  }
  return changePair(operation, pair.targetLunID, {
    copiedBytes: Math.min(pair.totalBytes, Math.max(pair.copiedBytes, progress.copiedBytes)),
    writtenBytes: Math.max(pair.writtenBytes, progress.writtenBytes),
  });
}

/** Records that a pair is done: everything dealt with, and the digests if they were asked for. */
export function recordPairDone(
  state: ArrayState,
  operationID: string,
  done: Pick<PairRecord, 'targetLunID' | 'copiedBytes' | 'writtenBytes' | 'sourceDigest' | 'targetDigest'>,
): Transition<OperationRecord> {
  const draft = new Draft(state);
  const operation = runningOperation(draft, operationID);
  const { targetLunID, ...change } = done;
  const next = { ...changePair(operation, targetLunID, change), heartbeat: operation.heartbeat + 1 };
  draft.putOperation(next);
  return draft.done(next);
}

function changePair(operation: OperationRecord, targetLunID: string, change: Partial<PairRecord>): OperationRecord {
  const pairs = operation.pairs.map((pair) => (pair.targetLunID === targetLunID ? { ...pair, ...change } : pair));
  return { ...operation, pairs };
}

/** The operation, which must be running: only its own runner moves it on. */
export function runningOperation(draft: Draft, operationID: string): OperationRecord {
  const operation = draft.operation(operationID);
  if (operation?.outcome !== 'RUNNING') {
    throw new Error(`Operation ${operationID} is ${operation?.outcome ?? 'unknown'} and cannot go on.`);
  }
  return operation;
}
