/**
 * The host path: what a host reads from and writes to a LUN, through the array.
 */
import { createCipheriv, createHash } from 'node:crypto';
import type { ArrayParts } from '../array-parts.ts';
import { freeBytes } from '../array-parts.ts';
import { markedGranules } from '../state/granules.ts';
import { admitHostWrite, readFault } from '../state/host.ts';
import type { LunRecord } from '../state/records.ts';
import { isRefused, type Refused, refused, unknownLun } from '../state/refused.ts';

const fillPieceBytes = 1024 * 1024;

/** A range of a LUN. */
export type LunRange = { readonly lunID: string; readonly offset: number; readonly length: number };

/** Writes bytes. Where it went is recorded durably before the first byte is written. */
export async function writeRange(
  parts: ArrayParts,
  write: { readonly lunID: string; readonly offset: number; readonly data: Uint8Array },
): Promise<LunRecord | Refused> {
  const range = { lunID: write.lunID, offset: write.offset, length: write.data.length };
  using _pass = await parts.gates.share(write.lunID);
  const admitted = await parts.committed.update((state) =>
    admitHostWrite(state, {
      ...range,
      isMarked: (epoch) => parts.committed.marks.isMarked({ lunID: write.lunID, ...markedGranules(range), epoch }),
    }),
  );
  if (isRefused(admitted)) {
    return admitted;
  }
  const free = freeBytes(parts, admitted.pool);
  if (free < write.data.length && (await newBytes(parts, range)) > free) {
    return refused({
      reason: 'VSS_E_INSUFFICIENT_STORAGE',
      message: `Pool ${admitted.pool} has ${Math.max(0, free)} bytes left.`,
      remedy: 'Free room in the pool or enlarge it.',
      lunID: write.lunID,
    });
  }
  await using file = await parts.files.open(write.lunID);
  await file.write(write.offset, write.data);
  parts.journal.hostWriteBytes += write.data.length;
  return admitted;
}

/** Reads bytes. */
export async function readRange(parts: ArrayParts, range: LunRange): Promise<Uint8Array | Refused> {
  const fault = readFault(parts.committed.state, range);
  if (fault !== undefined) {
    return fault;
  }
  await using file = await parts.files.open(range.lunID);
  const data = await file.read(range.offset, range.length);
  parts.journal.hostReadBytes += data.length;
  return data;
}

/** Fills a range (length 0: to the end) with `patternBytes`; returns how many bytes were written. */
export async function fillPattern(
  parts: ArrayParts,
  fill: LunRange & { readonly seed: string; readonly signal: AbortSignal },
): Promise<number | Refused> {
  const lun = parts.committed.state.luns.get(fill.lunID);
  if (lun === undefined) {
    return unknownLun(fill.lunID);
  }
  const length = fill.length === 0 ? Math.max(0, lun.sizeBytes - fill.offset) : fill.length;
  const end = fill.offset + length;
  for (let offset = fill.offset; offset < end; offset += fillPieceBytes) {
    fill.signal.throwIfAborted();
    const data = patternBytes(fill.seed, offset, Math.min(fillPieceBytes, end - offset));
    const written = await writeRange(parts, { lunID: fill.lunID, offset, data });
    if (isRefused(written)) {
      return written;
    }
  }
  await using file = await parts.files.open(fill.lunID);
  await file.flush();
  return length;
}

/** Bytes that look random and depend on seed and position only: the key stream of AES-128 in counter mode. */
export function patternBytes(seed: string, offset: number, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(Math.floor(offset / 16)), 8);
  const skipped = offset % 16;
  const cipher = createCipheriv('aes-128-ctr', key, counter);
  return cipher.update(Buffer.alloc(skipped + length)).subarray(skipped);
}

/** How many bytes of a range have no blocks yet. */
async function newBytes(parts: ArrayParts, range: LunRange): Promise<number> {
  await using file = await parts.files.open(range.lunID);
  const extents = await file.dataExtents(range.offset, range.length);
  return range.length - extents.reduce((sum, extent) => sum + extent.length, 0);
}
