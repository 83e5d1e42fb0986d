/** What may become of one object's status from one version to the next. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { conditionOf } from '../../../src/core/conditions.ts';

export type LifeProblem = { readonly rule: string; readonly what: string };

/**
 * Why `after` may not follow `before`, both of one uid; undefined when it may. After a restore versions are given out again,
 * so that a late write, made for the object as it was, may be taken for one of the object as it is: then alone it may have
 * observed a generation that is to come, until the next look.
 */
export function lifeProblem(
  before: LunResync | undefined,
  after: LunResync | undefined,
  mayBeRestored: boolean,
): LifeProblem | undefined {
  if (after === undefined) return undefined;
  const isAhead = (after.status.observedGeneration ?? 0) > (after.metadata.generation ?? 0);
  const what =
    inconsistency(after) ??
    (isAhead && !mayBeRestored ? 'it observed a generation that is to come' : undefined) ??
    (before === undefined ? undefined : regression(before, after));
  return what === undefined ? undefined : { rule: 'I6', what: `${after.metadata.uid}: ${what}` };
}

function inconsistency({ status }: LunResync): string | undefined {
  const succeeded = conditionOf(status.conditions, 'Succeeded');
  if (succeeded?.reason === 'Completed' && status.progress?.percent !== 100) return 'Completed without 100 %';
  if (succeeded?.status === 'True' && status.completionTime === undefined) return 'Succeeded without a completionTime';
  if (status.dataState === 'MatchesSource' && succeeded?.status === 'False') return 'failed with MatchesSource';
  return undefined;
}

function regression(before: LunResync, after: LunResync): string | undefined {
  const [old, now] = [before.status, after.status];
  if ((now.attempt ?? 0) < (old.attempt ?? 0)) return `attempt went back from ${old.attempt} to ${now.attempt}`;
  const isSame = old.operationID !== undefined && old.operationID === now.operationID;
  if (isSame && (now.progress?.copiedBytes ?? 0) < (old.progress?.copiedBytes ?? 0)) return 'progress went back';
  return old.completionTime === undefined ? undefined : changeOfEnd(old, now);
}

function changeOfEnd(old: LunResync['status'], now: LunResync['status']): string | undefined {
  const [was, is] = [old, now].map(({ conditions }) => conditionOf(conditions, 'Succeeded'));
  if (was?.status !== is?.status || was?.reason !== is?.reason)
    return `its end changed from ${was?.reason} to ${is?.reason}`;
  if (old.completionTime !== now.completionTime) return 'its completionTime changed';
  return old.dataState === now.dataState ? undefined : `its dataState changed after the end, to ${now.dataState}`;
}
