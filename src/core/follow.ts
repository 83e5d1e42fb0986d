/** A running operation: adopt it, end it, or show how far it is. */
import { conditionOf } from './conditions.ts';
import type { Decision } from './decision.ts';
import { recordEnding, wantedEnding } from './ending.ts';
import { formatDuration } from './format.ts';
import { attemptOf, type History } from './history.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';
import { iso } from './progress.ts';
import type { ReasonName } from './reasons.ts';
import { type Change, compose } from './status.ts';

type Newest = NonNullable<History['newest']>;

/** The newest operation of ours on the targets is running, whatever the status remembers. */
export function follow(o: Observation, history: History, newest: Newest): Decision {
  const { status } = o.resync;
  if (attemptOf(status.operationID) > newest.attempt) return cancel(o, status.operationID ?? '');
  if (status.operationID !== newest.operationID || status.operationKind !== newest.kind)
    return adopt(o, history, newest);
  if (newest.kind === 'Resync') {
    const wanted = wantedEnding(o) ?? noProgress(o);
    if (status.ending === undefined && wanted !== undefined) return recordEnding(o, wanted);
    if (status.ending !== undefined) return cancel(o, newest.operationID);
  }
  return showProgress(o, newest);
}

function cancel(o: Observation, operationID: string): Decision {
  const targetLunIDs = o.pairs.map((pair) => pair.targetLunID);
  return { kind: 'Act', action: { kind: 'Cancel', arrayID: o.resync.status.arrayID ?? '', operationID, targetLunIDs } };
}

/** The status was restored from an earlier one, or was lost: it takes over what the array says. */
function adopt(o: Observation, history: History, newest: Newest): Decision {
  const draft = compose(o, change(o, newest));
  const pairs = (draft.pairs ?? []).map((pair) => {
    const run = history.targets.find((target) => target.pair.name === pair.name)?.run;
    return run === undefined ? pair : { ...pair, target: { ...pair.target, generation: run.intentGeneration } };
  });
  const { arrayName, arrayID } = o.resync.status;
  const set = {
    operationID: newest.operationID,
    operationKind: newest.kind,
    attempt: newest.attempt,
    pairs,
    arrayName: arrayName ?? (o.array.state === 'found' ? o.array.name : undefined),
    arrayID: arrayID ?? (o.view.state === 'read' ? o.view.identity.arrayID : undefined),
  };
  return { kind: 'Record', status: { ...draft, ...set }, announcements: [], lookAgainInMs: 0 };
}

function noProgress(o: Observation): Problem | undefined {
  const limit = o.resync.spec.stallTimeoutSeconds * 1000;
  if (o.idleMs < limit) return undefined;
  const message = `the array reported no change of step, bytes or heartbeat for ${formatDuration(o.idleMs)}`;
  return { reason: 'NoProgress', message };
}

/** At once when the run is first seen running; then at most every progress interval, on 1 % or a change of step. */
function showProgress(o: Observation, newest: Newest): Decision {
  const { status, metadata } = o.resync;
  const next = compose(o, change(o, newest));
  const lookAgainInMs = o.settings.pollIntervalMs;
  const elapsed = o.now - Date.parse(status.progress?.lastUpdateTime ?? '');
  const first = status.startTime === undefined || status.progress === undefined;
  const seen = conditionOf(status.conditions, 'Succeeded')?.reason;
  const news = seen !== conditionOf(next.conditions, 'Succeeded')?.reason || next.progress?.percent !== status.progress?.percent;
  const due = first || (news && !(elapsed < o.settings.progressIntervalMs));
  if (due || status.observedGeneration !== metadata.generation)
    return { kind: 'Record', status: next, announcements: [], lookAgainInMs };
  return { kind: 'Wait', lookAgainInMs };
}

const STEP_REASONS = {
  Accepted: 'Starting',
  Snapshotting: 'Snapshotting',
  Resizing: 'Resizing',
  Copying: 'Copying',
  Verifying: 'Verifying',
} as const satisfies Readonly<Record<string, ReasonName>>;

function change(o: Observation, newest: Newest): Change {
  const operation = o.view.state === 'read' ? o.view.operation : undefined;
  const set = { startTime: o.resync.status.startTime ?? iso(o.now), retryTime: undefined };
  if (newest.kind === 'RollBack')
    return { reason: 'RollingBack', message: `Putting the safety snapshots back: ${o.resync.status.ending?.reason ?? ''}`, set };
  const reason = operation?.operationID === newest.operationID ? STEP_REASONS[operation.step] : 'Copying';
  const pairs = o.pairs.length === 1 ? '1 pair' : `${o.pairs.length} pairs`;
  return { reason, message: `${reason} ${pairs}, attempt ${newest.attempt}`, set };
}
