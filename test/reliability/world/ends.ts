/** Whether what an object says of its end is so. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { conditionOf } from '../../../src/core/conditions.ts';
import type { LifeProblem } from './lives.ts';

/** What is known of the object's operations, without believing the object or the array. */
export type Seen = {
  readonly succeeded: boolean;
  readonly rolledBack: boolean;
  /** Whether a block was ever written for it. */
  readonly written: boolean;
  /** Whether the array does not lie and no object was lost. */
  readonly isHonest: boolean;
};

/** What is wrong with the end that was written; undefined when nothing is. */
export function endProblem({ status }: LunResync, seen: Seen): LifeProblem | undefined {
  const reason = conditionOf(status.conditions, 'Succeeded')?.reason ?? '';
  const { dataState = '' } = status;
  const claim = `says ${reason} and ${dataState}, and`;
  const isSuccess = reason === 'Completed' || ['MatchesSource', 'Copied'].includes(dataState);
  if (isSuccess && !seen.succeeded) return { rule: 'I3', what: `${claim} no operation of it ended well` };
  if (reason === 'ArrayContractViolation' && seen.isHonest) return { rule: 'I3', what: 'accuses an honest array' };
  if (dataState === 'RolledBack' && !seen.rolledBack) return { rule: 'I3', what: `${claim} nothing was rolled back` };
  if (dataState === 'Untouched' && seen.written) return { rule: 'I3', what: `${claim} it has written` };
  // Somebody else may have come to the target since, and then it is theirs.
  if (reason === 'TargetChanged' || !seen.isHonest) return undefined;
  return isAbandoned(status) ? { rule: 'I7', what: `${claim} it has not tried to roll back` } : undefined;
}

/** A target is half-written, what it had is there, and nobody has put it back. */
function isAbandoned({ pairs = [], rollBackFailures = 0 }: LunResync['status']): boolean {
  const wreck = pairs.find(
    ({ dataState, safetySnapshotID }) => dataState === 'Inconsistent' && safetySnapshotID !== undefined,
  );
  return wreck !== undefined && rollBackFailures === 0;
}
