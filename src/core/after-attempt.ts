/** An attempt is over without success: another one, a roll-back, or the end. */
import { recordIntent, releaseFirst, targetsToRollBack } from './attempt.ts';
import { backoffAfter } from './backoff.ts';
import { admit, rollBackLimit } from './begin.ts';
import type { Decision } from './decision.ts';
import { endingOf, endingWanted } from './ending.ts';
import { type Failure, failureOf, oneMore } from './failure.ts';
import { attemptOf, type PastOperation } from './history.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';
import { isoMillis } from './progress.ts';
import { compose } from './status.ts';
import { fail } from './terminal.ts';
import { backingOff } from './waiting.ts';

/** `changed`: somebody else has come to a target, so that there is no other attempt, only a roll-back of the rest. */
export function afterFailedAttempt(o: Observation, newest: PastOperation, changed?: Problem): Decision {
  if (isUncounted(o, newest)) return releaseFirst(o) ?? countFailure(o, newest, changed);
  const wanted = endingWanted(o) ?? changed;
  if (wanted === undefined) return admit(o);
  if ((o.resync.status.rollBackFailures ?? 0) > rollBackLimit(o) || targetsToRollBack(o).length === 0)
    return fail(o, wanted);
  return backingOff(o) ?? recordIntent(o, 'RollBack');
}

/** Whether the end of this operation has not been written down yet, be it that the status is older than it. */
export function isUncounted({ resync: { status } }: Observation, newest: PastOperation): boolean {
  return status.operationID !== undefined || attemptOf(newest.operationID) > (status.attempt ?? 0);
}

function countFailure(o: Observation, newest: PastOperation, changed: Problem | undefined): Decision {
  const { status, spec } = o.resync;
  const failure = failureOf(newest);
  const failures = oneMore(status.failures);
  const again = failure.retry && failures <= spec.backoffLimit;
  const ending = endingWanted(o) ?? changed ?? (again ? undefined : exhausted(failure, failures));
  const retryMs = backoffAfter(failures - 1);
  const note = `Attempt ${newest.attempt} failed: ${failure.problem.message}`;
  const set = {
    operationID: undefined,
    operationKind: undefined,
    attempt: Math.max(status.attempt ?? 0, newest.attempt),
    failures,
    retryTime: ending === undefined ? isoMillis(o.now + retryMs) : undefined,
    ending: status.ending ?? (ending === undefined ? undefined : endingOf(ending, failure.hresult)),
  };
  if (ending !== undefined)
    return {
      kind: 'Record',
      status: compose(o, { reason: 'Finishing', message: note, set }),
      announcements: [],
      lookAgainInMs: 0,
    };
  const message = `${note}; the next one starts in ${retryMs / 1000} s`;
  return {
    kind: 'Record',
    status: compose(o, { reason: 'RetryBackoff', message, set }),
    announcements: [{ type: 'Warning', reason: 'AttemptFailed', action: 'Retry', note }],
    lookAgainInMs: retryMs,
  };
}

function exhausted({ problem, retry }: Failure, failures: number): Problem {
  if (!retry) return problem;
  const attempts = failures === 1 ? '1 attempt' : `${failures} attempts`;
  return {
    ...problem,
    reason: 'BackoffLimitExceeded',
    message: `${attempts} failed, the last one because ${problem.message}`,
  };
}
