/** A running operation: adopt it, end it, or show how far it is. */
import { cancelAttempt } from './attempt.ts';
import { conditionOf } from './conditions.ts';
import type { Decision } from './decision.ts';
import { recordEnding, wantedEnding } from './ending.ts';
import { formatDuration } from './format.ts';
import { attemptOf, type History, type PastOperation } from './history.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';
import type { ReasonName } from './reasons.ts';
import { type Change, compose } from './status.ts';

/** An operation of ours on the targets is running, whatever the status remembers. */
export function follow(o: Observation, history: History, running: PastOperation): Decision {
  const { status } = o.resync;
  const { operationID } = status;
  if (operationID !== undefined && attemptOf(operationID) > history.lastAttempt) return cancelAttempt(o, operationID);
  // An id that is no id cannot be recorded; what runs under it can only be looked at.
  const known = operationID === running.operationID && status.operationKind === running.kind;
  if (!known && running.operationID !== '') return adopt(o, history, running);
  if (running.kind === 'Resync') {
    const wanted = wantedEnding(o) ?? noProgress(o);
    if (status.ending === undefined && wanted !== undefined) return recordEnding(o, wanted);
    if (status.ending !== undefined) return cancelAttempt(o, running.operationID);
  }
  return showProgress(o, running);
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
  const lookAgainInMs = o.settings.pollIntervalMs;
  const elapsed = o.now - Date.parse(status.progress?.lastUpdateTime ?? '');
  const shown = conditionOf(status.conditions, 'Succeeded')?.reason;
  const moved = next.progress?.percent !== status.progress?.percent;
  const news = moved || shown !== conditionOf(next.conditions, 'Succeeded')?.reason;
  const first = status.startTime === undefined || status.progress === undefined;
  const due = news && (first || !(elapsed < o.settings.progressIntervalMs));
  if (due || status.startTime === undefined || status.observedGeneration !== metadata.generation)
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

function changeFor(o: Observation, running: PastOperation): Change {
  const operation = o.view.state === 'read' ? o.view.operation : undefined;
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
