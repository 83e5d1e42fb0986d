/** What the array does by itself: the course of a running operation, its failure, and a crash. */

import { endOperation } from '../../../src/simulator/state/end.ts';
import { interruptOperations } from '../../../src/simulator/state/interrupt.ts';
import { reserveIDs } from '../../../src/simulator/state/luns.ts';
import type { ArrayState, OperationRecord } from '../../../src/simulator/state/records.ts';
import { addSafetySnapshots, enterStep, recordPairDone, touchTarget } from '../../../src/simulator/state/steps.ts';
import { apply } from './array-calls.ts';
import { mustBeDeclared, uidOf } from './checks.ts';
import { type State, type Step, Unsafe } from './state.ts';

export function* arraySteps(state: State): Generator<Step> {
  for (const operation of state.array.operations.values()) {
    if (operation.outcome !== 'RUNNING') continue;
    yield { label: `array: ${operation.operationID} goes on`, isFault: false, next: goesOn(state, operation) };
    const { budget } = state;
    if (
      budget.failure > 0 &&
      operation.step === 'COPYING' &&
      operation.kind === 'RESYNC' &&
      !operation.isCancelRequested
    ) {
      const spent = { ...state, budget: { ...budget, failure: budget.failure - 1 } };
      yield { label: `array: ${operation.operationID} fails`, isFault: true, next: ends(spent, operation, 'FAILED') };
    }
  }
  if (state.budget.arrayCrash === 0) return;
  const budget = { ...state.budget, arrayCrash: state.budget.arrayCrash - 1 };
  const fileSizeBytes = (lunID: string): number => state.array.luns.get(lunID)?.sizeBytes ?? 0;
  const { array } = apply(state.array, (from) => interruptOperations(from, { now: 0, fileSizeBytes }));
  wholeOrFenced(array, state);
  yield { label: 'array: crashes', isFault: true, next: { ...state, budget, array } };
}

/** Accepted, safety snapshots, half-written, done. What commutes with everything else is one step. */
function goesOn(state: State, operation: OperationRecord): State {
  if (operation.isCancelRequested) return ends(state, operation, 'CANCELLED');
  if (operation.step === 'ACCEPTED') return takesSnapshots(state, operation);
  return operation.step === 'SNAPSHOTTING' ? beginsToWrite(state, operation) : succeeds(state, operation);
}

function takesSnapshots(state: State, operation: OperationRecord): State {
  const { operationID } = operation;
  const entered = apply(state.array, (from) => enterStep(from, operationID, 'SNAPSHOTTING'));
  if (operation.kind === 'ROLL_BACK' || operation.arguments.safetySnapshots === 'NEVER')
    return { ...state, array: entered.array };
  const missing = operation.pairs.filter((pair) => pair.safetySnapshotID === '' && pair.stateBefore === 'ONLINE');
  const reserved = apply(entered.array, (from) => reserveIDs(from, 'safety', missing.length));
  const taken = missing.map((pair, nth) => ({
    id: reserved.result[nth] ?? '',
    parentLunID: pair.targetLunID,
    sharedBytes: 0,
    createTime: 0,
  }));
  const { array } = apply(reserved.array, (from) => addSafetySnapshots(from, operationID, taken));
  const content = { ...state.ghost.content };
  for (const { id, parentLunID } of taken) content[id] = content[parentLunID] ?? '';
  return { ...state, array, ghost: { ...state.ghost, content } };
}

function beginsToWrite(state: State, operation: OperationRecord): State {
  mustBeDeclared(state, operation, 'writes');
  const { operationID } = operation;
  let { array } = apply(state.array, (from) => enterStep(from, operationID, 'COPYING'));
  const content = { ...state.ghost.content };
  for (const { targetLunID } of operation.pairs) {
    array = apply(array, (from) => touchTarget(from, operationID, { targetLunID, ranges: [] })).array;
    content[targetLunID] = `half ${uidOf(operation.owner)}`;
  }
  return { ...state, array, ghost: { ...state.ghost, content } };
}

function succeeds(state: State, operation: OperationRecord): State {
  mustBeDeclared(state, operation, 'writes');
  const { operationID } = operation;
  const isBack = operation.kind === 'ROLL_BACK';
  const uid = uidOf(operation.owner);
  let { array } = state;
  const content = { ...state.ghost.content };
  for (const { targetLunID } of operation.pairs) {
    const digest = 'd'.repeat(64);
    const done = { targetLunID, copiedBytes: 0, writtenBytes: 0, sourceDigest: digest, targetDigest: digest };
    array = apply(array, (from) => recordPairDone(from, operationID, done)).array;
    content[targetLunID] = state.ghost.sources[operationID]?.[targetLunID] ?? '';
    if (content[targetLunID]?.startsWith('half '))
      throw new Unsafe(`${operationID} makes ${targetLunID} a copy of a half-written LUN`);
    if (isBack && content[targetLunID] !== state.ghost.before[`${uid} ${targetLunID}`])
      throw new Unsafe(`${operationID} rolls ${targetLunID} back to something else than it had before the run`);
  }
  const succeeded = isBack ? state.ghost.succeeded : [...new Set([...state.ghost.succeeded, uid])];
  const next = { ...state, array, ghost: { ...state.ghost, content, succeeded } };
  return ends(next, operation, isBack ? 'ROLLED_BACK' : 'SUCCEEDED');
}

function ends(
  state: State,
  { operationID }: OperationRecord,
  outcome: 'SUCCEEDED' | 'ROLLED_BACK' | 'FAILED' | 'CANCELLED',
): State {
  const error = { reason: 'E_OUTOFMEMORY', message: 'failed', remedy: '', lunID: '' };
  const ending =
    outcome === 'SUCCEEDED' || outcome === 'ROLLED_BACK' ? { outcome, now: 0 } : { outcome, now: 0, error };
  const { array } = apply(state.array, (from) => endOperation(from, operationID, ending));
  wholeOrFenced(array, state);
  return { ...state, array };
}

function wholeOrFenced(array: ArrayState, { ghost }: State): void {
  for (const lun of array.luns.values())
    if (lun.state === 'ONLINE' && ghost.content[lun.id]?.startsWith('half ') === true)
      throw new Unsafe(`${lun.id} is ONLINE and half-written`);
}
