/** The way to an accepted operation: whether an attempt may begin, and the recorded attempt on its way to the array. */
import { objectionTo } from './admission.ts';
import type { Operation } from './array.ts';
import { cancelAttempt, recordIntent, startRequest, targetsToRollBack } from './attempt.ts';
import type { Decision } from './decision.ts';
import { endingOf, endingWanted, recordEnding, targetChange } from './ending.ts';
import type { History } from './history.ts';
import type { Raise } from './objection.ts';
import { type Observation, readView } from './observation.ts';
import { planOf } from './plan.ts';
import { compose } from './status.ts';
import { fail, succeed } from './terminal.ts';
import { backingOff, waitOrEnd } from './waiting.ts';

/** The first attempt, or one after another: when nothing objects. */
export function admit(o: Observation): Decision {
  const wanted = endingWanted(o);
  if (wanted !== undefined) return fail(o, wanted);
  const backoff = backingOff(o);
  if (backoff !== undefined) return backoff;
  const objection = objectionTo(o);
  if (objection?.kind === 'AlreadyCompleted') {
    const message = `Run ${o.resync.spec.runID} had been done on all targets before; nothing was done`;
    return succeed(o, 'AlreadyCompleted', message);
  }
  if (objection?.kind === 'Raise') return raise(objection);
  if (objection !== undefined) return waitOrEnd(o, objection);
  if (o.resync.spec.mode === 'Run') return recordIntent(o, 'Resync');
  return planned(o);
}

function planned(o: Observation): Decision {
  const plan = planOf(o);
  const steps = plan.length === 1 ? '1 step' : `${plan.length} steps`;
  return succeed(o, 'Planned', `All checks passed; nothing was changed, and status.plan has ${steps}`, plan);
}

/** An intent is recorded and the LUNs' runs know nothing of it (yet). */
export function sendOrCancel(o: Observation, history: History, operationID: string): Decision {
  const { operation } = readView(o);
  if (operation?.operationID === operationID) return withoutRun(o, operation);
  return o.resync.status.operationKind === 'RollBack'
    ? sendRollBack(o, operationID)
    : sendResync(o, history, operationID);
}

function sendResync(o: Observation, history: History, operationID: string): Decision {
  if (history.newest?.outcome === 'Succeeded' && history.disagreement === undefined)
    return cancelAttempt(o, operationID);
  const wanted = targetChange(o, history) ?? endingWanted(o);
  if (wanted !== undefined)
    return o.resync.status.ending === undefined ? recordEnding(o, wanted) : cancelAttempt(o, operationID);
  const backoff = backingOff(o);
  if (backoff !== undefined) return backoff;
  const objection = objectionTo(o);
  if (objection?.kind === 'Raise') return raise(objection);
  if (objection !== undefined && objection.kind !== 'AlreadyCompleted') return waitOrEnd(o, objection);
  return send(o, operationID);
}

function raise({ claim, requestBytes }: Raise): Decision {
  return { kind: 'Act', action: { kind: 'RaiseClaim', claim, requestBytes } };
}

function sendRollBack(o: Observation, operationID: string): Decision {
  const hopeless = (o.resync.status.rollBackFailures ?? 0) > rollBackLimit(o) || targetsToRollBack(o).length === 0;
  return hopeless ? cancelAttempt(o, operationID) : (backingOff(o) ?? send(o, operationID));
}

/** A record that does not hold what the request needs is given up; the next intent is made from a fresh look. */
function send(o: Observation, operationID: string): Decision {
  const request = startRequest(o);
  return request === undefined ? cancelAttempt(o, operationID) : { kind: 'Act', action: { kind: 'Start', request } };
}

/** A roll-back is tried as often as an attempt, and at least three times more: nothing else brings the data back. */
export function rollBackLimit(o: Observation): number {
  return Math.max(o.resync.spec.backoffLimit, 3);
}

/** The array has the operation, but the LUNs, which were read later, have no run of it: one of the two is not true. */
function withoutRun(o: Observation, { operationID, outcome }: Operation): Decision {
  const { ending } = o.resync.status;
  const message = `the array has operation ${operationID}, but its targets have no run of it`;
  const problem = { reason: 'ArrayContractViolation', message } as const;
  if (outcome === 'Running') return ending === undefined ? recordEnding(o, problem) : cancelAttempt(o, operationID);
  const set = { operationID: undefined, operationKind: undefined, ending: ending ?? endingOf(problem) };
  return {
    kind: 'Record',
    status: compose(o, { reason: 'Finishing', message, set }),
    announcements: [],
    lookAgainInMs: 0,
  };
}
