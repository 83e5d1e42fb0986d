/** Why a run is going to end without success: what wants it to, and the record of it that outlives a restart. */
import type { Ending } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import { activeMs } from './deadline.ts';
import type { Decision } from './decision.ts';
import { type History, movedTarget } from './history.ts';
import { isErrorHresult } from './hresult.ts';
import type { Observation } from './observation.ts';
import { type Problem, sentence } from './problem.ts';
import { isReason, reasonOf } from './reasons.ts';
import { compose } from './status.ts';

/** What is on record as the end, or else what wants the run to end now. Undefined: nothing does. */
export function endingWanted(o: Observation): Problem | undefined {
  return recordedEnding(o) ?? wantedEnding(o);
}

/** What wants the run to end, in order of precedence: delete, cancel, deadline. Undefined: nothing does. */
export function wantedEnding(o: Observation): Problem | undefined {
  const { metadata, spec, status } = o.resync;
  if (metadata.deletionTimestamp !== undefined)
    return { reason: 'Cancelled', message: 'the LunResync is being deleted' };
  if (spec.cancel) return { reason: 'Cancelled', message: 'spec.cancel is true' };
  const limit = spec.activeDeadlineSeconds;
  if (limit === undefined || activeMs(status, o.now) < limit * 1000) return undefined;
  return { reason: 'DeadlineExceeded', message: `the run has been active for ${limit} s, its activeDeadlineSeconds` };
}

/** What status.ending says. A word there that is no failure's cannot have been written by these rules. */
function recordedEnding(o: Observation): Problem | undefined {
  const { ending } = o.resync.status;
  if (ending === undefined) return undefined;
  const { reason, message } = ending;
  const known = isReason(reason) && reasonOf(reason).kind === 'Failure';
  return { reason: known ? reason : 'UnexpectedArrayError', message, remedy: '' };
}

/**
 * Why the run has to let go of its targets without another call but cancel and release: somebody else has come, the
 * LUNs' runs do not fit together, or the array has forgotten a run that it had accepted. Outranks every other ending.
 */
export function targetChange(o: Observation, history: History): Problem | undefined {
  const forgotten =
    history.newest === undefined && o.resync.status.startTime !== undefined
      ? 'the array does not know of an operation that it had accepted: its targets are gone or have been in use since'
      : undefined;
  const what = history.disagreement ?? movedTarget(history) ?? forgotten;
  if (what === undefined) return undefined;
  const { ending } = o.resync.status;
  const before =
    ending === undefined || ending.reason === 'TargetChanged' ? '' : `; the run was ending: ${ending.message}`;
  return { reason: 'TargetChanged', message: statusText(`${what}${before}`, 400) };
}

/** Writes down why the run is going to end without success, before anything is done about it. */
export function recordEnding(o: Observation, problem: Problem, hresult?: string): Decision {
  const alive = o.resync.status.operationID !== undefined;
  const what = alive ? 'Ending the attempt at the array' : 'Ending the run';
  return {
    kind: 'Record',
    status: compose(o, {
      reason: alive ? 'Cancelling' : 'Finishing',
      message: `${what}: ${problem.message}`,
      set: { ending: endingOf(problem, hresult), retryTime: undefined },
    }),
    announcements: [],
    lookAgainInMs: 0,
  };
}

/** `hresult`: the array's own code, which counts where the reason has none of its own. */
export function endingOf(problem: Problem, hresult?: string): Ending {
  const own = reasonOf(problem.reason).hresult;
  const given = hresult ?? own;
  const counts = own === 'VSS_E_UNEXPECTED' && isErrorHresult(given);
  return { reason: problem.reason, message: sentence(problem), hresult: counts ? given : own };
}
