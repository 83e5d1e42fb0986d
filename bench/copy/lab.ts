// An array without Kubernetes, with LUNs to copy: what the times of copies are measured on.
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArrayProcess, startArray } from '../../test/support/array.ts';
import { MIB, type Sizes } from '../options.ts';
import { type BenchContext, NotMeasurable } from '../report.ts';

/** A minute and more for what takes seconds on a quiet machine. */
const SLOW_CALL = { timeoutMs: 600_000 } as const;
const FILL_BYTES = 64 * MIB;
/** How much of a LUN's size one lab needs: volumes, snapshots, safety snapshots, the file that cp makes. */
const ROOM_IN_LUNS = 9;

/** A volume of the array with a snapshot of it; `path` is the volume's file, for cp. */
export type Source = { readonly volume: string; readonly snapshot: string; readonly path: string };

export type Lab = AsyncDisposable & {
  readonly array: ArrayProcess;
  /** For files beside those of the array, on the same file system. */
  readonly folder: string;
  readonly lunBytes: number;
};

/** What a LUN holds: all of it, or the given ranges. */
export type Content = { readonly id: string; readonly seed: string; readonly ranges?: readonly Range[] };

export type Range = { readonly offset: number; readonly length: number };

/** Starts an array whose data are in the context's folder. Throws NotMeasurable when there is too little room. */
export async function openLab({ folder, sizes }: BenchContext<Sizes>): Promise<Lab> {
  const { bavail, bsize } = await statfs(folder);
  const needed = ROOM_IN_LUNS * sizes.lunBytes;
  if (bavail * bsize < needed)
    throw new NotMeasurable(`${folder} has ${toMiB(bavail * bsize)} MiB free and ${toMiB(needed)} MiB are needed.`);
  const dataDirectory = join(folder, 'array');
  await mkdir(dataDirectory);
  const array = await startArray({ dataDirectory });
  // Much larger than the disk: what is measured is not the array's own accounting at its limit.
  await array.admin.createPool({ name: 'pool', capacityBytes: BigInt(64 * sizes.lunBytes) });
  return { array, folder, lunBytes: sizes.lunBytes, [Symbol.asyncDispose]: () => array[Symbol.asyncDispose]() };
}

/** Makes a volume that reads as zeros. */
export async function makeVolume({ array, lunBytes }: Lab, id: string): Promise<void> {
  await array.admin.createLun({ id, pool: 'pool', sizeBytes: BigInt(lunBytes) });
}

/** Fills a LUN, or ranges of it, with bytes that depend on the seed. */
export async function fill({ array, lunBytes }: Lab, { id, seed, ranges }: Content): Promise<void> {
  for (const { offset, length } of ranges ?? piecesOf(lunBytes))
    await array.admin.fillPattern({ lunId: id, offset: BigInt(offset), length: BigInt(length), seed }, SLOW_CALL);
}

/** Takes a snapshot; where blocks cannot be shared that is a copy. */
export async function takeSnapshot({ array }: Lab, volume: string, id: string): Promise<void> {
  await array.admin.snapshot({ lunId: volume, id }, SLOW_CALL);
}

/** Makes a volume with the content and a snapshot of it. */
export async function makeSource(lab: Lab, content: Content): Promise<Source> {
  const { id } = content;
  const snapshot = `${id}-snapshot`;
  await makeVolume(lab, id);
  await fill(lab, content);
  const path = await forgetWrites(lab, id);
  await takeSnapshot(lab, id, snapshot);
  return { volume: id, snapshot, path };
}

/** Has a node use a volume for a moment: from now on the array cannot know what was written to it. Gives its path. */
export async function forgetWrites({ array }: Lab, lunId: string): Promise<string> {
  const { path } = await array.admin.publish({ lunId, node: 'node' });
  await array.admin.unpublish({ lunId, node: 'node' });
  return path;
}

function* piecesOf(sizeBytes: number): Generator<Range> {
  for (let offset = 0; offset < sizeBytes; offset += FILL_BYTES)
    yield { offset, length: Math.min(FILL_BYTES, sizeBytes - offset) };
}

function toMiB(bytes: number): number {
  return Math.round(bytes / MIB);
}
