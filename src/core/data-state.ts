/**
 * What a run left on a target. It comes from the LUN's state and runs in one answer of the array, never from what our
 * own operation was thought to do.
 */
import { DATA_STATES, type DataState } from '../api/lun-resync-status.ts';
import type { Run } from './array.ts';
import type { History, TargetHistory } from './history.ts';

/** The worst of several; `Untouched` of none. */
export function worstDataState(states: readonly DataState[]): DataState {
  return DATA_STATES.find((state) => states.includes(state)) ?? 'Untouched';
}

/** What is on the target of one pair now. `verify` is what the spec asked for. */
export function dataStateOf(target: TargetHistory, history: History, verify: 'Digest' | 'None'): DataState {
  const { lun, run } = target;
  if (lun === undefined) return history.newest === undefined ? 'Untouched' : 'Unknown';
  if (run === undefined) return 'Untouched';
  switch (run.outcome) {
    case 'Running':
      return 'Overwriting';
    case 'Succeeded':
      return verify === 'None' ? 'Copied' : digestsAgree(run) ? 'MatchesSource' : 'Unknown';
    case 'RolledBack':
      return target.moved ? 'Unknown' : 'RolledBack';
    case 'Failed':
    case 'Cancelled':
    case 'Interrupted':
      if (lun.state === 'Inconsistent') return 'Inconsistent';
      return target.moved || lun.state !== 'Online' ? 'Unknown' : 'Untouched';
    case 'Unrecognized':
      return 'Unknown';
  }
}

/** Whether both digests are there and equal. */
export function digestsAgree(run: Run): boolean {
  return run.sourceDigest !== '' && run.sourceDigest === run.targetDigest;
}
