/** The array's files on the simulated disk, and a copy that takes its time, block by block. */
import type { CopyHandle, CopyProgress, CopyResult } from '../../../src/simulator/blocks/copier.ts';
import { CopyCancelledError } from '../../../src/simulator/blocks/copy-errors.ts';
import type { LunFile } from '../../../src/simulator/blocks/lun-file.ts';
import type { LunCopyJob, LunFiles } from '../../../src/simulator/ports.ts';
import type { ArrayState } from '../../../src/simulator/state/records.ts';
import { chunkDigests, type Disk, digestOf } from './disk.ts';

/** What a copy writes at a time. LUNs of a simulation have a few of these. */
export const BLOCK_BYTES = 4096;

/** The gate of one array process's effects: resolves when the effect has happened; never, if the process died before. */
export type Around = (name: string, subject: string, effect: () => void) => Promise<void>;

export type SimulatedFilesOptions = {
  readonly disk: Disk;
  readonly around: Around;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told of every block that a copy writes, before it does. */
  readonly onCopyWrite: (lunID: string) => void;
  readonly hasReflinks: boolean;
  /** How long a block of a copy takes. */
  readonly blockMs: number;
};

/** The files of one process of the array. */
export function simulatedFiles(options: SimulatedFilesOptions): LunFiles {
  const { disk, around } = options;
  const sizeOf = (lunID: string): number => disk.read(lunID).length;
  return {
    pathOf: (lunID) => lunID,
    allocatedBytes: (lunID) => (disk.has(lunID) ? sizeOf(lunID) : 0),
    fileSizeBytes: sizeOf,
    removeStrayFiles: (state) => disk.removeStrayFiles(state),
    damagedLuns: (state: ArrayState) =>
      [...state.luns.values()]
        .filter((lun) => !disk.has(lun.id) || sizeOf(lun.id) !== lun.sizeBytes)
        .map(({ id }) => id),
    hasReflinks: async () => options.hasReflinks,
    create: (lunID, sizeBytes) => around('create', lunID, () => disk.create(lunID, Buffer.alloc(sizeBytes))),
    clone: async (sourceLunID, lunID) => {
      await around('clone', lunID, () => disk.create(lunID, disk.read(sourceLunID)));
      return { reflinked: options.hasReflinks };
    },
    resize: (lunID, sizeBytes) => around('resize', lunID, () => disk.resize(lunID, sizeBytes)),
    remove: async (lunIDs) => {
      for (const lunID of lunIDs) await around('remove', lunID, () => disk.remove(lunID));
    },
    open: async (lunID) => openFile(lunID, options),
    digest: async (lunID, sizeBytes) => digestOf(disk.read(lunID).subarray(0, sizeBytes)),
    copy: (job, onProgress) => new SimulatedCopy(job, onProgress, options).handle(),
  };
}

