/**
 * What an answer of the array means, for the observation that the action was decided on. Unknown is not no: whatever
 * may have happened leaves the status as it is, and the next look finds out.
 */
import type { CancelAnswer, DoneAnswer, Refusal, StartAnswer } from './array.ts';
import { backoffAfter } from './backoff.ts';
import { conditionOf } from './conditions.ts';
import { decide } from './decide.ts';
import type { Answer, Decision } from './decision.ts';
import { endingOf, problemOfError, recordEnding } from './ending.ts';
import { recordHeldBack, recordSnapshotsDeleted } from './finished.ts';
import { hold } from './admission.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';
import { isoMillis } from './progress.ts';
import { isReason } from './reasons.ts';
import { compose } from './status.ts';
import { waitOrEnd } from './waiting.ts';

/** How soon an answer that says nothing is asked for again. */
const ASK_AGAIN_MS = 1_000;

/** A started operation is looked at after this: small resyncs are over by then. */
const FIRST_LOOK_MS = 100;

/** What to record, or when to look again, after the answer. Never an action: that takes a fresh look. */
export function conclude(o: Observation, { to, answer }: Answer): Decision {
  switch (to) {
    case 'Start':
      return concludeStart(o, answer);
    case 'Cancel':
      return concludeCancel(o, answer);
    case 'Release':
      return afterRelease(o);
    case 'DeleteSafetySnapshots':
      return concludeDeletion(o, answer);
  }
}

function concludeStart(o: Observation, answer: StartAnswer): Decision {
  switch (answer.kind) {
    case 'NotKnown':
      return { kind: 'Wait', lookAgainInMs: ASK_AGAIN_MS };
    case 'Malformed':
      return recordEnding(o, { reason: 'ArrayContractViolation', message: answer.message });
    case 'Accepted':
      if (answer.operation.operationID === o.resync.status.operationID)
        return { kind: 'Wait', lookAgainInMs: answer.operation.outcome === 'Running' ? FIRST_LOOK_MS : 0 };
      return recordEnding(o, {
        reason: 'ArrayContractViolation',
        message: `the array answered with operation "${answer.operation.operationID.slice(0, 128)}" instead of the one that was asked for`,
      });
    case 'Refused':
      return refused(o, answer);
  }
}

/** Refusals that end by themselves: the same id is sent again with the same generations. */
const TRANSIENT: Readonly<Partial<Record<Refusal, Problem['reason']>>> = {
  BUSY: 'ResyncInProgress',
  TARGET_PUBLISHED: 'TargetInUse',
  SOURCE_PUBLISHED: 'SourceInUse',
  SOURCE_INCONSISTENT: 'BadState',
};

function refused(o: Observation, { refusal, error }: Extract<StartAnswer, { kind: 'Refused' }>): Decision {
  if (refusal === 'STALE') return recordDead(o);
  const { problem, hresult, retry } = problemOfError(error);
  if (o.resync.status.operationKind === 'RollBack') return countRollBackFailure(o, problem);
  const transient = TRANSIENT[refusal];
  if (transient !== undefined) {
    const end = { ...problem, reason: transient };
    const limitMs = o.resync.spec.targetInUseTimeoutSeconds * 1000;
    return waitOrEnd(o, { ...hold('WaitingForTarget', end), limitMs });
  }
  const failures = (o.resync.status.failures ?? 0) + 1;
  if (!retry) return recordEnding(o, problem, hresult);
  if (failures > o.resync.spec.backoffLimit)
    return recordEnding(o, { ...problem, reason: 'BackoffLimitExceeded', message: `the array refused ${failures} times, at last because ${problem.message}` }, hresult);
  const retryMs = backoffAfter(failures - 1);
  const message = `Refused: ${problem.message}; asked again in ${retryMs / 1000} s`;
  return {
    kind: 'Record',
    status: compose(o, { reason: 'RetryBackoff', message, set: { failures, retryTime: isoMillis(o.now + retryMs) } }),
    announcements: [{ type: 'Warning', reason: 'AttemptFailed', action: 'Retry', note: message }],
    lookAgainInMs: retryMs,
  };
}

/** A refused roll-back keeps its id: it is sent again after a while, and given up by a cancel. */
function countRollBackFailure(o: Observation, problem: Problem): Decision {
  const rollBackFailures = (o.resync.status.rollBackFailures ?? 0) + 1;
  const retryMs = backoffAfter(rollBackFailures - 1);
  const message = `Roll-back refused: ${problem.message}`;
  const set = { rollBackFailures, retryTime: isoMillis(o.now + retryMs) };
  return {
    kind: 'Record',
    status: compose(o, { reason: 'RollingBack', message, set }),
    announcements: [{ type: 'Warning', reason: 'RollBackFailed', action: 'RollBack', note: message }],
    lookAgainInMs: retryMs,
  };
}

/** STALE or DEAD: the attempt can never be accepted. Nothing is counted; what comes next is decided from a new look. */
function recordDead(o: Observation): Decision {
  const shownNow = conditionOf(o.resync.status.conditions, 'Succeeded');
  const reason = shownNow !== undefined && isReason(shownNow.reason) ? shownNow.reason : 'Starting';
  const set = { operationID: undefined, operationKind: undefined, retryTime: undefined };
  return {
    kind: 'Record',
    status: compose(o, { reason, message: shownNow?.message ?? '', set }),
    announcements: [],
    lookAgainInMs: 0,
  };
}

function concludeCancel(o: Observation, answer: CancelAnswer): Decision {
  switch (answer.kind) {
    case 'Dead':
      return recordDead(o);
    case 'Ended':
      return { kind: 'Wait', lookAgainInMs: 0 };
    case 'Stopping':
      return { kind: 'Wait', lookAgainInMs: FIRST_LOOK_MS };
    case 'NotKnown':
      return { kind: 'Wait', lookAgainInMs: ASK_AGAIN_MS };
    case 'Refused':
      return cancelRefused(o, problemOfError(answer.error).problem);
  }
}

function cancelRefused(o: Observation, problem: Problem): Decision {
  const message = `The array refuses to cancel: ${problem.message}`;
  const ending = o.resync.status.ending ?? endingOf(problem);
  const status = compose(o, { reason: 'Cancelling', message, stalled: true, waits: true, set: { ending } });
  return { kind: 'Record', status, announcements: [], lookAgainInMs: 5_000 };
}

/** Whether or not the record is gone: the LUNs' runs outlive it, so the outcome can be written. The sweep releases the rest. */
function afterRelease(o: Observation): Decision {
  if (o.view.state !== 'read') return { kind: 'Wait', lookAgainInMs: ASK_AGAIN_MS };
  const { operation: _, ...view } = o.view;
  return decide({ ...o, view });
}

function concludeDeletion(o: Observation, answer: DoneAnswer): Decision {
  if (answer.kind === 'Done') return recordSnapshotsDeleted(o);
  return recordHeldBack(o, answer.kind === 'Refused' ? answer.error.message : answer.message);
}
