/** Where the file system shares blocks, clones and copies share them instead of moving bytes. */
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutOfSpaceError, startCopy } from '../../../src/simulator/blocks/copier.ts';
import { cloneLunFile, openLunFile } from '../../../src/simulator/blocks/lun-file.ts';
import { jobFor, lunWith, MiB, plainDigest, sameBytes } from './lun-fixture.ts';
import { type Mounted, mountXfs } from './mounted-file-system.ts';

let xfs: Mounted;

beforeAll(async () => {
  xfs = await mountXfs();
});

afterAll(async () => {
  await xfs[Symbol.asyncDispose]();
});

describe('on XFS', () => {
  it('a clone shares all blocks and is a point in time: later writes to either do not show in the other', async () => {
    const source = await lunWith(join(xfs.path, 'a'), 64 * MiB, [{ offset: 0, length: 64 * MiB, seed: 1 }]);
    const before = await usedBytes();
    const target = join(xfs.path, 'a-clone');
    expect(await cloneLunFile(source, target)).toEqual({ reflinked: true });
    expect((await usedBytes()) - before).toBeLessThan(8 * MiB);
    expect(await sameBytes(source, target)).toBe(true);

    const wanted = await readFile(target);
    await using lun = await openLunFile(source);
    await lun.write(MiB, Buffer.alloc(MiB, 7));
    expect((await readFile(target)).equals(wanted)).toBe(true);
  });

  it('a copy shares the aligned blocks, copies the rest, and is verified all the same', async () => {
    const sizeBytes = 48 * MiB + 1536;
    const source = await lunWith(join(xfs.path, 'b'), sizeBytes, [
      { offset: 0, length: 20 * MiB, seed: 1 },
      { offset: 40 * MiB + 512, length: 8 * MiB + 1024, seed: 2 },
    ]);
    const target = await lunWith(join(xfs.path, 'b-target'), sizeBytes + MiB, [
      { offset: 0, length: sizeBytes + MiB, seed: 3 },
    ]);
    const before = await usedBytes();

    const result = await startCopy(await jobFor(source, target, { sourceSizeBytes: sizeBytes }), () => {}).done;

    const found = await readFile(target);
    expect(found.subarray(0, sizeBytes).equals(await readFile(source))).toBe(true);
    expect(found.subarray(sizeBytes).equals(Buffer.alloc(MiB))).toBe(true);
    expect(result.targetDigest).toBe(plainDigest(await readFile(source)));
    expect(result.sourceDigest).toBe(result.targetDigest);
    // The target's own blocks were given back and the source's are shared.
    expect((await usedBytes()) - before).toBeLessThan(-40 * MiB);
  });

  it('a copy of ranges that are not aligned touches only them', async () => {
    const source = await lunWith(join(xfs.path, 'c'), 16 * MiB, [{ offset: 0, length: 16 * MiB, seed: 1 }]);
    const target = await lunWith(join(xfs.path, 'c-target'), 16 * MiB, [{ offset: 0, length: 16 * MiB, seed: 2 }]);
    const wanted = await readFile(target);
    const range = { offset: MiB + 512, length: 3 * MiB };
    await startCopy(await jobFor(source, target, { ranges: [range], verify: false }), () => {}).done;
    (await readFile(source)).copy(wanted, range.offset, range.offset, range.offset + range.length);
    expect((await readFile(target)).equals(wanted)).toBe(true);
  });

  it('shared blocks count against what the copy may allocate', async () => {
    const source = await lunWith(join(xfs.path, 'd'), 16 * MiB, [{ offset: 0, length: 16 * MiB, seed: 1 }]);
    const target = await lunWith(join(xfs.path, 'd-target'), 16 * MiB, []);
    const copy = startCopy(await jobFor(source, target, { maxAllocateBytes: 8 * MiB }), () => {});
    await expect(copy.done).rejects.toThrow(OutOfSpaceError);
  });
});

async function usedBytes(): Promise<number> {
  const { blocks, bfree, bsize } = await statfs(xfs.path);
  return (blocks - bfree) * bsize;
}
