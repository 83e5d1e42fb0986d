/** One copy from start to end on the main thread: opens the files, hands pieces to the workers, keeps count of what they did. */
import { constants } from 'node:fs';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { CompareChoice } from './compare-choice.ts';
import type { CopyJob, CopyProgress, CopyResult } from './copier.ts';
import { CopyControl } from './copy-control.ts';
import { CopyCancelledError, CopyFailedError, OutOfSpaceError } from './copy-errors.ts';
import { CHUNK_BYTES, digestOfChunks, zeroChunkDigests } from './digest.ts';
import { type Extent, type Region, scanRegions } from './region-scan.ts';
import { Throttle } from './throttle.ts';
import { BlockTaskError, runBlockTask } from './worker-pool.ts';
import type { BlockReplies, CopyMode } from './worker-tasks.ts';

const MAX_PIECE_BYTES = 4 * CHUNK_BYTES;
/** Sharing blocks moves no bytes: large pieces save calls, and a cancel still gets in between. */
const MAX_SHARED_PIECE_BYTES = 256 * CHUNK_BYTES;
const PROGRESS_INTERVAL_MS = 50;
const OUT_OF_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

type Files = { readonly source: FileHandle; readonly target: FileHandle };

/** A copy in progress. `finish` is called once. */
export class CopyRun {
  readonly throttle: Throttle;
  readonly #job: CopyJob;
  readonly #onProgress: (progress: CopyProgress) => void;
  readonly #control: CopyControl;
  readonly #compare: CompareChoice;
  readonly #sourceDigests: string[];
  #step: CopyProgress['step'] = 'COPYING';
  #copiedBytes = 0;
  #writtenBytes = 0;
  #verifiedBytes = 0;
  #reportedAtMs = 0;
  #cloneBlockBytes = 0;
  #cloneWorked = false;

  constructor(job: CopyJob, onProgress: (progress: CopyProgress) => void) {
    this.#job = job;
    this.#onProgress = onProgress;
    this.throttle = new Throttle(job.maxBytesPerSecond);
    this.#control = CopyControl.create(job.maxAllocateBytes);
    this.#compare = new CompareChoice(job);
    this.#sourceDigests = [...(job.knownSourceDigests ?? [])];
  }

  cancel(): void {
    this.#control.cancel();
    this.throttle.cancel();
  }

  /** Copies, flushes, verifies; all files are closed and no task runs when it settles. */
  async finish(): Promise<CopyResult> {
    try {
      await using source = await open(this.#job.source, constants.O_RDONLY);
      await using target = await open(this.#job.target, constants.O_RDWR);
      const files = { source, target };
      await this.#checkFileSizes(files);
      await this.#copy(files);
      return this.#job.verify ? await this.#verify(files) : this.#result('', []);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #copy(files: Files): Promise<void> {
    const job = this.#job;
    this.#cloneBlockBytes = (await statfs(job.target)).bsize;
    const ranges = job.ranges ?? [{ offset: 0, length: job.sourceSizeBytes }];
    await this.#zeroTail(files);
    // Pieces run side by side: what they free must be free before the first of them allocates, or a tight copy would fail
    // or not by chance.
    for (const range of this.#control.limited ? ranges : []) {
      await this.#releaseRange(files, range);
    }
    for (const range of ranges) {
      await this.#copyRange(files, range);
    }
    await this.throttle.admitUnmetered();
    await this.#flush(files.target);
    if (job.corruptChunk !== undefined) {
      await corrupt(files.target, job.corruptChunk * CHUNK_BYTES);
      await this.#flush(files.target);
    }
    this.#report(true);
  }

  async #copyRange(files: Files, range: Extent): Promise<void> {
    await scanRegions({
      fds: [files.source.fd, files.target.fd],
      range,
      pieceBytes: () => this.throttle.pieceBytes(this.#cloneWorked ? MAX_SHARED_PIECE_BYTES : MAX_PIECE_BYTES),
      admit: (bytes) => this.throttle.admit(bytes),
      skipped: (bytes) => {
        this.#copiedBytes += bytes;
        this.#report(false);
      },
      work: (piece) => this.#copyPiece(files, piece),
    });
  }

  async #releaseRange(files: Files, range: Extent): Promise<void> {
    await scanRegions({
      fds: [files.source.fd, files.target.fd],
      range,
      pieceBytes: () => MAX_PIECE_BYTES,
      admit: () => this.throttle.admitUnmetered(),
      skipped: () => {},
      work: async (region) => {
        if (region.dataIn[1] === true) {
          this.#writtenBytes += (await this.#runCopyTask(files, region, 'release')).writtenBytes;
        }
      },
    });
  }

  #runCopyTask(files: Files, region: Region, mode: CopyMode): Promise<BlockReplies['copy']> {
    return runBlockTask({
      kind: 'copy',
      sourceFd: files.source.fd,
      targetFd: files.target.fd,
      sourceSizeBytes: this.#job.sourceSizeBytes,
      region: { offset: region.offset, length: region.length },
      targetEmpty: region.dataIn[1] === false,
      mode,
      hash: mode !== 'release' && this.#job.verify && this.#job.knownSourceDigests === undefined,
      cloneBlockBytes: mode === 'release' ? 0 : this.#cloneBlockBytes,
      control: this.#control.buffer,
    });
  }

  async #copyPiece(files: Files, region: Region): Promise<void> {
    const reply = await this.#runCopyTask(files, region, this.#compare.nextMode());
    this.#compare.learn(reply);
    // Large pieces only after the file system has shared blocks once: one that refuses has to copy what it was given.
    this.#cloneWorked = reply.cloneWorks;
    if (!reply.cloneWorks) {
      this.#cloneBlockBytes = 0;
    }
    for (const [chunk, digest] of reply.sourceDigests) {
      this.#sourceDigests[chunk] = digest;
    }
    this.#writtenBytes += reply.writtenBytes;
    // A cancelled task may have left out a part of its piece: that part was not dealt with.
    if (!this.#control.cancelled) {
      this.#copiedBytes += region.length;
    }
    this.#report(false);
  }

