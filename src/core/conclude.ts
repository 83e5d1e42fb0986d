/**
 * What an answer of the array means, for the observation that the action was decided on. Unknown is not no: whatever
 * may have happened leaves the status as it is, and the next look finds out.
 */
import { countRollBackFailure } from './after-roll-back.ts';
import type { CancelAnswer, DoneAnswer, NotKnown, Refusal, StartAnswer } from './array.ts';
import { backoffAfter } from './backoff.ts';
import { withinDeadline } from './deadline.ts';
import { decide, isFinished } from './decide.ts';
import type { Answer, Decision } from './decision.ts';
import { endingOf, recordEnding } from './ending.ts';
import { type Failure, failureOfError, oneMore } from './failure.ts';
import { recordHeldBack, recordSnapshotsDeleted } from './finished.ts';
import { untilFree } from './objection.ts';
import { arrayName, type Observation } from './observation.ts';
import type { Problem } from './problem.ts';
import { isoMillis } from './progress.ts';
import { reasonForHresult } from './reasons.ts';
import { compose, shownNow } from './status.ts';
import { shown, waitOrEnd } from './waiting.ts';

/** How soon an answer that says nothing is asked for again, and how soon a dead attempt is followed by another. */
const ASK_AGAIN_MS = 1_000;

/** A started or stopping operation is looked at after this: small resyncs are over by then. */
const FIRST_LOOK_MS = 100;

/** What to record, or when to look again, after the answer. Never an action: that takes a fresh look. */
export function conclude(o: Observation, answer: Answer): Decision {
  // Only a run that has ended has its snapshots deleted, and of such a run nothing else is asked.
  if (isFinished(o) !== (answer.to === 'DeleteSafetySnapshots')) return LOOK_AGAIN;
  const decision = meaningOf(o, answer);
  return decision.kind === 'Act' ? LOOK_AGAIN : withinDeadline(o, decision);
}

const LOOK_AGAIN: Decision = { kind: 'Wait', lookAgainInMs: 0 };

function meaningOf(o: Observation, answer: Answer): Decision {
  switch (answer.to) {
    case 'Start':
      return concludeStart(o, answer.answer);
    case 'Cancel':
      return concludeCancel(o, answer.answer);
    case 'Release':
      return afterRelease(o);
    case 'DeleteSafetySnapshots':
      return concludeDeletion(o, answer.answer);
  }
}

function concludeStart(o: Observation, answer: StartAnswer): Decision {
  switch (answer.kind) {
    case 'NotKnown':
      return notKnown(o, answer);
    case 'Malformed':
      return recordEnding(o, { reason: 'ArrayContractViolation', message: answer.message });
    case 'Accepted': {
      const { operationID, outcome } = answer.operation;
      if (operationID === o.resync.status.operationID)
        return { kind: 'Wait', lookAgainInMs: outcome === 'Running' ? FIRST_LOOK_MS : 0 };
      const message = `the array answered with operation ${operationID} instead of the one that was asked for`;
      return recordEnding(o, { reason: 'ArrayContractViolation', message });
    }
    case 'Refused':
      return refused(o, answer);
  }
}

/** An array that would not hear us calls for a person; one that gave no answer is asked again, under the same id. */
function notKnown(o: Observation, { cause, message }: NotKnown): Decision {
  if (cause === 'Unreachable') return { kind: 'Wait', lookAgainInMs: ASK_AGAIN_MS };
  const ending = o.resync.status.ending !== undefined;
  return shown(o, {
    reason: !ending ? 'ArrayUnreachable' : o.resync.status.operationKind === 'RollBack' ? 'RollingBack' : 'Cancelling',
    message: `Array ${arrayName(o)} does not let the operator in: ${message}`,
    waits: true,
    stalled: true,
    stalledReason: 'ArrayUnreachable',
  });
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
  const failure = failureOfError(error);
  const { problem, hresult, retry } = failure;
  if (o.resync.status.operationKind === 'RollBack')
    return countRollBackFailure(o, `Roll-back refused: ${problem.message}`);
  const reason = TRANSIENT[refusal];
  if (reason !== undefined) return waitOrEnd(o, untilFree(o, { ...problem, reason }));
  return retry ? askAgainLater(o, failure) : recordEnding(o, problem, hresult);
}

function askAgainLater(o: Observation, { problem, hresult }: Failure): Decision {
  const failures = oneMore(o.resync.status.failures);
  if (failures > o.resync.spec.backoffLimit) {
    const message = `the array refused ${failures} times, at last because ${problem.message}`;
    return recordEnding(o, { ...problem, reason: 'BackoffLimitExceeded', message }, hresult);
  }
  const retryMs = backoffAfter(failures - 1);
  const message = `Refused: ${problem.message}; asked again in ${retryMs / 1000} s`;
  return {
    kind: 'Record',
    status: compose(o, { reason: 'RetryBackoff', message, set: { failures, retryTime: isoMillis(o.now + retryMs) } }),
    announcements: [{ type: 'Warning', reason: 'AttemptFailed', action: 'Retry', note: message }],
    lookAgainInMs: retryMs,
  };
}

/**
 * STALE or DEAD: the attempt can never be accepted. Nothing is counted; what comes next is decided from a new look,
 * after a moment: an array that calls every generation stale must not make us write as fast as we can.
 */
function recordDead(o: Observation): Decision {
  const ending = o.resync.status.ending !== undefined;
  const retryTime = ending ? undefined : isoMillis(o.now + ASK_AGAIN_MS);
  const set = { operationID: undefined, operationKind: undefined, retryTime };
  return {
    kind: 'Record',
    status: compose(o, { ...shownNow(o), set }),
    announcements: [],
    lookAgainInMs: ending ? 0 : ASK_AGAIN_MS,
  };
}

function concludeCancel(o: Observation, answer: CancelAnswer): Decision {
  switch (answer.kind) {
    case 'Dead':
      return recordDead(o);
    case 'Ended': {
      // What was not seen yet is read again; an array whose words do not fit together is not asked as fast as we can.
      const seen = o.view.state === 'read' && o.view.operation !== undefined;
      return { kind: 'Wait', lookAgainInMs: seen ? 0 : FIRST_LOOK_MS };
    }
    case 'Stopping':
      return { kind: 'Wait', lookAgainInMs: FIRST_LOOK_MS };
    case 'NotKnown':
      return notKnown(o, answer);
    case 'Refused':
      return cancelRefused(o, failureOfError(answer.error).problem);
  }
}

function cancelRefused(o: Observation, problem: Problem): Decision {
  const message = `The array refuses to cancel: ${problem.message}`;
  const ending = o.resync.status.ending ?? endingOf(problem);
  return shown(o, { reason: 'Cancelling', message, stalled: true, waits: true, set: { ending } });
}

/** Whether or not the record is gone: the LUNs' runs outlive it, so the outcome can be written. */
function afterRelease(o: Observation): Decision {
  if (o.view.state !== 'read') return LOOK_AGAIN;
  const { operation: _, ...view } = o.view;
  return decide({ ...o, view });
}

function concludeDeletion(o: Observation, answer: DoneAnswer): Decision {
  switch (answer.kind) {
    case 'Done':
      return recordSnapshotsDeleted(o);
    case 'NotKnown':
      return recordHeldBack(o, 'ArrayUnreachable', answer.message);
    case 'Refused':
      return recordHeldBack(o, reasonForHresult(answer.error.reason), answer.error.message);
  }
}
