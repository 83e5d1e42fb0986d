/** The digest of a LUN is what the array's contract says it is. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CHUNK_BYTES, digestFile, digestOfChunks, zeroChunkDigest } from '../../../src/simulator/blocks/digest.ts';
import { lunDirectory, lunWith, MiB, plainDigest } from './lun-fixture.ts';

it('is the SHA-256 over the SHA-256s of 4 MiB chunks, the last one short, holes included', async () => {
  await using directory = await lunDirectory();
  const sizeBytes = 25 * MiB + 512;
  const path = await lunWith(join(directory.path, 'lun'), sizeBytes, [{ offset: 9 * MiB, length: 5 * MiB, seed: 1 }]);
  const bytes = await readFile(path);
  expect(await digestFile(path, sizeBytes)).toBe(plainDigest(bytes));
  expect(await digestFile(path, 10 * MiB)).toBe(plainDigest(bytes.subarray(0, 10 * MiB)));
});

it('of a hole is a constant, and of nothing the SHA-256 of nothing', () => {
  expect(zeroChunkDigest()).toBe(createHash('sha256').update(Buffer.alloc(CHUNK_BYTES)).digest('hex'));
  expect(zeroChunkDigest(512)).toBe(createHash('sha256').update(Buffer.alloc(512)).digest('hex'));
  expect(digestOfChunks([])).toBe(createHash('sha256').digest('hex'));
});

it('is refused of more bytes than the file has', async () => {
  await using directory = await lunDirectory();
  const path = await lunWith(join(directory.path, 'lun'), MiB, []);
  await expect(digestFile(path, 2 * MiB)).rejects.toThrow(RangeError);
});
