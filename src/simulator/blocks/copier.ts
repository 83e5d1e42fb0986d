/**
 * Copies one LUN file over another, in worker threads, and proves it: the copy of a resync, of a roll-back and, where the
 * file system shares no blocks, of a snapshot.
 */
import { CopyRun } from './copy-run.ts';
import { CHUNK_BYTES, chunkCount } from './digest.ts';
import type { Extent } from './region-scan.ts';

export { CopyCancelledError, CopyFailedError, OutOfSpaceError } from './copy-errors.ts';

/** What to copy and how. Both files exist and have their final sizes; sizes, offsets and lengths are multiples of 512 bytes. */
export type CopyJob = {
  readonly source: string;
  readonly target: string;
  /** The source's bytes [0, sourceSizeBytes) are copied; its file may be longer. */
  readonly sourceSizeBytes: number;
  /** The target file's size, not below the source's; what lies behind the source's size reads as zeros afterwards. */
  readonly targetSizeBytes: number;
  /** In order, not overlapping, within the source's size: nothing else can differ. Absent: unknown. */
  readonly ranges?: readonly Extent[];
  /** Read source and target back after the flush and give both digests. */
  readonly verify: boolean;
  /** The hex SHA-256 of every 4 MiB chunk of a source that never changes: it need not be hashed again. */
  readonly knownSourceDigests?: readonly string[];
  /** 0 for no limit. Counted over the data of source or target that is looked at, whether written or found equal. */
  readonly maxBytesPerSecond: number;
  /** How much more the target may allocate, freed blocks counted in its favour; Infinity for no limit. */
  readonly maxAllocateBytes: number;
  /** Fault to order: one byte of this 4 MiB chunk of the target is flipped after the copy and before it is read back. */
  readonly corruptChunk?: number;
  /** true: always compare before writing; false: never; absent: found out from how much turns out to be equal. */
  readonly preferCompare?: boolean;
};

/** How far a copy is; every number only grows. */
export type CopyProgress = {
  readonly step: 'COPYING' | 'VERIFYING';
  /** Bytes of the source (of `ranges` where given) that are dealt with: written, found equal, or a hole. */
  readonly copiedBytes: number;
  /** Bytes whose content on the target was replaced: by writing, or by sharing the source's blocks. */
  readonly writtenBytes: number;
  /** Bytes of the source's size whose digests are known. */
  readonly verifiedBytes: number;
};

/** How a copy ended; the digests are '' and the list is empty when verify was false. */
export type CopyResult = {
  readonly writtenBytes: number;
  /** Unequal digests are a result and not an error: the target then does not hold the source's bytes. */
  readonly sourceDigest: string;
  readonly targetDigest: string;
  readonly sourceChunkDigests: readonly string[];
};

/** A running copy. */
export type CopyHandle = {
  /**
   * Resolves when the target is durable and, if asked for, read back. Rejects with CopyCancelledError, OutOfSpaceError or
   * CopyFailedError when the last write has ended: nothing is written to the target after that.
   */
  readonly done: Promise<CopyResult>;
  /** Bytes per second from now on, 0 for no limit. */
  setRate(bytesPerSecond: number): void;
  /** No new piece begins until `resume`; at most 16 MiB per worker are still finished. */
  pause(): void;
  resume(): void;
  /** Stops as soon as the pieces in work allow; no effect on a copy that has ended. */
  cancel(): void;
};

/**
 * Starts a copy at once. `onProgress` is called at most about twenty times a second, and once at the end of each step.
 * Throws RangeError for a job that cannot be meant: sizes or ranges that do not fit each other.
 */
export function startCopy(job: CopyJob, onProgress: (progress: CopyProgress) => void): CopyHandle {
  checkSizes(job);
  checkRanges(job);
  const run = new CopyRun(job, onProgress);
  return {
    done: run.finish(),
    setRate: (bytesPerSecond) => {
      checkRate(bytesPerSecond);
      run.throttle.setRate(bytesPerSecond);
    },
    pause: () => {
      run.throttle.pause();
    },
    resume: () => {
      run.throttle.resume();
    },
    cancel: () => {
      run.cancel();
    },
  };
}

function checkSizes(job: CopyJob): void {
  if (!isSize(job.sourceSizeBytes) || !isSize(job.targetSizeBytes) || job.targetSizeBytes < job.sourceSizeBytes) {
    throw new RangeError(
      `cannot copy ${job.sourceSizeBytes} bytes into ${job.targetSizeBytes}: both must be multiples of 512, the target not smaller`,
    );
  }
  if (job.source === job.target) {
    throw new RangeError(`cannot copy ${job.source} over itself`);
  }
  const chunks = chunkCount(job.sourceSizeBytes);
  if (job.knownSourceDigests !== undefined && job.knownSourceDigests.length !== chunks) {
    throw new RangeError(
      `${job.knownSourceDigests.length} known digests for a source of ${chunks} chunks of ${CHUNK_BYTES} bytes`,
    );
  }
  if (job.corruptChunk !== undefined && !(job.corruptChunk >= 0 && job.corruptChunk < chunks)) {
    throw new RangeError(`chunk ${job.corruptChunk} cannot be corrupted: the source has ${chunks}`);
  }
  checkRate(job.maxBytesPerSecond);
  if (!(job.maxAllocateBytes >= 0)) {
    throw new RangeError(`maxAllocateBytes is ${job.maxAllocateBytes}; it must be 0 or more, Infinity for no limit`);
  }
}

function checkRanges(job: CopyJob): void {
  let end = 0;
  for (const range of job.ranges ?? []) {
    if (!isSize(range.offset) || !isSize(range.length) || range.offset < end) {
      throw new RangeError(
        `range ${range.offset}+${range.length} is not aligned to 512 bytes or not behind the one before it`,
      );
    }
    end = range.offset + range.length;
  }
  if (end > job.sourceSizeBytes) {
    throw new RangeError(`the ranges end at byte ${end}, behind the source's ${job.sourceSizeBytes}`);
  }
}

function checkRate(bytesPerSecond: number): void {
  if (!(bytesPerSecond >= 0 && Number.isFinite(bytesPerSecond))) {
    throw new RangeError(`a rate of ${bytesPerSecond} bytes per second; it must be 0 or more, 0 for no limit`);
  }
}

function isSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0 && bytes % 512 === 0;
}
