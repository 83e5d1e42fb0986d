/** Why and how a run ends: what wants it to end, what a failed attempt means, and the one terminal write. */
import type { Ending, LunResyncStatus } from '../api/lun-resync-status.ts';
import { arrayName } from './admission.ts';
import type { ArrayError } from './array.ts';
import type { Undo } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { formatBytes, formatDuration, formatNames } from './format.ts';
import { gitOpsTool } from './gitops.ts';
import { type History, readHistory } from './history.ts';
import { isHresult } from './hresult.ts';
import type { Observation } from './observation.ts';
import { clip, type Problem, sentence } from './problem.ts';
import { completeProgress, iso } from './progress.ts';
import { type ReasonName, reasonForHresult, reasonOf } from './reasons.ts';
import { compose } from './status.ts';

/** What wants the run to end, in order of precedence: delete, cancel, deadline. Undefined: nothing does. */
export function wantedEnding(o: Observation): Problem | undefined {
  const { metadata, spec } = o.resync;
  if (metadata.deletionTimestamp !== undefined) return { reason: 'Cancelled', message: 'the LunResync is being deleted' };
  if (spec.cancel) return { reason: 'Cancelled', message: 'spec.cancel is true' };
  const limit = spec.activeDeadlineSeconds;
  if (limit === undefined || activeMs(o) < limit * 1000) return undefined;
  return { reason: 'DeadlineExceeded', message: `the run has been active for ${limit} s, its activeDeadlineSeconds` };
}

/** Time since the first acceptance, without time suspended or in maintenance. */
export function activeMs(o: Observation): number {
  const { startTime, pausedSince, pausedSeconds } = o.resync.status;
  if (startTime === undefined) return 0;
  const pausedNow = pausedSince === undefined ? 0 : o.now - Date.parse(pausedSince);
  return o.now - Date.parse(startTime) - (pausedSeconds ?? 0) * 1000 - pausedNow;
}

/** Writes down why the run is going to end without success, before anything is done about it. */
export function recordEnding(o: Observation, problem: Problem, hresult?: string): Decision {
  return {
    kind: 'Record',
    status: compose(o, {
      reason: 'Cancelling',
      message: `Ending the attempt at the array: ${clip(problem.message, 400)}`,
      set: { ending: endingOf(problem, hresult) },
    }),
    announcements: [],
    lookAgainInMs: 0,
  };
}

/** `hresult`: the array's own code where it gave one. */
export function endingOf(problem: Problem, hresult?: string): Ending {
  const name = hresult !== undefined && isHresult(hresult) ? hresult : reasonOf(problem.reason).hresult;
  return { reason: problem.reason, message: sentence(problem), hresult: name };
}

/** What an attempt that ended without success says about the run, and whether another attempt can help. */
export function problemOf(newest: NonNullable<History['newest']>): { problem: Problem; hresult?: string; retry: boolean } {
  const { outcome, operationID, runs } = newest;
  const mismatch = runs.find((run) => run.sourceDigest !== '' && run.targetDigest !== '' && run.sourceDigest !== run.targetDigest);
  if (mismatch !== undefined) {
    const message = `what the array read back after operation ${operationID} is not what LUN ${mismatch.sourceLunID} holds`;
    return { problem: { reason: 'VerificationFailed', message }, retry: false };
  }
  if (outcome === 'Interrupted') {
    const message = `operation ${operationID} was interrupted by a restart of the array`;
    return { problem: { reason: 'BackoffLimitExceeded', message }, retry: true };
  }
  const error = runs.find((run) => run.error !== undefined)?.error;
  if (error === undefined || outcome === 'Cancelled') {
    const message = `operation ${operationID} was ended at the array as ${outcome.toUpperCase()}`;
    return { problem: { reason: 'BackoffLimitExceeded', message }, retry: true };
  }
  return problemOfError(error);
}

/** The same for an error that the array gave, in a refusal or as an outcome. */
export function problemOfError(error: ArrayError): { problem: Problem; hresult: string; retry: boolean } {
  const reason = reasonForHresult(error.reason);
  const where = error.lunID === '' ? '' : `LUN ${error.lunID}: `;
  const message = clip(`${where}${error.message} (${clip(error.reason, 64)})`, 300);
  const problem: Problem =
    error.remedy !== ''
      ? { reason, message, remedy: clip(error.remedy, 180) }
      : reason === 'ArrayVeto'
        ? { reason, message: `${message}; the array gave no remedy, which its contract demands of a veto` }
        : { reason, message };
  return { problem, hresult: error.reason, retry: reasonOf(reason).retry };
}

