/** A running operation: adopt it, end it, or show how far it is. */
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import { cancelAttempt } from './attempt.ts';
import { conditionOf } from './conditions.ts';
import type { Decision } from './decision.ts';
import { recordEnding, wantedEnding } from './ending.ts';
import { formatDuration } from './format.ts';
import { attemptOf, type History, type PastOperation } from './history.ts';
import { type Observation, readView } from './observation.ts';
import type { Problem } from './problem.ts';
import type { ReasonName } from './reasons.ts';
import { isOwnOperation } from './recorded.ts';
import { type Change, compose } from './status.ts';

/** An operation of ours on the targets is running, whatever the status remembers. */
export function follow(o: Observation, history: History, running: PastOperation): Decision {
  const { operationID, operationKind } = o.resync.status;
  if (operationID !== undefined && attemptOf(operationID) > history.lastAttempt) return cancelAttempt(o, operationID);
  // An id that no attempt of this object has cannot be recorded; what runs under it can only be looked at.
  const isKnown = operationID === running.operationID && operationKind === running.kind;
  if (!isKnown && isOwnOperation(o.resync, running.operationID)) return adopt(o, history, running);
  return (running.kind === 'Resync' ? endIfWanted(o, running) : undefined) ?? showProgress(o, running);
}

function endIfWanted(o: Observation, running: PastOperation): Decision | undefined {
  if (o.resync.status.ending !== undefined) return cancelAttempt(o, running.operationID);
  const wanted = wantedEnding(o) ?? noProgress(o);
  return wanted === undefined ? undefined : recordEnding(o, wanted);
}

/** The status was restored from an earlier one, or was lost: it takes over what the array says. */
function adopt(o: Observation, history: History, running: PastOperation): Decision {
  const generations = new Map(
    history.targets.flatMap(({ pair, run }): [string, number][] =>
      run?.operationID === running.operationID ? [[pair.name, run.intentGeneration]] : [],
    ),
  );
  const set = {
    operationID: running.operationID,
    operationKind: running.kind,
    // Numbers are never used twice, so the count does not go back.
    attempt: Math.max(running.attempt, o.resync.status.attempt ?? 0),
    retryTime: undefined,
  };
  const status = compose(o, { ...changeFor(o, running), generations, set });
  return { kind: 'Record', status, announcements: [], lookAgainInMs: 0 };
}

function noProgress(o: Observation): Problem | undefined {
  if (o.idleMs < o.resync.spec.stallTimeoutSeconds * 1000) return undefined;
  const message = `the array reported no change of step, bytes or heartbeat for ${formatDuration(o.idleMs)}`;
  return { reason: 'NoProgress', message };
}

/** At once when the run is first seen running; then at most every progress interval, on 1 % or a change of step. */
function showProgress(o: Observation, running: PastOperation): Decision {
  const { status, metadata } = o.resync;
  const next = compose(o, changeFor(o, running));
  const lookAgainInMs = nextLookMs(o);
  const isFirst = status.startTime === undefined;
  const isObserved = status.observedGeneration === metadata.generation;
  if (isObserved && !isFirst && !(isNews(status, next) && isDue(o))) return { kind: 'Wait', lookAgainInMs };
  return { kind: 'Record', status: next, announcements: [], lookAgainInMs };
}

/** Looks in between would show nobody anything: the end is pushed. Yet it is found soon where the push is broken. */
function nextLookMs(o: Observation): number {
  const { pollIntervalMs, progressIntervalMs } = o.settings;
  return Math.max(pollIntervalMs, Math.min(progressIntervalMs, 5 * pollIntervalMs));
}

function isNews(shown: LunResyncStatus, next: LunResyncStatus): boolean {
  const word = (status: LunResyncStatus): string | undefined => conditionOf(status.conditions, 'Succeeded')?.reason;
  return shown.progress?.percent !== next.progress?.percent || word(shown) !== word(next);
}

function isDue(o: Observation): boolean {
  const since = o.resync.status.progress?.lastUpdateTime;
  return since === undefined || o.now - Date.parse(since) >= o.settings.progressIntervalMs;
}

const STEP_REASONS = {
  Accepted: 'Starting',
  Snapshotting: 'Snapshotting',
  Resizing: 'Resizing',
  Copying: 'Copying',
  Verifying: 'Verifying',
} as const satisfies Readonly<Record<string, ReasonName>>;

function changeFor(o: Observation, running: PastOperation): Change {
  const { operation } = readView(o);
  const set = { retryTime: undefined };
  if (running.kind === 'RollBack') {
    const cause = o.resync.status.ending?.reason;
    const message = `Putting the safety snapshots back${cause === undefined ? '' : `: the run ends with ${cause}`}`;
    return { reason: 'RollingBack', message, set };
  }
  const reason = operation?.operationID === running.operationID ? STEP_REASONS[operation.step] : 'Copying';
  const pairs = o.pairs.length === 1 ? '1 pair' : `${o.pairs.length} pairs`;
  return { reason, message: `${reason} ${pairs}, attempt ${running.attempt}`, set };
}
