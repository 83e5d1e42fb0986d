/**
 * What to do next for one LunResync: a pure function of what was observed.
 *
 * The order is the safety protocol. What the LUNs' runs say outranks what the status remembers; a status that names an
 * operation (`operationID`) names one that is not proven dead, and no other begins, and nothing terminal is written,
 * before that proof. Proof is an ended run or record, STALE, or ENDED or DEAD from a cancel.
 */
import { FINALIZER } from '../api/names.ts';
import { afterFailedAttempt } from './after-attempt.ts';
import { afterFailedRollBack, afterRollBack } from './after-roll-back.ts';
import { targetsToRollBack } from './attempt.ts';
import { admit, sendOrCancel } from './begin.ts';
import { conditionOf } from './conditions.ts';
import { withinDeadline } from './deadline.ts';
import type { Decision } from './decision.ts';
import { targetChange } from './ending.ts';
import { decideFinished } from './finished.ts';
import { follow } from './follow.ts';
import { attemptOf, type History, isUnsuccessfulEnd, type PastOperation, readHistory } from './history.ts';
import { isAttempted, type Observation, policyOf, type ReadView } from './observation.ts';
import type { Problem } from './problem.ts';
import { afterSuccess } from './success.ts';
import { fail } from './terminal.ts';
import { letGoOfAbandoned, otherArray, withoutAnswer } from './without-answer.ts';

/** One step: at most one status write or one action. */
export function decide(o: Observation): Decision {
  return withinDeadline(o, isFinished(o) ? decideFinished(o) : decideActive(o));
}

/** Whether the outcome has been written. */
export function isFinished(o: Observation): boolean {
  const succeeded = conditionOf(o.resync.status.conditions, 'Succeeded')?.status;
  return o.resync.status.completionTime !== undefined || succeeded === 'True' || succeeded === 'False';
}

function decideActive(o: Observation): Decision {
  const { deletionTimestamp, finalizers } = o.resync.metadata;
  const isDeleting = deletionTimestamp !== undefined;
  if (finalizers?.includes(FINALIZER) !== true)
    return isDeleting ? { kind: 'Wait', lookAgainInMs: undefined } : { kind: 'Act', action: { kind: 'AddFinalizer' } };
  if (isDeleting && policyOf(o)?.abandoned) return letGoOfAbandoned(o);
  return o.view.state === 'read' ? withAnswer(o, o.view) : withoutLuns(o);
}

function withAnswer(o: Observation, view: ReadView): Decision {
  const { arrayID } = o.resync.status;
  if (isAttempted(o) && arrayID !== undefined && arrayID !== view.identity.arrayID) return otherArray(o, view);
  const resolved = o.pairs.filter((pair) => pair.problem === undefined);
  const history = readHistory(o.owner, resolved, view);
  if (history.newest?.outcome === 'Running') return follow(o, history, history.newest);
  return resolved.length === o.pairs.length ? byHistory(o, history) : withoutLuns(o);
}

/** Nothing can be known of all targets: before the first intent there is nothing to know. */
function withoutLuns(o: Observation): Decision {
  return isAttempted(o) ? withoutAnswer(o) : admit(o);
}

function byHistory(o: Observation, history: History): Decision {
  const { newest, lastAttempt, disagreement } = history;
  const { operationID } = o.resync.status;
  const isUnknown = newest === undefined || attemptOf(operationID) > lastAttempt;
  if (operationID !== undefined && isUnknown) return sendOrCancel(o, history, operationID);
  if (newest?.outcome === 'Succeeded' && disagreement === undefined) return afterSuccess(o, history, newest);
  const changed = targetChange(o, history);
  // What somebody else has written to is let go of; what is half-written and fenced still gets back what it had.
  if (changed !== undefined && targetsToRollBack(o).length === 0) return fail(o, changed);
  return newest === undefined ? admit(o) : afterEnd(o, newest, changed);
}

function afterEnd(o: Observation, newest: PastOperation, changed: Problem | undefined): Decision {
  const { kind, outcome, operationID } = newest;
  if (kind === 'RollBack' && outcome === 'RolledBack') return afterRollBack(o, newest);
  if (isUnsuccessfulEnd(outcome))
    return kind === 'RollBack' ? afterFailedRollBack(o, newest) : afterFailedAttempt(o, newest, changed);
  const message = `operation ${operationID} ended with an outcome that it cannot have: ${outcome}`;
  return fail(o, { reason: 'ArrayContractViolation', message });
}
