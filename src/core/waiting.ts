/** Waiting: what is shown meanwhile, and when it is over. */
import type { Objection } from './admission.ts';
import { conditionOf } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { fail, recordEnding } from './ending.ts';
import type { Observation } from './observation.ts';
import { clip, sentence } from './problem.ts';
import type { ReasonName } from './reasons.ts';
import { type Change, compose, waitingSince } from './status.ts';

/** Waits for what the objection names, or ends the run with its reason when the time is up or waiting cannot help. */
export function waitOrEnd(o: Observation, objection: Exclude<Objection, { kind: 'AlreadyCompleted' }>): Decision {
  const attempted = o.resync.status.operationID !== undefined;
  if (objection.kind === 'End') return attempted ? recordEnding(o, objection.problem) : fail(o, objection.problem);
  const waitedMs = o.now - Date.parse(waitingSince(o, objection.reason));
  const { limitMs } = objection;
  if (limitMs !== undefined && waitedMs >= limitMs)
    return attempted ? recordEnding(o, objection.end) : fail(o, objection.end);
  const until = limitMs === undefined ? Number.POSITIVE_INFINITY : limitMs - waitedMs;
  const change: Change = {
    reason: objection.reason,
    message: clip(sentence(objection.end), 512),
    stalled: objection.stalled,
    waits: true,
    users: objection.users,
  };
  return shown(o, change, Math.min(until, againAfter(objection.reason)), waitNote(o, objection));
}

/** Writes the change when it tells people anything new; otherwise waits. */
export function shown(
  o: Observation,
  change: Change,
  lookAgainInMs: number = againAfter(change.reason),
  announcements: readonly Announcement[] = [],
): Decision {
  const status = compose(o, change);
  if (isSameToPeople(o, change)) return { kind: 'Wait', lookAgainInMs };
  return { kind: 'Record', status, announcements, lookAgainInMs };
}

function isSameToPeople(o: Observation, change: Change): boolean {
  const { conditions, observedGeneration, ending, users } = o.resync.status;
  const shownNow = conditionOf(conditions, 'Succeeded');
  return (
    shownNow?.reason === change.reason &&
    shownNow.message === change.message &&
    (conditionOf(conditions, 'Stalled')?.status === 'True') === (change.stalled ?? false) &&
    observedGeneration === o.resync.metadata.generation &&
    JSON.stringify(users ?? []) === JSON.stringify(change.users ?? []) &&
    (change.set?.ending === undefined || ending !== undefined)
  );
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
