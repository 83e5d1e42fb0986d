/** The copy itself, in a worker: makes a region of the target equal to the source's, holes included, writing as little as it can. */
import { createHash } from 'node:crypto';
import { CopyControl } from './copy-control.ts';
import { CHUNK_BYTES, zeroChunkDigest } from './digest.ts';
import {
  attempt,
  CELL_BYTES,
  dataExtents,
  extentsWithin,
  gapsBetween,
  isZero,
  type OpenFile,
  readFully,
  runsOfCells,
  writeFully,
  zeroRange,
} from './file-bytes.ts';
import { cloneRangeSync, startWritebackSync } from './linux.ts';
import type { Extent } from './region-scan.ts';
import type { BlockReplies, CopyTask, ZeroTask } from './worker-tasks.ts';

/** What ext4 and XFS allocate in, as they are made by default; the allowance is counted in it. */
const ALLOCATION_UNIT_BYTES = 4096;

const sourceBytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const targetBytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);

type Copy = {
  readonly task: CopyTask;
  readonly control: CopyControl;
  readonly source: OpenFile;
  readonly target: OpenFile;
  /** Where the target had data when the task began; undefined when it cannot be known. Asked once: see DataFinder. */
  readonly targetExtents: readonly Extent[] | undefined;
  writtenBytes: number;
  comparedBytes: number;
  equalBytes: number;
  cloneWorks: boolean;
  readonly sourceDigests: (readonly [number, string])[];
};

/** Copies one region. A cancelled task stops between chunks and answers with what it did until then. */
export function copyRegion(task: CopyTask): BlockReplies['copy'] {
  const target: OpenFile = { fd: task.targetFd, file: 'target' };
  const copy: Copy = {
    task,
    control: new CopyControl(task.control),
    source: { fd: task.sourceFd, file: 'source' },
    target,
    targetExtents: task.targetEmpty ? [] : dataExtents(target, task.region),
    writtenBytes: 0,
    comparedBytes: 0,
    equalBytes: 0,
    cloneWorks: task.cloneBlockBytes > 0,
    sourceDigests: [],
  };
  for (const part of copy.cloneWorks ? shareBlocks(copy) : [task.region]) {
    for (const piece of chunksOf(part)) {
      if (!copy.control.cancelled) {
        (task.mode === 'release' ? releaseHoles : copyPiece)(copy, piece);
      }
    }
  }
  if (copy.writtenBytes > 0) {
    // The disk works while the next pieces are read and hashed; the flush at the end would find it all still to do.
    startWritebackSync(copy.target.fd, task.region.offset, task.region.length);
  }
  const { writtenBytes, comparedBytes, equalBytes, cloneWorks, sourceDigests } = copy;
  return { writtenBytes, comparedBytes, equalBytes, cloneWorks, sourceDigests };
}

/** Makes a range of the target read as zeros, leaving alone what is a hole already. */
export function zeroTarget(task: ZeroTask): BlockReplies['zero'] {
  const target: OpenFile = { fd: task.targetFd, file: 'target' };
  const control = new CopyControl(task.control);
  let writtenBytes = 0;
  for (const piece of chunksOf(task.range)) {
    if (!control.cancelled) {
      writtenBytes += release({ target, control }, piece, dataExtents(target, piece));
    }
  }
  return { writtenBytes };
}

/** The parts of a range within each chunk. */
export function* chunksOf(range: Extent): Generator<Extent> {
  const end = range.offset + range.length;
  let offset = range.offset;
  while (offset < end) {
    const next = Math.min(end, (Math.floor(offset / CHUNK_BYTES) + 1) * CHUNK_BYTES);
    yield { offset, length: next - offset };
    offset = next;
  }
}

/** Shares the aligned part's blocks if the file system can; returns the parts that are left to be copied byte by byte. */
function shareBlocks(copy: Copy): readonly Extent[] {
  const { region, cloneBlockBytes } = copy.task;
  const start = Math.ceil(region.offset / cloneBlockBytes) * cloneBlockBytes;
  const end = Math.floor((region.offset + region.length) / cloneBlockBytes) * cloneBlockBytes;
  if (end <= start || copy.control.cancelled) {
    return [region];
  }
  const aligned = { offset: start, length: end - start };
  const dataBytes = bytesIn(dataExtents(copy.source, aligned) ?? [aligned]);
  // Shared blocks count for every file that has them, in the file system's numbers as well as in the array's pools.
  const allocated = copy.control.limited ? dataBytes - bytesIn(extentsWithin(copy.targetExtents ?? [], aligned)) : 0;
  copy.cloneWorks = attempt(copy.target, start, () => shareWithin(copy, aligned, allocated));
  if (!copy.cloneWorks) {
    return [region];
  }
  copy.writtenBytes += dataBytes;
  return gapsBetween([aligned], region);
}

/**
 * Shares the blocks on account of the allowance. What was taken is given back if nothing was shared, since the copy by bytes
 * takes it anew; what sharing frees is credited only when it is free, since another worker may use it at once.
 */
function shareWithin(copy: Copy, aligned: Extent, allocated: number): boolean {
  const taken = Math.max(0, allocated);
  copy.control.allocate(taken);
  let shared = false;
  try {
    shared = cloneRangeSync(copy.source.fd, copy.target.fd, aligned.offset, aligned.length);
  } finally {
    copy.control.allocate(shared ? allocated - taken : -taken);
  }
  return shared;
}

/** Frees what is a hole on the source; nothing where the file system cannot tell, since finding zeros would mean reading. */
function releaseHoles(copy: Copy, piece: Extent): void {
  const extents = dataExtents(copy.source, piece);
  for (const gap of extents === undefined ? [] : gapsBetween(extents, piece)) {
    copy.writtenBytes += release(copy, gap, copy.targetExtents);
  }
}

