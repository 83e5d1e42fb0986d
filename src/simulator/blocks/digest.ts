/**
 * The digest of a LUN's bytes: SHA-256 over the concatenated raw SHA-256s of its 4 MiB chunks. Chunks let holes, caches and
 * several workers take part without reading everything in order.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Extent, scanRegions } from './region-scan.ts';
import { runBlockTask } from './worker-pool.ts';

/** Bytes per chunk: 4 MiB. The last chunk of a LUN may be shorter. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

const zeroDigests = new Map<number, string>();

/** The lower-case hex SHA-256 of a chunk of `length` zero bytes (a whole chunk by default), computed once per length. */
export function zeroChunkDigest(length: number = CHUNK_BYTES): string {
  const known = zeroDigests.get(length);
  if (known !== undefined) {
    return known;
  }
  const digest = createHash('sha256').update(Buffer.alloc(length)).digest('hex');
  // Only the whole chunk and a few tails occur; the map must not grow with the number of LUN sizes ever seen.
  if (zeroDigests.size >= 16) {
    zeroDigests.clear();
  }
  zeroDigests.set(length, digest);
  return digest;
}

/** The digest of a LUN from the hex SHA-256s of its chunks, in order. No chunk at all gives SHA-256 of nothing. */
export function digestOfChunks(chunkDigests: readonly string[]): string {
  const hash = createHash('sha256');
  for (const digest of chunkDigests) {
    hash.update(digest, 'hex');
  }
  return hash.digest('hex');
}

/** How many chunks a LUN of this size has; the last may be short. */
export function chunkCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / CHUNK_BYTES);
}

/** The digests that a LUN without any data has, one per chunk: what a scan starts from, since it visits only data. */
export function zeroChunkDigests(sizeBytes: number): string[] {
  const digests = Array.from({ length: chunkCount(sizeBytes) }, () => zeroChunkDigest());
  const tailBytes = sizeBytes % CHUNK_BYTES;
  if (tailBytes !== 0) {
    digests[digests.length - 1] = zeroChunkDigest(tailBytes);
  }
  return digests;
}

/**
 * The digest of bytes [0, sizeBytes) of the file, computed in worker threads; holes are not read.
 * Rejects with the system's error when the file cannot be opened, and with a BlockTaskError when it cannot be read or is
 * shorter than `sizeBytes`.
 */
export async function digestFile(path: string, sizeBytes: number): Promise<string> {
  await using file = await open(path, 'r');
  const digests = zeroChunkDigests(sizeBytes);
  const { size } = await file.stat();
  if (size < sizeBytes) {
    throw new RangeError(`${path} has ${size} bytes, but the digest of ${sizeBytes} was asked for`);
  }
  await scanRegions({
    fds: [file.fd],
    range: { offset: 0, length: sizeBytes },
    pieceBytes: () => 4 * CHUNK_BYTES,
    admit: async () => {},
    skipped: () => {},
    work: async (region: Extent) => {
      const reply = await runBlockTask({ kind: 'digest', fd: file.fd, region });
      for (const [index, digest] of reply.digests.entries()) {
        digests[region.offset / CHUNK_BYTES + index] = digest;
      }
    },
  });
  return digestOfChunks(digests);
}