/** Ends the run with success. */
export function succeed(o: Observation, reason: ReasonName, message: string, plan?: LunResyncStatus['plan']): Decision {
  const totalBytes = (o.resync.status.pairs ?? []).reduce((sum, pair) => sum + (pair.source?.sizeBytes ?? 0), 0);
  const progress = reason === 'Completed' ? completeProgress(o.resync.status.progress, totalBytes, o.now) : undefined;
  return terminal(o, reason, message, {
    ending: undefined,
    ...(progress === undefined ? {} : { progress }),
    ...(plan === undefined ? {} : { plan }),
  });
}

/** Ends the run without success, with what is recorded as its ending or else with `problem`. */
export function fail(o: Observation, problem: Problem): Decision {
  const { ending } = o.resync.status;
  return terminal(o, problem.reason, sentence(problem), { ending: ending ?? endingOf(problem) });
}

/** What is said when everything has been copied. */
export function completedMessage(o: Observation): string {
  const pairs = o.resync.status.pairs ?? [];
  const bytes = pairs.reduce((sum, pair) => sum + (pair.source?.sizeBytes ?? 0), 0);
  const count = pairs.length === 1 ? '1 LUN has' : `${pairs.length} LUNs have`;
  const verified = o.resync.spec.verify === 'Digest' ? ', verified' : ', not verified';
  const { startTime } = o.resync.status;
  const time = startTime === undefined ? '' : ` in ${formatDuration(o.now - Date.parse(startTime))}`;
  return `${count} the content of the source: ${formatBytes(bytes)}${verified}${time}`;
}

function terminal(o: Observation, reason: ReasonName, message: string, set: Partial<LunResyncStatus>): Decision {
  if (o.view.state === 'read' && o.view.operation !== undefined && o.view.operation.outcome !== 'Running') {
    const { operationID } = o.view.operation;
    return { kind: 'Act', action: { kind: 'Release', arrayID: o.resync.status.arrayID ?? '', operationID } };
  }
  const draft = compose(o, { reason, message, set });
  const status = compose(o, {
    reason,
    message: clip(draft.dataState === 'Inconsistent' ? `${message}${wreckNote(draft)}` : message, 512),
    undo: undoOf(draft),
    set: {
      ...set,
      completionTime: iso(o.now),
      startTime: draft.startTime ?? (wasAccepted(o) ? iso(o.now) : undefined),
      ...(arrayName(o) === '' ? {} : { arrayName: arrayName(o) }),
    },
  });
  return { kind: 'Record', status, announcements: announce(o, reason, message), lookAgainInMs: 0, ended: reason };
}

function wasAccepted(o: Observation): boolean {
  return o.view.state === 'read' && readHistory(o.owner, o.pairs, o.view).newest !== undefined;
}

function wreckNote(status: LunResyncStatus): string {
  const wrecks = (status.pairs ?? []).filter((pair) => pair.dataState === 'Inconsistent');
  const kept = wrecks.flatMap((pair) => pair.safetySnapshotID ?? []);
  const targets = formatNames(wrecks.flatMap((pair) => pair.target?.lunID ?? []));
  const snapshots = kept.length === 0 ? '' : `; safety snapshots ${formatNames(kept)} are kept`;
  return `. Target ${targets} is INCONSISTENT and fenced${snapshots}`;
}

function undoOf(status: LunResyncStatus): Undo {
  return (status.pairs ?? []).some((pair) => pair.safetySnapshotID !== undefined) ? 'SafetySnapshotsKept' : 'NoSafetySnapshots';
}

function announce(o: Observation, reason: ReasonName, message: string): Announcement[] {
  const tool = o.resync.spec.ttlSecondsAfterFinished === undefined ? undefined : gitOpsTool(o.resync);
  const note = `${tool} manages this object and would create it again, which repeats the run: it is not deleted after its TTL`;
  const ignored: Announcement[] =
    tool === undefined ? [] : [{ type: 'Warning', reason: 'TTLIgnored', action: 'Finish', note }];
  if (reasonOf(reason).kind === 'Success')
    return [{ type: 'Normal', reason: 'ResyncCompleted', action: 'Finish', note: `${reason}: ${message}` }, ...ignored];
  const cancelled = reason === 'Cancelled';
  return [
    {
      type: cancelled ? 'Normal' : 'Warning',
      reason: cancelled ? 'ResyncCancelled' : 'ResyncFailed',
      action: 'Finish',
      note: `${reason}: ${message}`,
    },
    ...ignored,
  ];
}
