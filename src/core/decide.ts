/**
 * What to do next for one LunResync: a pure function of what was observed.
 *
 * The order is the safety protocol. What the LUNs' runs say outranks what the status remembers; a status that names an
 * operation (`operationID`) names one that is not proven dead, and no other begins, and nothing terminal is written,
 * before that proof. Proof is an ended run, STALE, or ENDED or DEAD from a cancel.
 */
import { FINALIZER } from '../api/names.ts';
import { arrayName, isStalled, objectionTo } from './admission.ts';
import { recordIntent, startRequest, targetsToRollBack } from './attempt.ts';
import { backoffAfter } from './backoff.ts';
import { conditionOf } from './conditions.ts';
import { digestsAgree } from './data-state.ts';
import type { Decision } from './decision.ts';
import { completedMessage, endingOf, fail, problemOf, recordEnding, succeed, wantedEnding } from './ending.ts';
import { decideFinished } from './finished.ts';
import { follow } from './follow.ts';
import { attemptOf, type History, isUnsuccessfulEnd, readHistory } from './history.ts';
import type { Observation, ReadView } from './observation.ts';
import { planOf } from './plan.ts';
import type { Problem } from './problem.ts';
import { isoMillis } from './progress.ts';
import { isReason } from './reasons.ts';
import { compose } from './status.ts';
import { shown, waitOrEnd } from './waiting.ts';

/** One step: at most one status write or one action. */
export function decide(o: Observation): Decision {
  const { metadata, status } = o.resync;
  if (isFinished(o)) return decideFinished(o);
  if (!(metadata.finalizers ?? []).includes(FINALIZER)) {
    if (metadata.deletionTimestamp !== undefined) return { kind: 'Wait', lookAgainInMs: undefined };
    return { kind: 'Act', action: { kind: 'AddFinalizer' } };
  }
  if (isAbandoned(o) && metadata.deletionTimestamp !== undefined) return letGoOfAbandoned(o);
  const attempted = (status.attempt ?? 0) > 0;
  if (o.view.state === 'read' && o.pairs.every((pair) => pair.problem === undefined)) {
    if (attempted && o.view.identity.arrayID !== status.arrayID) return otherArray(o, o.view);
    return byHistory(o, readHistory(o.owner, o.pairs, o.view));
  }
  return attempted ? withoutAnswer(o) : admit(o);
}

/** Whether the outcome has been written. */
export function isFinished(o: Observation): boolean {
  const succeeded = conditionOf(o.resync.status.conditions, 'Succeeded')?.status;
  return o.resync.status.completionTime !== undefined || succeeded === 'True' || succeeded === 'False';
}

function byHistory(o: Observation, history: History): Decision {
  const { newest } = history;
  const { operationID } = o.resync.status;
  const undead = operationID !== undefined && attemptOf(operationID) > (newest?.attempt ?? 0);
  if (newest?.outcome === 'Running') return follow(o, history, newest);
  if (undead) return sendOrCancel(o, history, operationID);
  if (history.disagreement !== undefined)
    return fail(o, { reason: 'TargetChanged', message: history.disagreement });
  if (newest === undefined) return operationID === undefined ? admit(o) : sendOrCancel(o, history, operationID);
  if (newest.outcome === 'Succeeded') return concludeSuccess(o, newest);
  if (newest.outcome === 'RolledBack') return afterRollBack(o, history);
  if (!isUnsuccessfulEnd(newest.outcome))
    return fail(o, { reason: 'ArrayContractViolation', message: `operation ${newest.operationID} has an unknown outcome` });
  return newest.kind === 'RollBack' ? afterFailedRollBack(o, newest) : afterFailedAttempt(o, history, newest);
}

