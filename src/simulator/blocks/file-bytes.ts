/**
 * Synchronous reading and writing of whole ranges, and where a file has data. For worker threads only: every call may
 * wait for the disk.
 */
import { readSync, writeSync } from 'node:fs';
import { punchHoleSync, seekSync } from './linux.ts';
import type { Extent } from './region-scan.ts';

/** The granularity in which zeros and differences are looked for, and of what is written because of them. */
export const CELL_BYTES = 64 * 1024;

/** Bytes per system call when writing: ext4 holds the file's lock for one call, and the other worker waits for it. */
const WRITE_BYTES = 128 * 1024;

const ZEROS = Buffer.alloc(CELL_BYTES);

/** An I/O error with the file and the byte offset that it belongs to. */
export class BlockIoError extends Error {
  override readonly name = 'BlockIoError';
  readonly file: 'source' | 'target';
  readonly offset: number;
  readonly code: string;

  constructor(place: { readonly file: 'source' | 'target'; readonly offset: number; readonly cause: unknown }) {
    super(place.cause instanceof Error ? place.cause.message : String(place.cause), { cause: place.cause });
    this.file = place.file;
    this.offset = place.offset;
    this.code = codeOf(place.cause);
  }
}

/** An open file, and which of the two it is in errors. */
export type OpenFile = { readonly fd: number; readonly file: 'source' | 'target' };

/** Fills the buffer from the file; a file that ends before that is an error. */
export function readFully(from: OpenFile, buffer: Uint8Array, offset: number): void {
  attempt(from, offset, () => {
    let done = 0;
    while (done < buffer.length) {
      const bytes = readSync(from.fd, buffer, done, buffer.length - done, offset + done);
      if (bytes === 0) {
        throw new Error(`the file ends at byte ${offset + done}, before the size that was promised`);
      }
      done += bytes;
    }
  });
}

/** Writes the whole buffer at the offset. */
export function writeFully(to: OpenFile, buffer: Uint8Array, offset: number): void {
  attempt(to, offset, () => {
    let done = 0;
    while (done < buffer.length) {
      done += writeSync(to.fd, buffer, done, Math.min(WRITE_BYTES, buffer.length - done), offset + done);
    }
  });
}

/** Where the file has data within the range, in order; undefined when the file system cannot tell. */
export function dataExtents(of: OpenFile, range: Extent): readonly Extent[] | undefined {
  return attempt(of, range.offset, () => {
    const end = range.offset + range.length;
    const extents: Extent[] = [];
    let offset = range.offset;
    while (offset < end) {
      const data = seekSync(of.fd, offset, 'data');
      if (data === undefined) {
        return undefined;
      }
      if (data >= end) {
        break;
      }
      const hole = Math.min(seekSync(of.fd, data, 'hole') ?? end, end);
      extents.push({ offset: data, length: hole - data });
      offset = hole;
    }
    return extents;
  });
}

/** What of the range the extents (in order, within it) leave out. */
export function gapsBetween(extents: readonly Extent[], range: Extent): readonly Extent[] {
  const gaps: Extent[] = [];
  let offset = range.offset;
  for (const extent of [...extents, { offset: range.offset + range.length, length: 0 }]) {
    if (extent.offset > offset) {
      gaps.push({ offset, length: extent.offset - offset });
    }
    offset = extent.offset + extent.length;
  }
  return gaps;
}

/** What of the extents (in order) lies within the range. */
export function extentsWithin(extents: readonly Extent[], range: Extent): readonly Extent[] {
  const end = range.offset + range.length;
  return extents
    .map((extent) => {
      const offset = Math.max(extent.offset, range.offset);
      return { offset, length: Math.min(extent.offset + extent.length, end) - offset };
    })
    .filter((extent) => extent.length > 0);
}

/** Runs of cells for which `matches` holds, as extents of the range; neighbours are merged, the last cell may be short. */
export function runsOfCells(range: Extent, matches: (cell: Extent) => boolean): readonly Extent[] {
  const runs: { offset: number; length: number }[] = [];
  const end = range.offset + range.length;
  for (let offset = range.offset; offset < end; offset += CELL_BYTES) {
    const cell = { offset, length: Math.min(CELL_BYTES, end - offset) };
    if (!matches(cell)) {
      continue;
    }
    const last = runs.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      last.length += cell.length;
    } else {
      runs.push(cell);
    }
  }
  return runs;
}

/** Whether a cell's bytes (at most CELL_BYTES) are all zero. */
export function isZero(cell: Uint8Array): boolean {
  return ZEROS.subarray(0, cell.length).equals(cell);
}

/** Makes the range read as zeros: as a hole, or by writing zeros where the file system cannot punch one. */
export function zeroRange(of: OpenFile, range: Extent): { readonly writtenBytes: number } {
  if (attempt(of, range.offset, () => punchHoleSync(of.fd, range.offset, range.length))) {
    return { writtenBytes: 0 };
  }
  let writtenBytes = 0;
  const buffer = Buffer.alloc(CELL_BYTES);
  const end = range.offset + range.length;
  for (let offset = range.offset; offset < end; offset += CELL_BYTES) {
    const cell = buffer.subarray(0, Math.min(CELL_BYTES, end - offset));
    readFully(of, cell, offset);
    // What reads as zeros already may be a hole: writing it would take blocks.
    if (!isZero(cell)) {
      cell.fill(0);
      writeFully(of, cell, offset);
      writtenBytes += cell.length;
    }
  }
  return { writtenBytes };
}

/** Runs the call; what it throws is rethrown with the file and the offset. */
export function attempt<Result>(on: OpenFile, offset: number, call: () => Result): Result {
  try {
    return call();
  } catch (cause) {
    throw cause instanceof BlockIoError ? cause : new BlockIoError({ file: on.file, offset, cause });
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN';
}
