/** LUN files with known bytes in a directory of their own, and an independent way to read and digest them. */
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopyJob } from '../../../src/simulator/blocks/copier.ts';
import { createLunFile } from '../../../src/simulator/blocks/lun-file.ts';

export const MiB = 1024 * 1024;

/** A part of a LUN that is written; what no part covers stays a hole. */
export type Part = { readonly offset: number; readonly length: number; readonly seed: number };

/** A directory that is removed at the end. */
export type LunDirectory = { readonly path: string; [Symbol.asyncDispose](): Promise<void> };

/** Makes a directory below `parent`, by default where the system keeps temporary files. */
export async function lunDirectory(parent: string = tmpdir()): Promise<LunDirectory> {
  const path = await mkdtemp(join(parent, 'luns-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Bytes that differ from seed to seed and from place to place; seed 0 gives zeros that are written nevertheless. */
export function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (seed === 0) {
    return bytes;
  }
  const block = createHash('sha512').update(String(seed)).digest();
  for (let offset = 0; offset < length; offset += block.length) {
    block.writeUInt32LE(offset / block.length, 0);
    block.copy(bytes, offset);
  }
  return bytes;
}

/** Creates a LUN file with these parts, flushed; returns its path. */
export async function lunWith(path: string, sizeBytes: number, parts: readonly Part[]): Promise<string> {
  await using lun = await createLunFile(path, sizeBytes);
  for (const part of parts) {
    await lun.write(part.offset, bytesOf(part.length, part.seed));
  }
  await lun.flush();
  return path;
}

/** A job without limits from one file to another, both as large as they are. */
export async function jobFor(source: string, target: string, rest: Partial<CopyJob> = {}): Promise<CopyJob> {
  return {
    source,
    target,
    sourceSizeBytes: (await stat(source)).size,
    targetSizeBytes: (await stat(target)).size,
    verify: true,
    maxBytesPerSecond: 0,
    maxAllocateBytes: Number.POSITIVE_INFINITY,
    ...rest,
  };
}

/** The digest as the array's contract words it, computed from the bytes in the plainest way. */
export function plainDigest(bytes: Uint8Array): string {
  const whole = createHash('sha256');
  for (let offset = 0; offset < bytes.length; offset += 4 * MiB) {
    whole.update(
      createHash('sha256')
        .update(bytes.subarray(offset, offset + 4 * MiB))
        .digest(),
    );
  }
  return whole.digest('hex');
}

/** Whether two files have the same bytes. */
export async function sameBytes(one: string, other: string): Promise<boolean> {
  return (await readFile(one)).equals(await readFile(other));
}

/** Bytes of blocks that a file takes. */
export async function allocatedBytes(path: string): Promise<number> {
  await using file = await open(path, 'r');
  return (await file.stat()).blocks * 512;
}
