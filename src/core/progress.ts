/** How far the running operation has come, as status.progress has it. */
import type { Progress } from '../api/lun-resync-status.ts';
import type { Operation } from './array.ts';
import { formatProgress } from './format.ts';

export type ProgressInput = {
  /** Of this same operation; undefined when nothing was written of it yet. Progress never goes back within one. */
  readonly previous: Progress | undefined;
  readonly operation: Operation;
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/** `previous` itself when nothing moved, so that an unchanged status compares equal. */
export function progressOf({ previous, operation, now }: ProgressInput): Progress {
  const totalBytes = sumBytes(operation.pairs.map((pair) => pair.totalBytes));
  const before = Math.min(previous?.copiedBytes ?? 0, totalBytes);
  const copiedBytes = Math.max(Math.min(sumBytes(operation.pairs.map((pair) => pair.copiedBytes)), totalBytes), before);
  if (previous?.copiedBytes === copiedBytes && previous.totalBytes === totalBytes) return previous;
  const percent = totalBytes === 0 ? 0 : Math.floor((copiedBytes / totalBytes) * 100);
  return {
    percent,
    copiedBytes,
    totalBytes,
    lastUpdateTime: isoMillis(now),
    display: formatProgress(percent, totalBytes),
    ...speed({ bytes: copiedBytes - before, left: totalBytes - copiedBytes, since: previous?.lastUpdateTime, now }),
  };
}

type Travel = {
  readonly bytes: number;
  readonly left: number;
  readonly since: string | undefined;
  readonly now: number;
};

/** Nothing where there is nothing to measure with. */
function speed({ bytes, left, since, now }: Travel): Pick<Progress, 'bytesPerSecond' | 'estimatedCompletionTime'> {
  const seconds = (now - Date.parse(since ?? '')) / 1000;
  const rate = seconds > 0 ? Math.min(Math.round(bytes / seconds), Number.MAX_SAFE_INTEGER) : 0;
  if (rate <= 0) return {};
  return {
    bytesPerSecond: rate,
    estimatedCompletionTime: iso(now + Math.min((left / rate) * 1000, MAX_ETA_MS)),
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
    display: formatProgress(100, totalBytes),
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

/** The sum, at most what a count in the status holds. */
export function sumBytes(counts: readonly number[]): number {
  return Math.min(
    counts.reduce((total, count) => total + count, 0),
    Number.MAX_SAFE_INTEGER,
  );
}