/** The first attempt, or one after another: when nothing objects. */
function admit(o: Observation): Decision {
  const wanted = recordedEnding(o) ?? wantedEnding(o);
  if (wanted !== undefined) return fail(o, wanted);
  const wait = backoffLeft(o);
  if (wait > 0) return { kind: 'Wait', lookAgainInMs: wait };
  const objection = objectionTo(o);
  if (objection?.kind === 'AlreadyCompleted')
    return succeed(o, 'AlreadyCompleted', `Run ${o.resync.spec.runID} had been done on all targets before; nothing was done`);
  if (objection !== undefined) return waitOrEnd(o, objection);
  if (o.resync.spec.mode === 'Plan') {
    const plan = planOf(o);
    return succeed(o, 'Planned', `All checks passed; ${plan.length} steps are in status.plan, and nothing was changed`, plan);
  }
  return recordIntent(o, 'Resync');
}

/** An intent is recorded and the array knows nothing of it (yet). */
function sendOrCancel(o: Observation, history: History, operationID: string): Decision {
  const rollBack = o.resync.status.operationKind === 'RollBack';
  const moved = history.disagreement ?? movedTarget(history);
  const wanted =
    recordedEnding(o) ?? wantedEnding(o) ?? (moved === undefined ? undefined : changed(moved));
  const giveUp = rollBack ? (o.resync.status.rollBackFailures ?? 0) > rollBackLimit(o) || targetsToRollBack(o).length === 0 : wanted !== undefined;
  if (giveUp) {
    if (!rollBack && wanted !== undefined && o.resync.status.ending === undefined) return recordEnding(o, wanted);
    return cancel(o, operationID);
  }
  const wait = backoffLeft(o);
  if (wait > 0) return { kind: 'Wait', lookAgainInMs: wait };
  const objection = rollBack ? undefined : objectionTo(o);
  if (objection !== undefined && objection.kind !== 'AlreadyCompleted') return waitOrEnd(o, objection);
  return { kind: 'Act', action: { kind: 'Start', request: startRequest(o) } };
}

function cancel(o: Observation, operationID: string): Decision {
  const targetLunIDs = o.pairs.map((pair) => pair.targetLunID);
  return { kind: 'Act', action: { kind: 'Cancel', arrayID: o.resync.status.arrayID ?? '', operationID, targetLunIDs } };
}

/** `MatchesSource` means verified: the run says so, for exactly these pairs, with the generations of the intent. */
function concludeSuccess(o: Observation, newest: NonNullable<History['newest']>): Decision {
  const recorded = o.resync.status;
  for (const pair of o.pairs) {
    const run = newest.runs.find((candidate) => candidate.sourceLunID === pair.sourceLunID);
    const generation = recorded.pairs?.find((candidate) => candidate.name === pair.name)?.target?.generation;
    const ours = recorded.operationID === newest.operationID;
    if (run === undefined || newest.kind !== 'Resync' || newest.runs.length !== o.pairs.length)
      return violation(o, `operation ${newest.operationID} ended with SUCCEEDED, but not for the pairs that were asked for`);
    if (newest.runs.some((candidate) => candidate.pairsDigest !== o.pairsDigest))
      return violation(o, `operation ${newest.operationID} ended with SUCCEEDED for other pairs than those of the object`);
    if (ours && !newest.runs.some((candidate) => candidate.intentGeneration === generation))
      return violation(o, `operation ${newest.operationID} ended with SUCCEEDED for other generations than those of the intent`);
  }
  if (o.resync.spec.verify === 'Digest' && !newest.runs.every(digestsAgree)) {
    const missing = newest.runs.some((run) => run.sourceDigest === '' || run.targetDigest === '');
    if (missing) return violation(o, `operation ${newest.operationID} ended with SUCCEEDED without the digests that were asked for`);
    return fail(o, problemOf(newest).problem);
  }
  return succeed(o, 'Completed', completedMessage(o));
}

function violation(o: Observation, message: string): Decision {
  return fail(o, { reason: 'ArrayContractViolation', message });
}

