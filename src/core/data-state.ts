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

export type Expected = {
  /** What the spec asked for. */
  readonly verify: 'Digest' | 'None';
  /** Whether the status remembers that an operation was accepted. */
  readonly wasAccepted: boolean;
};

/** What is on the target of one pair now. */
export function dataStateOf(target: TargetHistory, history: History, expected: Expected): DataState {
  const { lun, run } = target;
  if (run?.outcome === 'Running') return 'Overwriting';
  const remembered = expected.wasAccepted || history.newest !== undefined;
  if (lun === undefined) return remembered ? 'Unknown' : 'Untouched';
  if (lun.state === 'Inconsistent' && (run?.outcome !== 'Succeeded' || history.disagreement !== undefined))
    return 'Inconsistent';
  if (history.disagreement !== undefined) return 'Unknown';
  if (run === undefined) return remembered ? 'Unknown' : 'Untouched';
  return afterOperation(target, run, expected.verify);
}

function afterOperation({ lun, moved }: TargetHistory, run: Run, verify: Expected['verify']): DataState {
  switch (run.outcome) {
    case 'Running':
      return 'Overwriting';
    case 'Succeeded':
      if (run.kind !== 'Resync') return 'Unknown';
      if (verify === 'None') return 'Copied';
      return digestsAgree(run) ? 'MatchesSource' : 'Unknown';
    case 'RolledBack':
      return moved || run.kind !== 'RollBack' ? 'Unknown' : 'RolledBack';
    case 'Failed':
    case 'Cancelled':
    case 'Interrupted':
      return moved || lun?.state !== 'Online' ? 'Unknown' : 'Untouched';
    case 'Unrecognized':
      return 'Unknown';
  }
}

/** Whether both digests are there and equal. */
export function digestsAgree(run: Run): boolean {
  return run.sourceDigest !== '' && run.sourceDigest === run.targetDigest;
}
