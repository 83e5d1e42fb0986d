/** How far the running operation has come, as status.progress has it. */
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import type { Operation } from './array.ts';
import { formatProgress } from './format.ts';

type Progress = NonNullable<LunResyncStatus['progress']>;

export type ProgressInput = {
  readonly previous: Progress | undefined;
  readonly operation: Operation;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether `previous` tells of this same operation: progress never goes back within one. */
  readonly sameOperation: boolean;
};

/** `previous` itself when nothing moved, so that an unchanged status compares equal. */
export function progressOf({ previous, operation, now, sameOperation }: ProgressInput): Progress {
  const totalBytes = sum(operation.pairs.map((pair) => pair.totalBytes));
  const reported = Math.min(sum(operation.pairs.map((pair) => pair.copiedBytes)), totalBytes);
  const before = sameOperation ? (previous?.copiedBytes ?? 0) : 0;
  const copiedBytes = Math.max(reported, Math.min(before, totalBytes));
  const percent = totalBytes === 0 ? 0 : Math.floor((copiedBytes / totalBytes) * 100);
  if (sameOperation && previous?.copiedBytes === copiedBytes && previous.totalBytes === totalBytes) return previous;
  const seconds = (now - Date.parse(previous?.lastUpdateTime ?? '')) / 1000;
  const rate = sameOperation && seconds > 0 ? Math.round((copiedBytes - before) / seconds) : undefined;
  return {
    percent,
    copiedBytes,
    totalBytes,
    lastUpdateTime: isoMillis(now),
    display: formatProgress(percent, copiedBytes, totalBytes),
    ...(rate !== undefined && rate > 0
      ? {
          bytesPerSecond: rate,
          estimatedCompletionTime: iso(now + Math.min(((totalBytes - copiedBytes) / rate) * 1000, MAX_ETA_MS)),
        }
      : {}),
  };
}

/** A year: an estimate beyond it is no estimate, and must stay a date that can be written. */
const MAX_ETA_MS = 365 * 24 * 3600 * 1000;

/** Everything is copied: 100 % stands in the same write as the success. */
export function completeProgress(previous: Progress | undefined, totalBytes: number, now: number): Progress {
  return {
    percent: 100,
    copiedBytes: totalBytes,
    totalBytes,
    lastUpdateTime: isoMillis(now),
    display: formatProgress(100, totalBytes, totalBytes),
    ...(previous?.bytesPerSecond === undefined ? {} : { bytesPerSecond: previous.bytesPerSecond }),
  };
}

/** RFC 3339 with whole seconds, as Kubernetes writes times. */
export function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with milliseconds: for the instants that timers are measured from. */
export function isoMillis(ms: number): string {
  return new Date(ms).toISOString();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
