/** The one write that ends a run, with success or without. */
import { MAX_CONDITION_MESSAGE } from '../api/condition.ts';
import type { LunResyncStatus, TargetUser } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import { releaseFirst } from './attempt.ts';
import type { Undo } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { endingOf } from './ending.ts';
import { growthEvent, growthNote } from './file-systems.ts';
import { formatBytes, formatDuration, formatNames } from './format.ts';
import { gitOpsTool } from './gitops.ts';
import { arrayName, type Observation } from './observation.ts';
import { type Problem, sentence } from './problem.ts';
import { completeProgress, iso, sumBytes } from './progress.ts';
import { type ReasonName, reasonOf } from './reasons.ts';
import { compose } from './status.ts';

/** Ends the run with success, where nothing was copied. */
export function succeed(
  o: Observation,
  reason: 'AlreadyCompleted' | 'Planned',
  message: string,
  plan?: LunResyncStatus['plan'],
): Decision {
  return terminal(o, { reason, message, set: { ending: undefined, plan } });
}

/** Ends the run with success: everything was copied. */
export function complete(o: Observation): Decision {
  const { pairs = [], startTime } = compose(o, { reason: 'Finishing', message: '' });
  const bytes = sumBytes(pairs.map((pair) => pair.source?.sizeBytes ?? 0));
  const count = pairs.length === 1 ? '1 LUN has' : `${pairs.length} LUNs have`;
  const verified = o.resync.spec.verify === 'Digest' ? 'verified' : 'not verified';
  const time = formatDuration(o.now - Date.parse(startTime ?? iso(o.now)));
  const growth = growthNote(o);
  const copied = `${count} the content of the source: ${formatBytes(bytes)}, ${verified}, in ${time}`;
  return terminal(o, {
    reason: 'Completed',
    message: growth === undefined ? copied : `${copied}. ${growth}`,
    notes: growth === undefined ? [] : [growthEvent(growth)],
    set: { ending: undefined, progress: completeProgress(o.resync.status.progress, bytes, o.now) },
  });
}

/** Ends the run without success. What was on record as its ending keeps its words and code. `users` hold a target. */
export function fail(o: Observation, problem: Problem, users: readonly TargetUser[] = []): Decision {
  const { ending: recorded } = o.resync.status;
  const ending = recorded?.reason === problem.reason ? recorded : endingOf(problem);
  return terminal(o, { reason: problem.reason, message: sentence(problem), users, set: { ending } });
}

type End = {
  readonly reason: ReasonName;
  readonly message: string;
  readonly users?: readonly TargetUser[];
  /** Told besides the outcome. */
  readonly notes?: readonly Announcement[];
  readonly set: Partial<LunResyncStatus>;
};

/** The record at the array is released first: after this write nobody looks again. */
function terminal(o: Observation, { reason, message, users = [], notes = [], set }: End): Decision {
  const release = releaseFirst(o);
  if (release !== undefined) return release;
  const draft = compose(o, { reason, message, set });
  const note = wreckNote(o, draft);
  const undo = undoOf(o, draft);
  // An array that gave no answer may know of an operation that an etcd, put back since, has forgotten.
  const status = compose(o, {
    reason,
    message: note === '' ? message : `${statusText(withoutStop(message), MAX_CONDITION_MESSAGE - note.length)}${note}`,
    users,
    undo,
    set: {
      ...set,
      ...(undo === 'SafetySnapshotsDeleted' ? { safetySnapshotsDeleted: true } : {}),
      completionTime: iso(o.now),
      dataState: o.view.state === 'unread' ? 'Unknown' : (draft.dataState ?? 'Untouched'),
      ...(arrayName(o) === '' ? {} : { arrayName: arrayName(o) }),
      ...(o.view.state === 'read' ? { arrayID: draft.arrayID ?? o.view.identity.arrayID } : {}),
    },
  });
  const announcements = [...announce(o, reason, message), ...notes];
  return { kind: 'Record', status, announcements, lookAgainInMs: 0, ended: reason };
}

/** The note begins with a full stop of its own. */
function withoutStop(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

/** Only what is there is said to be kept, as in `undoOf`: an array that was not read contradicts nothing. */
function wreckNote({ view }: Observation, status: LunResyncStatus): string {
  const wrecks = (status.pairs ?? []).filter((pair) => pair.dataState === 'Inconsistent');
  if (wrecks.length === 0) return '';
  const kept = wrecks
    .flatMap((pair) => pair.safetySnapshotID ?? [])
    .filter((id) => view.state !== 'read' || view.luns.has(id));
  const targets = formatNames(
    wrecks.map((pair) => pair.target?.lunID ?? pair.name),
    2,
  );
  const snapshots = kept.length === 0 ? '' : `; safety snapshots ${formatNames(kept, 2)} are kept`;
  return statusText(`. Target ${targets} is INCONSISTENT and fenced${snapshots}`, 400);
}

/** The runs go on to name the snapshots of an object that was deleted, and that an etcd, put back, has brought back. */
function undoOf({ view }: Observation, { pairs = [] }: LunResyncStatus): Undo {
  const ids = pairs.flatMap((pair) => pair.safetySnapshotID ?? []);
  if (ids.length === 0) return 'NoSafetySnapshots';
  const areGone = view.state === 'read' && !ids.some((id) => view.luns.has(id));
  return areGone ? 'SafetySnapshotsDeleted' : 'SafetySnapshotsKept';
}

function announce(o: Observation, reason: ReasonName, message: string): Announcement[] {
  return [outcomeNote(reason, message), ...timeToLiveNote(o)];
}

function outcomeNote(reason: ReasonName, message: string): Announcement {
  const note = `${reason}: ${message}`;
  if (reasonOf(reason).kind === 'Success') return { type: 'Normal', reason: 'ResyncCompleted', action: 'Finish', note };
  if (reason === 'Cancelled') return { type: 'Normal', reason: 'ResyncCancelled', action: 'Finish', note };
  return { type: 'Warning', reason: 'ResyncFailed', action: 'Finish', note };
}

function timeToLiveNote(o: Observation): Announcement[] {
  const tool = o.resync.spec.ttlSecondsAfterFinished === undefined ? undefined : gitOpsTool(o.resync);
  if (tool === undefined) return [];
  const why = 'would create it again, which repeats the run';
  const note = `${tool} manages this object and ${why}: it is not deleted after its TTL`;
  return [{ type: 'Warning', reason: 'TTLIgnored', action: 'Finish', note }];
}
