/** A roll-back is over: the run ends, or the roll-back is tried again. */
import { isUncounted } from './after-attempt.ts';
import { recordIntent, releaseFirst, targetsToRollBack } from './attempt.ts';
import { backoffAfter } from './backoff.ts';
import { rollBackLimit } from './begin.ts';
import { digestsAgree } from './data-state.ts';
import type { Decision } from './decision.ts';
import { endingWanted } from './ending.ts';
import { failureOf, oneMore } from './failure.ts';
import type { PastOperation } from './history.ts';
import type { Observation } from './observation.ts';
import { isoMillis } from './progress.ts';
import { compose } from './status.ts';
import { fail } from './terminal.ts';
import { backingOff } from './waiting.ts';

/**
 * The targets have back what they had before the run, which ends with what it failed from. Where proof was asked for, a
 * roll-back needs it as much as a success: an array that says so without having read it back is not believed.
 */
export function afterRollBack(o: Observation, { operationID, runs }: PastOperation): Decision {
  if (o.resync.spec.verify === 'Digest' && !runs.every(digestsAgree)) {
    const doubt = `operation ${operationID} ended with ROLLED_BACK, without the equal digests that were asked for`;
    const before = endingWanted(o);
    const why = before === undefined ? '' : `; the run was ending with ${before.reason}: ${before.message}`;
    return fail(o, { reason: 'ArrayContractViolation', message: `${doubt}${why}` });
  }
  const message = 'the run had been rolled back, and why is not on record';
  return fail(o, endingWanted(o) ?? { reason: 'BackoffLimitExceeded', message });
}

/** Tried again after a while, within its own limit; then the run ends with what it failed from. */
export function afterFailedRollBack(o: Observation, newest: PastOperation): Decision {
  const failure = failureOf(newest);
  if (isUncounted(o, newest))
    return releaseFirst(o) ?? countRollBackFailure(o, `Roll-back failed: ${failure.problem.message}`, newest);
  if ((o.resync.status.rollBackFailures ?? 0) > rollBackLimit(o) || targetsToRollBack(o).length === 0)
    return fail(o, endingWanted(o) ?? failure.problem);
  return backingOff(o) ?? recordIntent(o, 'RollBack');
}

/** One more failure. `ended`: the operation that failed; a refused one is none, and is sent again under its id. */
export function countRollBackFailure(o: Observation, message: string, ended?: PastOperation): Decision {
  const { status } = o.resync;
  const rollBackFailures = oneMore(status.rollBackFailures);
  const retryMs = backoffAfter(rollBackFailures - 1);
  const over =
    ended === undefined
      ? {}
      : { operationID: undefined, operationKind: undefined, attempt: Math.max(status.attempt ?? 0, ended.attempt) };
  const set = { ...over, rollBackFailures, retryTime: isoMillis(o.now + retryMs) };
  return {
    kind: 'Record',
    status: compose(o, { reason: 'RollingBack', message, set }),
    announcements: [{ type: 'Warning', reason: 'RollBackFailed', action: 'RollBack', note: message }],
    lookAgainInMs: retryMs,
  };
}