function openFile(lunID: string, { disk, around }: SimulatedFilesOptions): LunFile {
  const close = async (): Promise<void> => undefined;
  return {
    path: lunID,
    sizeBytes: disk.read(lunID).length,
    read: async (offset, length) => Buffer.from(disk.read(lunID).subarray(offset, offset + length)),
    write: (offset, data) => around('host write', lunID, () => disk.write(lunID, offset, Buffer.from(data))),
    punchHole: (offset, length) => around('host write', lunID, () => disk.write(lunID, offset, Buffer.alloc(length))),
    resize: (sizeBytes) => around('resize', lunID, () => disk.resize(lunID, sizeBytes)),
    flush: () => around('flush', lunID, () => disk.flush(lunID)),
    allocatedBytes: async () => disk.read(lunID).length,
    dataExtents: async (offset, length) => [{ offset, length }],
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One copy: the source's ranges, zeros behind them, a flush, and both digests read back. */
class SimulatedCopy {
  readonly #job: LunCopyJob;
  readonly #onProgress: (progress: CopyProgress) => void;
  readonly #options: SimulatedFilesOptions;
  readonly #resumed: (() => void)[] = [];
  #isPaused = false;
  #isCancelled = false;
  #written = 0;

  constructor(job: LunCopyJob, onProgress: (progress: CopyProgress) => void, options: SimulatedFilesOptions) {
    this.#job = job;
    this.#onProgress = onProgress;
    this.#options = options;
  }

  handle(): CopyHandle {
    return {
      done: this.#run(),
      setRate: () => undefined,
      pause: () => {
        this.#isPaused = true;
      },
      resume: () => this.#wake(),
      cancel: () => {
        this.#isCancelled = true;
        this.#wake();
      },
    };
  }

  #wake(): void {
    this.#isPaused = false;
    for (const resume of this.#resumed.splice(0)) resume();
  }

  async #run(): Promise<CopyResult> {
    const { sourceSizeBytes, targetSizeBytes, targetLunID, ranges, verify, corruptChunk } = this.#job;
    const { around, disk } = this.#options;
    let copied = 0;
    for (const range of ranges ?? [{ offset: 0, length: sourceSizeBytes }]) {
      for (let at = range.offset; at < range.offset + range.length; at += BLOCK_BYTES) {
        const end = Math.min(at + BLOCK_BYTES, range.offset + range.length);
        await this.#write(at, end);
        copied += end - at;
        this.#report('COPYING', copied, 0);
      }
    }
    for (let at = sourceSizeBytes; at < targetSizeBytes; at += BLOCK_BYTES)
      await this.#write(at, Math.min(at + BLOCK_BYTES, targetSizeBytes));
    await around('flush', targetLunID, () => disk.flush(targetLunID));
    if (corruptChunk !== undefined) this.#corrupt();
    if (!verify) return { writtenBytes: this.#written, sourceDigest: '', targetDigest: '', sourceChunkDigests: [] };
    await this.#options.wait(this.#options.blockMs);
    this.#check();
    this.#report('VERIFYING', copied, sourceSizeBytes);
    return this.#digests();
  }

  #digests(): CopyResult {
    const { sourceLunID, targetLunID, sourceSizeBytes } = this.#job;
    const source = this.#options.disk.read(sourceLunID).subarray(0, sourceSizeBytes);
    const target = this.#options.disk.read(targetLunID).subarray(0, sourceSizeBytes);
    return {
      writtenBytes: this.#written,
      sourceDigest: digestOf(source),
      targetDigest: digestOf(target),
      sourceChunkDigests: chunkDigests(source),
    };
  }

  async #write(begin: number, end: number): Promise<void> {
    const { sourceLunID, targetLunID, sourceSizeBytes } = this.#job;
    const { around, disk, wait, onCopyWrite, blockMs } = this.#options;
    await wait(blockMs);
    while (this.#isPaused && !this.#isCancelled) await new Promise<void>((resolve) => this.#resumed.push(resolve));
    this.#check();
    const bytes = Buffer.alloc(end - begin);
    if (begin < sourceSizeBytes) disk.read(sourceLunID).copy(bytes, 0, begin, end);
    await around('block', targetLunID, () => {
      onCopyWrite(targetLunID);
      disk.write(targetLunID, begin, bytes);
    });
    this.#written += bytes.length;
  }

  #corrupt(): void {
    const { targetLunID } = this.#job;
    const first = Buffer.from(this.#options.disk.read(targetLunID).subarray(0, 1));
    first.writeUInt8(first.readUInt8() ^ 0xff);
    this.#options.disk.write(targetLunID, 0, first);
    this.#options.disk.flush(targetLunID);
  }

  #check(): void {
    if (this.#isCancelled) throw new CopyCancelledError();
  }

  #report(step: CopyProgress['step'], copiedBytes: number, verifiedBytes: number): void {
    this.#onProgress({ step, copiedBytes, writtenBytes: this.#written, verifiedBytes });
  }
}