  async #zeroTail(files: Files): Promise<void> {
    const { sourceSizeBytes, targetSizeBytes } = this.#job;
    await scanRegions({
      fds: [files.target.fd],
      range: { offset: sourceSizeBytes, length: targetSizeBytes - sourceSizeBytes },
      pieceBytes: () => MAX_SHARED_PIECE_BYTES,
      admit: () => this.throttle.admitUnmetered(),
      skipped: () => {},
      work: async (range) => {
        const control = this.#control.buffer;
        const reply = await runBlockTask({ kind: 'zero', targetFd: files.target.fd, range, control });
        this.#writtenBytes += reply.writtenBytes;
      },
    });
  }

  async #verify(files: Files): Promise<CopyResult> {
    const size = this.#job.sourceSizeBytes;
    const sourceDigests = zeroChunkDigests(size);
    const targetDigests = zeroChunkDigests(size);
    this.#step = 'VERIFYING';
    await scanRegions({
      fds: [files.source.fd, files.target.fd],
      range: { offset: 0, length: size },
      pieceBytes: () => MAX_PIECE_BYTES,
      admit: () => this.throttle.admitUnmetered(),
      skipped: (bytes) => {
        this.#verifiedBytes += bytes;
        this.#report(false);
      },
      work: async (region) => {
        const first = region.offset / CHUNK_BYTES;
        const reply = await this.#verifyPiece(files, region);
        sourceDigests.splice(first, reply.sourceDigests.length, ...reply.sourceDigests);
        targetDigests.splice(first, reply.targetDigests.length, ...reply.targetDigests);
        this.#verifiedBytes += this.#control.cancelled ? 0 : region.length;
        this.#report(false);
      },
    });
    await this.throttle.admitUnmetered();
    this.#report(true);
    return this.#result(digestOfChunks(targetDigests), sourceDigests);
  }

  async #verifyPiece(
    files: Files,
    region: Extent,
  ): Promise<{ readonly sourceDigests: readonly string[]; readonly targetDigests: readonly string[] }> {
    const first = region.offset / CHUNK_BYTES;
    const chunks = Math.ceil(region.length / CHUNK_BYTES);
    return runBlockTask({
      kind: 'verify',
      sourceFd: files.source.fd,
      targetFd: files.target.fd,
      region,
      knownSourceDigests: Array.from({ length: chunks }, (_, index) => this.#sourceDigests[first + index] ?? ''),
      control: this.#control.buffer,
    });
  }

  #result(targetDigest: string, sourceChunkDigests: readonly string[]): CopyResult {
    const sourceDigest = this.#job.verify ? digestOfChunks(sourceChunkDigests) : '';
    return { writtenBytes: this.#writtenBytes, sourceDigest, targetDigest, sourceChunkDigests };
  }

  async #checkFileSizes(files: Files): Promise<void> {
    const { source, sourceSizeBytes, target, targetSizeBytes } = this.#job;
    const sourceFileBytes = (await files.source.stat()).size;
    if (sourceFileBytes < sourceSizeBytes) {
      const cause = new RangeError(`the file has ${sourceFileBytes} bytes, the source should have ${sourceSizeBytes}`);
      throw new CopyFailedError({ path: source, offset: sourceFileBytes, cause });
    }
    const targetFileBytes = (await files.target.stat()).size;
    if (targetFileBytes !== targetSizeBytes) {
      const cause = new RangeError(`the file has ${targetFileBytes} bytes, the target should have ${targetSizeBytes}`);
      throw new CopyFailedError({ path: target, offset: targetFileBytes, cause });
    }
  }

  async #flush(target: FileHandle): Promise<void> {
    await target.datasync();
  }

  #report(always: boolean): void {
    const now = performance.now();
    if (!always && now - this.#reportedAtMs < PROGRESS_INTERVAL_MS) {
      return;
    }
    this.#reportedAtMs = now;
    this.#onProgress({
      step: this.#step,
      copiedBytes: this.#copiedBytes,
      writtenBytes: this.#writtenBytes,
      verifiedBytes: this.#verifiedBytes,
    });
  }

  #explain(error: unknown): Error {
    if (error instanceof CopyCancelledError || error instanceof CopyFailedError) {
      return error;
    }
    const file = error instanceof BlockTaskError ? error.file : 'target';
    const place = {
      path: file === 'source' ? this.#job.source : this.#job.target,
      offset: error instanceof BlockTaskError ? error.offset : 0,
      cause: error,
    };
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return OUT_OF_SPACE.has(code) ? new OutOfSpaceError(place) : new CopyFailedError(place);
  }
}

async function corrupt(target: FileHandle, offset: number): Promise<void> {
  const byte = Buffer.alloc(1);
  await target.read(byte, 0, 1, offset);
  byte.writeUInt8(byte.readUInt8() ^ 0xff);
  await target.write(byte, 0, 1, offset);
}
