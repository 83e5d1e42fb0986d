/**
 * What a run left on a target. It comes from the LUN's state and runs in one answer of the array, never from what our
 * own operation was thought to do.
 */
import { DATA_STATES, type DataState } from '../api/lun-resync-status.ts';
import type { LunState, Run } from './array.ts';
import { type History, isUnsuccessfulEnd, type TargetHistory } from './history.ts';

/**
 * The worst of several; `Untouched` of none. Where some targets were left alone and others put back, all have what they had,
 * but not all were left alone: `RolledBack`.
 */
export function worstDataState(states: readonly DataState[]): DataState {
  const worst = DATA_STATES.find((state) => states.includes(state)) ?? 'Untouched';
  return worst === 'Untouched' && states.includes('RolledBack') ? 'RolledBack' : worst;
}

export type Expected = {
  /** What the spec asked for. */
  readonly verify: 'Digest' | 'None';
  /** Whether the status remembers that an operation was accepted. */
  readonly wasAccepted: boolean;
  /** Whether the array contradicts itself, so that its word of a success is none. */
  readonly isDoubted: boolean;
};

/** What is on the target of one pair now. */
export function dataStateOf(target: TargetHistory, history: History, expected: Expected): DataState {
  const { lun, run } = target;
  if (run?.outcome === 'Running') return 'Overwriting';
  if (lun?.state === 'Inconsistent' && !(run?.outcome === 'Succeeded' && history.disagreement === undefined))
    return 'Inconsistent';
  if (history.disagreement !== undefined) return 'Unknown';
  if (lun !== undefined && run !== undefined) return afterOperation(target, lun.state, run, expected);
  return expected.wasAccepted || history.newest !== undefined ? 'Unknown' : 'Untouched';
}

function afterOperation({ moved }: TargetHistory, state: LunState, run: Run, expected: Expected): DataState {
  if (run.outcome === 'Succeeded') return afterSuccess(run, expected);
  if (moved) return 'Unknown';
  if (run.outcome === 'RolledBack') return isProvenRollBack(run, expected) ? 'RolledBack' : 'Unknown';
  return isUnsuccessfulEnd(run.outcome) && state === 'Online' ? 'Untouched' : 'Unknown';
}

function isProvenRollBack(run: Run, { verify, isDoubted }: Expected): boolean {
  return run.kind === 'RollBack' && !isDoubted && (verify === 'None' || digestsAgree(run));
}

function afterSuccess(run: Run, { verify, isDoubted }: Expected): DataState {
  if (isDoubted || run.kind !== 'Resync') return 'Unknown';
  if (verify === 'None') return 'Copied';
  return digestsAgree(run) ? 'MatchesSource' : 'Unknown';
}

/** Whether both digests are there and equal. */
export function digestsAgree(run: Run): boolean {
  return run.sourceDigest !== '' && run.sourceDigest === run.targetDigest;
}