/** An attempt is over without success and every target is as it left it, or somebody else has come. */
function afterFailedAttempt(o: Observation, history: History, newest: NonNullable<History['newest']>): Decision {
  const { status, spec } = o.resync;
  const moved = movedTarget(history);
  const wanted = recordedEnding(o) ?? wantedEnding(o) ?? (moved === undefined ? undefined : changed(moved));
  if (status.operationID !== undefined || attemptOf(newest.operationID) > (status.attempt ?? 0)) {
    const { problem, hresult, retry } = problemOf(newest);
    const failures = (status.failures ?? 0) + 1;
    const last = wanted ?? (retry && failures <= spec.backoffLimit ? undefined : exhausted(problem, retry, failures));
    return recordFailure(o, newest, { failures, problem, ending: last, hresult });
  }
  if (wanted === undefined) return admit(o);
  if (targetsToRollBack(o).length > 0) {
    const wait = backoffLeft(o);
    if (wait > 0) return { kind: 'Wait', lookAgainInMs: wait };
    return (status.rollBackFailures ?? 0) > rollBackLimit(o) ? fail(o, wanted) : recordIntent(o, 'RollBack');
  }
  return fail(o, wanted);
}

function exhausted(problem: Problem, retry: boolean, failures: number): Problem {
  if (!retry) return problem;
  const attempts = failures === 1 ? '1 attempt' : `${failures} attempts`;
  return { reason: 'BackoffLimitExceeded', message: `${attempts} failed, the last one because ${problem.message}` };
}

type Failure = {
  readonly failures: number;
  readonly problem: Problem;
  readonly ending: Problem | undefined;
  readonly hresult: string | undefined;
};

function recordFailure(o: Observation, newest: NonNullable<History['newest']>, failure: Failure): Decision {
  const { ending, failures, problem } = failure;
  const retryMs = backoffAfter(failures - 1);
  const set = {
    operationID: undefined,
    operationKind: undefined,
    attempt: Math.max(o.resync.status.attempt ?? 0, newest.attempt),
    failures,
    retryTime: ending === undefined ? isoMillis(o.now + retryMs) : undefined,
    ending: o.resync.status.ending ?? (ending === undefined ? undefined : endingOf(ending, failure.hresult)),
  };
  const note = `Attempt ${newest.attempt} failed: ${problem.message}`;
  return {
    kind: 'Record',
    status: compose(o, {
      reason: ending === undefined ? 'RetryBackoff' : 'Finishing',
      message: ending === undefined ? `${note}; the next one starts in ${retryMs / 1000} s` : note,
      set,
    }),
    announcements: ending === undefined ? [{ type: 'Warning', reason: 'AttemptFailed', action: 'Retry', note }] : [],
    lookAgainInMs: ending === undefined ? retryMs : 0,
  };
}

function afterRollBack(o: Observation, history: History): Decision {
  const moved = movedTarget(history);
  const unrecorded = o.resync.status.ending === undefined;
  if (moved !== undefined && unrecorded) return fail(o, changed(moved));
  const lost: Problem = { reason: 'BackoffLimitExceeded', message: 'the run had been rolled back, and why is not on record' };
  return fail(o, moved === undefined ? (recordedEnding(o) ?? wantedEnding(o) ?? lost) : changed(moved));
}

/** A roll-back is tried as often as an attempt, and at least three times more: nothing else brings the data back. */
function rollBackLimit(o: Observation): number {
  return Math.max(o.resync.spec.backoffLimit, 3);
}