function copyPiece(copy: Copy, piece: Extent): void {
  const extents = readSource(copy, piece);
  const onTarget = copy.targetExtents && extentsWithin(copy.targetExtents, piece);
  if (copy.task.hash && isWholeChunk(copy, piece)) {
    const bytes = sourceBytes.subarray(0, piece.length);
    const digest =
      extents.length === 0 ? zeroChunkDigest(piece.length) : createHash('sha256').update(bytes).digest('hex');
    copy.sourceDigests.push([piece.offset / CHUNK_BYTES, digest]);
  }
  for (const gap of gapsBetween(extents, piece)) {
    copy.writtenBytes += release(copy, gap, onTarget);
  }
  for (const extent of extents) {
    for (const part of partsToWrite(copy, extent, piece, onTarget)) {
      reserve(copy, part, onTarget ?? []);
      const start = part.offset - piece.offset;
      writeFully(copy.target, sourceBytes.subarray(start, start + part.length), part.offset);
      copy.writtenBytes += part.length;
    }
  }
}

/** Fills the source buffer with the piece's data, and with zeros in its holes if it is hashed; returns where the data is. */
function readSource(copy: Copy, piece: Extent): readonly Extent[] {
  const extents = dataExtents(copy.source, piece);
  if (extents === undefined) {
    readFully(copy.source, sourceBytes.subarray(0, piece.length), piece.offset);
    return runsOfCells(piece, (cell) => !isZero(view(sourceBytes, cell, piece)));
  }
  // Only the digest looks at the holes; in a sparse LUN filling them would cost more than the copy.
  for (const gap of copy.task.hash ? gapsBetween(extents, piece) : []) {
    view(sourceBytes, gap, piece).fill(0);
  }
  for (const extent of extents) {
    readFully(copy.source, view(sourceBytes, extent, piece), extent.offset);
  }
  return extents;
}

/** Which parts of a data extent must be written: all of it, or where the target's data differs and where it has none. */
function partsToWrite(
  copy: Copy,
  extent: Extent,
  piece: Extent,
  onTarget: readonly Extent[] | undefined,
): readonly Extent[] {
  if (copy.task.mode === 'write') {
    return [extent];
  }
  const comparable = onTarget === undefined ? [extent] : extentsWithin(onTarget, extent);
  const parts: Extent[] = [...gapsBetween(comparable, extent)];
  for (const common of comparable) {
    parts.push(...differences(copy, common, piece));
  }
  return parts;
}

function differences(copy: Copy, extent: Extent, piece: Extent): readonly Extent[] {
  const differs = (cell: Extent): boolean => !view(targetBytes, cell, piece).equals(view(sourceBytes, cell, piece));
  copy.comparedBytes += extent.length;
  if (copy.task.mode === 'probe') {
    // Blocks that were written anew mostly differ in their first bytes: then the rest need not be read to be written.
    const first = { offset: extent.offset, length: Math.min(CELL_BYTES, extent.length) };
    readFully(copy.target, view(targetBytes, first, piece), first.offset);
    if (differs(first)) {
      return [extent];
    }
  }
  readFully(copy.target, view(targetBytes, extent, piece), extent.offset);
  const runs = runsOfCells(extent, differs);
  copy.equalBytes += extent.length - bytesIn(runs);
  return runs;
}

/** Turns the range of the target into a hole where it is none; returns the zeros that had to be written instead. */
function release(
  copy: Pick<Copy, 'target' | 'control'>,
  range: Extent,
  onTarget: readonly Extent[] | undefined,
): number {
  const extents = onTarget && extentsWithin(onTarget, range);
  let writtenBytes = 0;
  for (const extent of extents ?? [range]) {
    const zeroed = zeroRange(copy.target, extent);
    writtenBytes += zeroed.writtenBytes;
    if (copy.control.limited && extents !== undefined && zeroed.writtenBytes === 0) {
      copy.control.allocate(-wholeUnits(extent));
    }
  }
  return writtenBytes;
}

/** Takes the blocks that writing the part will allocate from the copy's allowance. */
function reserve(copy: Copy, part: Extent, onTarget: readonly Extent[]): void {
  if (!copy.control.limited) {
    return;
  }
  const bytes = gapsBetween(extentsWithin(onTarget, part), part).reduce((sum, gap) => sum + touchedUnits(gap), 0);
  attempt(copy.target, part.offset, () => copy.control.allocate(bytes));
}

function isWholeChunk(copy: Copy, piece: Extent): boolean {
  const end = piece.offset + piece.length;
  return piece.offset % CHUNK_BYTES === 0 && (piece.length === CHUNK_BYTES || end === copy.task.sourceSizeBytes);
}

function view(buffer: Buffer, part: Extent, piece: Extent): Buffer {
  const start = part.offset - piece.offset;
  return buffer.subarray(start, start + part.length);
}

function bytesIn(extents: readonly Extent[]): number {
  return extents.reduce((sum, extent) => sum + extent.length, 0);
}

function touchedUnits(extent: Extent): number {
  const unit = ALLOCATION_UNIT_BYTES;
  return (Math.ceil((extent.offset + extent.length) / unit) - Math.floor(extent.offset / unit)) * unit;
}

function wholeUnits(extent: Extent): number {
  const unit = ALLOCATION_UNIT_BYTES;
  return Math.max(0, Math.floor((extent.offset + extent.length) / unit) - Math.ceil(extent.offset / unit)) * unit;
}
