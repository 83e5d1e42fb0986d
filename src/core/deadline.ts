/** spec.activeDeadlineSeconds: how much of it is used up, and that nobody sleeps past it. */
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import type { Decision } from './decision.ts';
import type { Observation } from './observation.ts';

/** Milliseconds since the first acceptance at `now`, without time suspended or in maintenance; 0 before it. */
export function activeMs(status: LunResyncStatus, now: number): number {
  const { startTime, pausedSince, pausedSeconds } = status;
  if (startTime === undefined) return 0;
  const pausedNow = pausedSince === undefined ? 0 : now - Date.parse(pausedSince);
  return now - Date.parse(startTime) - (pausedSeconds ?? 0) * 1000 - pausedNow;
}

/** The same decision, looked at again no later than the deadline. */
export function withinDeadline(o: Observation, decision: Decision): Decision {
  if (decision.kind === 'Act') return decision;
  const left = timeLeft(o, decision.kind === 'Record' ? decision.status : o.resync.status);
  if (left === undefined || left <= 0) return decision;
  return { ...decision, lookAgainInMs: Math.min(decision.lookAgainInMs ?? Number.POSITIVE_INFINITY, left) };
}

/** Milliseconds; undefined while no deadline runs. Once a run is ending, the deadline is over with. */
function timeLeft(o: Observation, status: LunResyncStatus): number | undefined {
  const { startTime, pausedSince, completionTime, ending } = status;
  const limit = o.resync.spec.activeDeadlineSeconds;
  const isOver = completionTime !== undefined || ending !== undefined;
  if (limit === undefined || startTime === undefined || pausedSince !== undefined || isOver) return undefined;
  return limit * 1000 - activeMs(status, o.now);
}
