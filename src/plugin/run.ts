/** What people want to know of a run, read from its object; pure. */
import type { LunResync } from '../api/lun-resync.ts';
import type { PairStatus } from '../api/lun-resync-status.ts';
import { conditionOf } from '../core/conditions.ts';
import { isReason, type Reason, reasonOf } from '../core/reasons.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Style } from './text.ts';

/** A run at a moment. Both times are the watcher's own, in milliseconds. */
export type RunState = {
  readonly resync: LunResync;
  /** When this state of the object came in. */
  readonly receivedAt: number;
  readonly now: number;
};

/** The word that people read; `Pending` before the operator's first visit. */
export function reasonWord({ status }: LunResync): string {
  return conditionOf(status.conditions, 'Succeeded')?.reason ?? 'Pending';
}

/** The row of the reason in the table; undefined for a reason of a newer operator. */
export function reasonRow(resync: LunResync): Reason | undefined {
  const word = reasonWord(resync);
  return isReason(word) ? reasonOf(word) : undefined;
}

export function messageOf({ status }: LunResync): string {
  return conditionOf(status.conditions, 'Succeeded')?.message ?? 'The operator has not seen it yet';
}

export function isFinished({ status }: LunResync): boolean {
  return status.completionTime !== undefined;
}

/** How a finished run ended. Of a reason that is not known here the condition's status decides. */
export function exitCodeOf(resync: LunResync): ExitCode {
  if (conditionOf(resync.status.conditions, 'Succeeded')?.status === 'True') return EXIT.Success;
  return reasonWord(resync) === 'Cancelled' ? EXIT.Cancelled : EXIT.Failed;
}

/**
 * How long the copy still takes, in milliseconds; undefined when nobody can say. The operator's estimate is measured from
 * its own clock, so that the watcher's may be wrong.
 */
export function remainingMs({ resync, receivedAt, now }: RunState): number | undefined {
  const { estimatedCompletionTime, lastUpdateTime, percent } = resync.status.progress ?? {};
  if (isFinished(resync) || percent === 100) return undefined;
  if (estimatedCompletionTime === undefined || lastUpdateTime === undefined) return undefined;
  const left = Date.parse(estimatedCompletionTime) - Date.parse(lastUpdateTime) - (now - receivedAt);
  return Math.max(0, left);
}

/** One entry a pair of the spec, in its order: a pair that the operator has not resolved has a name only. */
export function pairsOf({ spec, status }: LunResync): readonly PairStatus[] {
  return spec.pairs.map(({ name }) => status.pairs?.find((pair) => pair.name === name) ?? { name });
}

/** Percent of a pair's bytes; undefined when they are not known. */
export function pairPercent({ copiedBytes, totalBytes, state }: PairStatus): number | undefined {
  if (totalBytes === undefined) return undefined;
  if (totalBytes === 0) return state === 'Succeeded' ? 100 : 0;
  return Math.floor(((copiedBytes ?? 0) / totalBytes) * 100);
}

const WAITS: ReadonlySet<string> = new Set([
  'Pending',
  'WaitingForTarget',
  'Suspended',
  'Maintenance',
  'ArrayUnreachable',
  'RetryBackoff',
  'Cancelling',
  'RollingBack',
]);

/** Whether the run is not at work on what was asked for, so that its message says something that the numbers do not. */
export function isWaiting(resync: LunResync): boolean {
  return WAITS.has(reasonWord(resync));
}

/** The colour of the run's word: what is good, what is bad, what may need somebody. */
export function reasonStyle(resync: LunResync): Style {
  const kind = reasonRow(resync)?.kind;
  if (kind === 'Success') return 'green';
  if (kind === 'Failure') return 'red';
  return isWaiting(resync) ? 'yellow' : 'cyan';
}

export function dataStyle(dataState: string | undefined): Style | undefined {
  if (dataState === 'Inconsistent') return 'red';
  if (dataState === 'Overwriting' || dataState === 'Unknown') return 'yellow';
  return dataState === undefined ? undefined : 'green';
}

const PAIR_STYLES: Readonly<Record<NonNullable<PairStatus['state']>, Style | undefined>> = {
  Pending: 'dim',
  Waiting: 'yellow',
  Starting: 'cyan',
  Copying: 'cyan',
  Verifying: 'cyan',
  RollingBack: 'yellow',
  Succeeded: 'green',
  Failed: 'red',
};

export function pairStyle({ state }: PairStatus): Style | undefined {
  return state === undefined ? 'dim' : PAIR_STYLES[state];
}
