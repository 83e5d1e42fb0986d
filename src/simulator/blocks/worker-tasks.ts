/** The messages between the main thread and the block workers: every task is small, bounded and leaves no state behind. */
import type { Extent, Region } from './region-scan.ts';

/**
 * How a copy treats target blocks that hold data: overwrite; skip equal ones; decide by the first bytes of each chunk; or
 * only free what is a hole on the source.
 */
export type CopyMode = 'write' | 'compare' | 'probe' | 'release';

/** Where source and target have data: chunk-aligned regions, and how far the file was looked at. */
export type MapTask = {
  readonly kind: 'map';
  readonly fds: readonly number[];
  readonly range: Extent;
  readonly maxRegions: number;
};

/** Makes the target's bytes of a region equal to the source's. */
export type CopyTask = {
  readonly kind: 'copy';
  readonly sourceFd: number;
  readonly targetFd: number;
  readonly sourceSizeBytes: number;
  readonly region: Extent;
  /** The target is known to be one hole there: it need not be asked, and nothing can be compared or freed. */
  readonly targetEmpty: boolean;
  readonly mode: CopyMode;
  readonly hash: boolean;
  /** Block size of a file system that may share blocks, 0 when it is known that it cannot. */
  readonly cloneBlockBytes: number;
  readonly control: SharedArrayBuffer;
};

/** Makes a range of the target read as zeros. */
export type ZeroTask = {
  readonly kind: 'zero';
  readonly targetFd: number;
  readonly range: Extent;
  readonly control: SharedArrayBuffer;
};

/** Reads source and target back and gives both digests of every chunk of a chunk-aligned region. */
export type VerifyTask = {
  readonly kind: 'verify';
  readonly sourceFd: number;
  readonly targetFd: number;
  readonly region: Extent;
  /** Per chunk of the region; '' where the source's digest is not yet known. */
  readonly knownSourceDigests: readonly string[];
  readonly control: SharedArrayBuffer;
};

/** The digest of every chunk of a chunk-aligned region of one file. */
export type DigestTask = { readonly kind: 'digest'; readonly fd: number; readonly region: Extent };

export type BlockTask = MapTask | CopyTask | ZeroTask | VerifyTask | DigestTask;

/** What each kind of task answers. */
export type BlockReplies = {
  readonly map: { readonly regions: readonly Region[]; readonly nextOffset: number };
  readonly copy: {
    readonly writtenBytes: number;
    readonly comparedBytes: number;
    readonly equalBytes: number;
    /** False when blocks were to be shared and the file system refused: it need not be asked again. */
    readonly cloneWorks: boolean;
    /** By number of the chunk; only chunks that were read as a whole. */
    readonly sourceDigests: readonly (readonly [chunk: number, digest: string])[];
  };
  readonly zero: { readonly writtenBytes: number };
  readonly verify: { readonly sourceDigests: readonly string[]; readonly targetDigests: readonly string[] };
  readonly digest: { readonly digests: readonly string[] };
};

/** How a failed task crosses the thread boundary: errors themselves lose their class on the way. */
export type BlockFailure = {
  readonly code: string;
  readonly message: string;
  readonly file: 'source' | 'target';
  readonly offset: number;
};

/** What is posted to a worker, and what comes back. */
export type BlockRequest = { readonly id: number; readonly task: BlockTask };
export type BlockResponse =
  | { readonly id: number; readonly ok: true; readonly reply: BlockReplies[keyof BlockReplies] }
  | { readonly id: number; readonly ok: false; readonly failure: BlockFailure };
