/** A LUN file keeps its bytes, its holes and its size; a clone is complete or absent. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CopyCancelledError, OutOfSpaceError } from '../../../src/simulator/blocks/copier.ts';
import { cloneLunFile, createLunFile, deleteLunFile, openLunFile } from '../../../src/simulator/blocks/lun-file.ts';
import { allocatedBytes, bytesOf, lunDirectory, lunWith, MiB, sameBytes } from './lun-fixture.ts';

describe('a LUN file', () => {
  it('gives back what was written, zeros elsewhere, and takes blocks only for data', async () => {
    await using directory = await lunDirectory();
    await using lun = await createLunFile(join(directory.path, 'lun'), 1024 * MiB);
    expect(await lun.allocatedBytes()).toBe(0);
    await lun.write(500 * MiB, bytesOf(MiB, 1));
    await lun.flush();

    await using again = await openLunFile(lun.path);
    expect(again.sizeBytes).toBe(1024 * MiB);
    expect(Buffer.from(await again.read(500 * MiB, MiB)).equals(bytesOf(MiB, 1))).toBe(true);
    expect(Buffer.from(await again.read(499 * MiB, MiB)).equals(Buffer.alloc(MiB))).toBe(true);
    expect(await again.dataExtents(0, 1024 * MiB)).toEqual([{ offset: 500 * MiB, length: MiB }]);
    expect(await again.allocatedBytes()).toBeLessThan(2 * MiB);
  });

  it('frees blocks where a hole is punched, also between block boundaries', async () => {
    await using directory = await lunDirectory();
    await using lun = await openLunFile(
      await lunWith(join(directory.path, 'lun'), 4 * MiB, [{ offset: 0, length: 4 * MiB, seed: 1 }]),
    );
    await lun.punchHole(MiB + 512, 2 * MiB);
    const wanted = bytesOf(4 * MiB, 1).fill(0, MiB + 512, 3 * MiB + 512);
    expect(Buffer.from(await lun.read(0, 4 * MiB)).equals(wanted)).toBe(true);
    expect(await lun.allocatedBytes()).toBeLessThanOrEqual(2 * MiB + 64 * 1024);
  });

  it('forgets what was cut off when it shrinks and grows again', async () => {
    await using directory = await lunDirectory();
    await using lun = await openLunFile(
      await lunWith(join(directory.path, 'lun'), 2 * MiB, [{ offset: 0, length: 2 * MiB, seed: 1 }]),
    );
    await lun.resize(MiB + 512);
    await lun.resize(2 * MiB);
    const wanted = bytesOf(2 * MiB, 1).fill(0, MiB + 512);
    expect(Buffer.from(await lun.read(0, 2 * MiB)).equals(wanted)).toBe(true);
  });

  it('refuses what lies outside of it, a size that is no multiple of 512, and a path that is taken', async () => {
    await using directory = await lunDirectory();
    await using lun = await createLunFile(join(directory.path, 'lun'), MiB);
    await expect(lun.write(MiB - 1, Buffer.alloc(2))).rejects.toThrow(RangeError);
    await expect(lun.read(-1, 1)).rejects.toThrow(RangeError);
    await expect(lun.resize(1000)).rejects.toThrow(RangeError);
    await expect(createLunFile(lun.path, MiB)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('is gone after deleting, which may be repeated', async () => {
    await using directory = await lunDirectory();
    const path = await lunWith(join(directory.path, 'lun'), MiB, []);
    await deleteLunFile(path);
    await deleteLunFile(path);
    expect(await readdir(directory.path)).toEqual([]);
  });
});

describe('a clone where blocks cannot be shared', () => {
  const sparse = [
    { offset: 3 * MiB, length: MiB, seed: 1 },
    { offset: 40 * MiB, length: 512, seed: 2 },
  ];

  it('has the bytes and the holes of its source, and leaves no other name behind', async () => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), 64 * MiB, sparse);
    const target = join(directory.path, 'target');
    await cloneLunFile(source, target);
    expect(await sameBytes(source, target)).toBe(true);
    expect(await allocatedBytes(target)).toBeLessThanOrEqual(2 * MiB);
    expect(await readdir(directory.path)).toEqual(['source', 'target']);
  });

  it('never replaces an existing file', async () => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), MiB, []);
    const target = await lunWith(join(directory.path, 'target'), MiB, [{ offset: 0, length: MiB, seed: 3 }]);
    await expect(cloneLunFile(source, target)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await sameBytes(source, target)).toBe(false);
    expect(await readdir(directory.path)).toEqual(['source', 'target']);
  });

  it('is absent when it was aborted or found no room', async () => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), 64 * MiB, sparse);
    const target = join(directory.path, 'target');
    await expect(cloneLunFile(source, target, { signal: AbortSignal.abort() })).rejects.toThrow(CopyCancelledError);
    await expect(cloneLunFile(source, target, { maxAllocateBytes: 4096 })).rejects.toThrow(OutOfSpaceError);
    expect(await readdir(directory.path)).toEqual(['source']);
  });
});