function afterFailedRollBack(o: Observation, newest: NonNullable<History['newest']>): Decision {
  const { status } = o.resync;
  if (status.operationID === newest.operationID || newest.attempt > (status.attempt ?? 0)) {
    const rollBackFailures = (status.rollBackFailures ?? 0) + 1;
    const retryMs = backoffAfter(rollBackFailures - 1);
    const message = `Roll-back failed: ${problemOf(newest).problem.message}`;
    const set = {
      operationID: undefined,
      operationKind: undefined,
      attempt: Math.max(status.attempt ?? 0, newest.attempt),
      rollBackFailures,
      retryTime: isoMillis(o.now + retryMs),
    };
    return {
      kind: 'Record',
      status: compose(o, { reason: 'RollingBack', message, set }),
      announcements: [{ type: 'Warning', reason: 'RollBackFailed', action: 'RollBack', note: message }],
      lookAgainInMs: retryMs,
    };
  }
  const ending = recordedEnding(o) ?? wantedEnding(o) ?? problemOf(newest).problem;
  const hopeless = (status.rollBackFailures ?? 0) > rollBackLimit(o) || targetsToRollBack(o).length === 0;
  if (hopeless) return fail(o, ending);
  const wait = backoffLeft(o);
  return wait > 0 ? { kind: 'Wait', lookAgainInMs: wait } : recordIntent(o, 'RollBack');
}

/** The array gives no answer, and an attempt of ours may be at work there. Nothing terminal is written. */
function withoutAnswer(o: Observation): Decision {
  const wanted = recordedEnding(o) ?? wantedEnding(o);
  const why = o.view.state === 'unread' ? o.view.message : 'its StorageArray is not there';
  const message = `Array ${arrayName(o)} gives no answer: ${why}`;
  if (wanted === undefined) return shown(o, { reason: 'ArrayUnreachable', message, waits: true, stalled: isStalled(o) });
  const rollingBack = o.resync.status.operationKind === 'RollBack';
  return shown(o, {
    reason: rollingBack ? 'RollingBack' : 'Cancelling',
    message: `${message}. The run ends when it answers (${wanted.reason})`,
    waits: true,
    stalled: true,
    set: { ending: o.resync.status.ending ?? endingOf(wanted) },
  });
}

/** The endpoint leads to another array: it can prove nothing about our attempt, and gets no call from us. */
function otherArray(o: Observation, view: ReadView): Decision {
  const { arrayID, operationID } = o.resync.status;
  const message = `StorageArray ${arrayName(o)} leads to array ${view.identity.arrayID}, the run began on array ${arrayID}`;
  if (operationID === undefined && o.resync.status.failures === undefined)
    return fail(withoutLuns(o), { reason: 'ArrayChanged', message });
  return shown(withoutLuns(o), {
    reason: wantedEnding(o) === undefined ? 'ArrayUnreachable' : 'Cancelling',
    message: `${message}, where an attempt may still be at work`,
    waits: true,
    stalled: true,
  });
}

function withoutLuns(o: Observation): Observation {
  return { ...o, view: { state: 'unresolved' } };
}

function isAbandoned(o: Observation): boolean {
  return o.array.state === 'found' && o.array.policy.abandoned;
}

function letGoOfAbandoned(o: Observation): Decision {
  const { operationID, pairs } = o.resync.status;
  const targets = (pairs ?? []).flatMap((pair) => pair.target?.lunID ?? []).join(', ');
  const note = `StorageArray ${arrayName(o)} is abandoned: let go of operation ${operationID ?? '(none)'} on LUNs ${targets || '(none)'} without the word of the array`;
  return {
    kind: 'Act',
    action: {
      kind: 'RemoveFinalizer',
      announcements: [{ type: 'Warning', reason: 'Abandoned', action: 'Delete', note }],
    },
  };
}

function movedTarget(history: History): string | undefined {
  const moved = history.targets.find((target) => target.run !== undefined && target.moved);
  return moved === undefined ? undefined : `LUN ${moved.pair.targetLunID} was written by somebody else after an attempt of this run had ended`;
}

function changed(message: string): Problem {
  return { reason: 'TargetChanged', message };
}

function recordedEnding(o: Observation): Problem | undefined {
  const { ending } = o.resync.status;
  if (ending === undefined) return undefined;
  return { reason: isReason(ending.reason) ? ending.reason : 'UnexpectedArrayError', message: ending.message, remedy: '' };
}

function backoffLeft(o: Observation): number {
  const { retryTime } = o.resync.status;
  return retryTime === undefined ? 0 : Math.max(0, Date.parse(retryTime) - o.now);
}
