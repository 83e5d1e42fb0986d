/** What the array needs of the machine it runs on: files, a store, time. The adapters are `blocks`, `store` and `system`. */
import type { CopyHandle, CopyJob, CopyProgress } from './blocks/copier.ts';
import type { LunFile } from './blocks/lun-file.ts';
import type { ArrayState } from './state/records.ts';
import type { Batch } from './store/batch.ts';

/** A copy between two LUNs instead of two paths. */
export type LunCopyJob = Omit<CopyJob, 'source' | 'target'> & {
  readonly sourceLunID: string;
  readonly targetLunID: string;
};

/** How a clone that has to be copied is limited and given up. */
export type LunCloneOptions = {
  readonly maxAllocateBytes: number;
  /** Whether a node may be writing to the source behind the array's back. Rejects with SourceMovedError when one is. */
  readonly isPublished: boolean;
  readonly signal?: AbortSignal;
};

/** The files that are the LUNs. What changes one is durable when it resolves, unless it says otherwise. */
export type LunFiles = {
  /** Where a node finds a LUN that is published to it. */
  readonly pathOf: (lunID: string) => string;
  /** Blocks that a LUN's file holds, in bytes; 0 when there is no file. */
  readonly allocatedBytes: (lunID: string) => number;
  /** The size of a LUN's file, in bytes. Throws when there is no file. */
  readonly fileSizeBytes: (lunID: string) => number;
  /** Removes files that no record names: what a crash left between a file and its record. */
  readonly removeStrayFiles: (state: ArrayState) => void;
  /** The LUNs whose file is missing or has another size than its record says. */
  readonly damagedLuns: (state: ArrayState) => string[];
  /** Whether clones are made at once, by sharing blocks. */
  readonly hasReflinks: () => Promise<boolean>;
  /** Makes a LUN's file, all zeros. Rejects when there is one. */
  readonly create: (lunID: string, sizeBytes: number) => Promise<void>;
  /** Makes a copy of a LUN's file, which nobody may write meanwhile; it appears complete or not at all. */
  readonly clone: (
    sourceLunID: string,
    lunID: string,
    options: LunCloneOptions,
  ) => Promise<{ readonly reflinked: boolean }>;
  /** Gives a LUN's file another size; what is added reads as zeros. */
  readonly resize: (lunID: string, sizeBytes: number) => Promise<void>;
  /** Deletes files. One that is gone already is no error. */
  readonly remove: (lunIDs: readonly string[]) => Promise<void>;
  /** For a host's reads and writes, which are durable after `flush`. */
  readonly open: (lunID: string) => Promise<LunFile>;
  /** The digest of a LUN's first bytes. */
  readonly digest: (lunID: string, sizeBytes: number) => Promise<string>;
  /** Starts a copy; see `startCopy`. */
  readonly copy: (job: LunCopyJob, onProgress: (progress: CopyProgress) => void) => CopyHandle;
};

/** The array's durable memory. */
export type ArrayStore = {
  /** Resolves when the batch is committed, in the order of the calls. */
  readonly commit: (batch: Batch) => Promise<void>;
  /** The hexadecimal SHA-256 of every chunk of a snapshot, or undefined when they are not known. */
  readonly digests: (lunID: string) => Promise<readonly string[] | undefined>;
  readonly putDigests: (lunID: string, digests: readonly string[]) => Promise<void>;
  /** Keeps a fault over restarts; `null` forgets it. */
  readonly putFault: (id: string, record: Uint8Array | null) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Time. `now` is the wall clock, in milliseconds; the rest measures durations. */
export type ArrayClock = {
  readonly now: () => number;
  /** Calls `run` again and again until the function that it returns is called. */
  readonly every: (milliseconds: number, run: () => void) => () => void;
  /** Resolves after a while, or at once when the signal aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};
