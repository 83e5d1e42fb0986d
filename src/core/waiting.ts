/** Waiting: what is shown meanwhile, and when it is over. */
import { MAX_CONDITION_MESSAGE } from '../api/condition.ts';
import type { TargetUser } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import { conditionOf } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { recordEnding } from './ending.ts';
import type { Objection } from './objection.ts';
import { isAttempted, type Observation } from './observation.ts';
import { type Problem, sentence } from './problem.ts';
import type { ReasonName } from './reasons.ts';
import { type Change, compose, shownNow, waitingSince } from './status.ts';
import { fail } from './terminal.ts';

/** Waits for what the objection names, or ends the run with its reason when the time is up or waiting cannot help. */
export function waitOrEnd(o: Observation, objection: Exclude<Objection, { kind: 'AlreadyCompleted' }>): Decision {
  if (objection.kind === 'End') return endFor(o, objection.problem);
  const waitedMs = o.now - Date.parse(waitingSince(o, objection.reason));
  const leftMs = (objection.limitMs ?? Number.POSITIVE_INFINITY) - waitedMs;
  if (leftMs <= 0) return endFor(o, objection.end, objection.users);
  const change: WaitingChange = {
    reason: objection.reason,
    message: sentence(objection.end),
    stalled: objection.stalled,
    stalledReason: objection.stalledReason,
    // A wait without a limit must not use up the time of one that has a limit and the same reason.
    waits: objection.limitMs !== undefined,
    users: objection.users,
  };
  return shown(o, change, Math.min(leftMs, againAfter(objection.reason)), waitNote(o, objection));
}

/** After an attempt the end is recorded first: an operation may be alive, or targets may have to be rolled back. */
function endFor(o: Observation, problem: Problem, users: readonly TargetUser[] = []): Decision {
  return isAttempted(o) ? recordEnding(o, problem) : fail(o, problem, users);
}

/** What is shown while the run waits. */
export type WaitingChange = Change & Required<Pick<Change, 'stalled' | 'waits'>>;

/** Writes the change when it tells people anything new; otherwise waits. */
export function shown(
  o: Observation,
  change: WaitingChange,
  lookAgainInMs: number = againAfter(change.reason),
  announcements: readonly Announcement[] = [],
): Decision {
  if (isSameToPeople(o, change)) return { kind: 'Wait', lookAgainInMs };
  return { kind: 'Record', status: compose(o, change), announcements, lookAgainInMs };
}

/** Waits until status.retryTime; undefined when it has come. */
export function backingOff(o: Observation): Decision | undefined {
  const { retryTime, observedGeneration } = o.resync.status;
  const left = retryTime === undefined ? 0 : Date.parse(retryTime) - o.now;
  if (left <= 0) return undefined;
  if (observedGeneration === o.resync.metadata.generation) return { kind: 'Wait', lookAgainInMs: left };
  return { kind: 'Record', status: compose(o, shownNow(o)), announcements: [], lookAgainInMs: left };
}

function isSameToPeople(o: Observation, change: WaitingChange): boolean {
  const { observedGeneration, ending, users = [], waitingSince: since } = o.resync.status;
  const { waits, users: holders = [], set } = change;
  return (
    isShown(o, change) &&
    observedGeneration === o.resync.metadata.generation &&
    JSON.stringify(users) === JSON.stringify(holders) &&
    (since !== undefined) === waits &&
    (set?.ending === undefined || ending !== undefined)
  );
}

function isShown(o: Observation, { reason, message, stalled }: WaitingChange): boolean {
  const { conditions } = o.resync.status;
  const seen = conditionOf(conditions, 'Succeeded');
  const isStalled = conditionOf(conditions, 'Stalled')?.status === 'True';
  if (seen?.reason !== reason || isStalled !== stalled) return false;
  return seen.message === statusText(message, MAX_CONDITION_MESSAGE);
}

/** What is watched wakes the object up; the array's LUNs are not, so that they are looked at. */
function againAfter(reason: ReasonName): number {
  if (reason === 'Suspended' || reason === 'Maintenance') return 60_000;
  return reason === 'ArrayUnreachable' || reason === 'Cancelling' || reason === 'RollingBack' ? 5_000 : 2_000;
}

function waitNote(o: Observation, objection: Extract<Objection, { kind: 'Wait' }>): Announcement[] {
  if (objection.reason !== 'WaitingForTarget') return [];
  if (conditionOf(o.resync.status.conditions, 'Succeeded')?.reason === objection.reason) return [];
  return [{ type: 'Normal', reason: 'WaitingForTarget', action: 'Wait', note: objection.end.message }];
}
