/**
 * What the LUNs' runs say about this object's operations, whatever its status remembers.
 *
 * Acceptance and end are written to all targets in one commit, so that the targets of one operation agree. They differ
 * only where a roll-back took those targets alone that needed it.
 */
import type { Lun, OperationKind, Outcome, Run } from './array.ts';
import type { ReadView, ResolvedPair } from './observation.ts';

/** One pair's target as it is now, and what our newest operation on it came to. */
export type TargetHistory = {
  readonly pair: ResolvedPair;
  /** Absent when the array does not know the LUN. */
  readonly lun?: Lun;
  /** Absent when no operation of ours was ever accepted on it. */
  readonly run?: Run;
  /** Whether somebody else may have written to it since our run ended, or it is gone. */
  readonly moved: boolean;
};

/** One operation of ours, as the runs of its targets have it. */
export type PastOperation = {
  readonly attempt: number;
  readonly operationID: string;
  readonly kind: OperationKind;
  readonly outcome: Outcome;
  readonly runs: readonly Run[];
};

export type History = {
  readonly targets: readonly TargetHistory[];
  /** The highest number of an attempt that was accepted; 0 when none was. */
  readonly lastAttempt: number;
  /** The operation of ours that runs, or else the newest one; undefined when none was ever accepted. */
  readonly newest?: PastOperation;
  /** Why the targets cannot be parts of one history; undefined when they agree. */
  readonly disagreement?: string;
};

/** The attempt's number in `<uid>.<number>`; 0 when the id is empty or not of that form. */
export function attemptOf(operationID: string | undefined): number {
  const number = Number(operationID?.split('.').at(-1));
  return Number.isInteger(number) && number > 0 && number < MAX_ATTEMPT ? number : 0;
}

/** status.attempt has 32 bits. */
const MAX_ATTEMPT = 2 ** 31 - 1;

/** Reads the history of `owner` from one answer of the array. */
export function readHistory(owner: string, pairs: readonly ResolvedPair[], view: ReadView): History {
  const targets = pairs.map((pair) => targetHistory(owner, pair, view));
  const runs = targets.flatMap((target) => target.run ?? []);
  const last = newestOf(runs);
  if (last === undefined) return { targets, lastAttempt: 0 };
  const newest = {
    attempt: attemptOf(last.operationID),
    operationID: last.operationID,
    kind: last.kind,
    outcome: last.outcome,
    runs: runs.filter((run) => run.operationID === last.operationID),
  };
  const lastAttempt = Math.max(...runs.map((run) => attemptOf(run.operationID)));
  const disagreement = disagreementOf(targets, last);
  return { targets, lastAttempt, newest, ...(disagreement === undefined ? {} : { disagreement }) };
}

/** What runs can write, and so comes before what has ended, whatever the numbers say. */
function newestOf(runs: readonly Run[]): Run | undefined {
  const running = runs.filter((run) => run.outcome === 'Running');
  const candidates = running.length > 0 ? running : runs;
  return candidates.reduce<Run | undefined>(
    (newest, run) =>
      newest === undefined || attemptOf(run.operationID) > attemptOf(newest.operationID) ? run : newest,
    undefined,
  );
}

function targetHistory(owner: string, pair: ResolvedPair, view: ReadView): TargetHistory {
  const lun = view.luns.get(pair.targetLunID);
  if (lun === undefined) return { pair, moved: true };
  const run = newestOf(lun.runs.filter((candidate) => isOurs(candidate, owner)));
  if (run === undefined) return { pair, lun, moved: false };
  return { pair, lun, run, moved: run.outcome !== 'Running' && lun.contentGeneration !== run.endGeneration };
}

/**
 * Of this owner. What has ended counts under an id that an attempt of its object can have, and proves nothing under any
 * other; what runs can write, whatever the array calls it.
 */
function isOurs({ owner: of, operationID, outcome }: Run, owner: string): boolean {
  const attempt = attemptOf(operationID);
  const isOwnID = attempt > 0 && operationID === `${owner.slice(owner.lastIndexOf('/') + 1)}.${attempt}`;
  return of === owner && (isOwnID || outcome === 'Running');
}

function disagreementOf(targets: readonly TargetHistory[], last: Run): string | undefined {
  for (const { pair, lun, run } of targets) {
    if (lun === undefined) return `LUN ${pair.targetLunID} is gone from the array`;
    if (run === undefined) return `LUN ${pair.targetLunID} has no record of operation ${last.operationID}`;
    if (run.operationID === last.operationID) {
      if (run.outcome !== last.outcome) return `the LUNs disagree on how operation ${last.operationID} ended`;
    } else if (last.kind !== 'RollBack' || !isUnsuccessfulEnd(run.outcome)) {
      return `LUN ${pair.targetLunID} last had operation ${run.operationID}, not ${last.operationID}`;
    }
  }
  return undefined;
}

/** Which target was written by somebody else after our run on it had ended; undefined when none was. */
export function movedTarget(history: History): string | undefined {
  const moved = history.targets.find((target) => target.run !== undefined && target.moved);
  if (moved === undefined) return undefined;
  return `LUN ${moved.pair.targetLunID} was written by somebody else after an attempt of this run had ended`;
}

/** Whether the operation is over and did not do what it was for. */
export function isUnsuccessfulEnd(outcome: Outcome): boolean {
  return outcome === 'Failed' || outcome === 'Cancelled' || outcome === 'Interrupted';
}
