/** A copy makes the target equal to the source, byte for byte and hole for hole, and says truly what it did. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CopyJob, type CopyProgress, startCopy } from '../../../src/simulator/blocks/copier.ts';
import { digestOfChunks } from '../../../src/simulator/blocks/digest.ts';
import { openLunFile } from '../../../src/simulator/blocks/lun-file.ts';
import {
  allocatedBytes,
  jobFor,
  lunDirectory,
  lunWith,
  MiB,
  type Part,
  plainDigest,
  sameBytes,
} from './lun-fixture.ts';

type Case = {
  readonly sizeBytes: number;
  readonly tailBytes: number;
  readonly source: readonly Part[];
  readonly target: readonly Part[];
  readonly knowsRanges: boolean;
  readonly preferCompare: boolean | undefined;
  readonly verify: boolean;
  readonly limited: boolean;
};

const parts = (sizeBytes: number): fc.Arbitrary<readonly Part[]> =>
  fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: sizeBytes / 512 - 1 }), fc.integer({ min: 1, max: 4096 }), fc.nat({ max: 3 }))
      .map(([block, blocks, seed]) => ({
        offset: block * 512,
        length: Math.min(blocks * 512, sizeBytes - block * 512),
        seed,
      })),
    { maxLength: 8 },
  );

const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 22_000 }).chain((blocks) =>
  fc.record({
    sizeBytes: fc.constant(blocks * 512),
    tailBytes: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: 9000 }).map((tail) => tail * 512),
    ),
    source: parts(blocks * 512),
    target: parts(blocks * 512),
    knowsRanges: fc.boolean(),
    preferCompare: fc.constantFrom(undefined, true, false),
    verify: fc.boolean(),
    limited: fc.boolean(),
  }),
);

describe('a copy', () => {
  it('makes the target equal to the source with zeros behind it, whatever sizes, holes and ranges there are', async () => {
    await fc.assert(fc.asyncProperty(cases, checkCase), { numRuns: 60 });
  }, 120_000);

  it('writes nothing when the target is equal already, and one cell when one byte differs', async () => {
    await using directory = await lunDirectory();
    const all = [{ offset: 0, length: 24 * MiB, seed: 1 }];
    const source = await lunWith(join(directory.path, 'source'), 24 * MiB, all);
    const target = await lunWith(join(directory.path, 'target'), 24 * MiB, all);

    const equal = await startCopy(await jobFor(source, target), () => {}).done;
    expect(equal.writtenBytes).toBe(0);

    await using lun = await openLunFile(target);
    await lun.write(9 * MiB + 5, Buffer.from([1]));
    const repaired = await startCopy(await jobFor(source, target), () => {}).done;
    expect(repaired.writtenBytes).toBe(64 * 1024);
    expect(await sameBytes(source, target)).toBe(true);
  });

  it('touches only the given ranges', async () => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), 16 * MiB, [{ offset: 0, length: 16 * MiB, seed: 1 }]);
    const target = await lunWith(join(directory.path, 'target'), 16 * MiB, [{ offset: 0, length: 16 * MiB, seed: 2 }]);
    const before = await readFile(target);
    const range = { offset: 3 * MiB + 512, length: 2 * MiB };

    const result = await startCopy(await jobFor(source, target, { ranges: [range], verify: false }), () => {}).done;

    (await readFile(source)).copy(before, range.offset, range.offset, range.offset + range.length);
    expect((await readFile(target)).equals(before)).toBe(true);
    expect(result).toEqual({ writtenBytes: range.length, sourceDigest: '', targetDigest: '', sourceChunkDigests: [] });
  });

  it('frees the blocks of the target where the source has a hole', async () => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), 64 * MiB, [
      { offset: 20 * MiB, length: MiB, seed: 1 },
    ]);
    const target = await lunWith(join(directory.path, 'target'), 64 * MiB, [{ offset: 0, length: 64 * MiB, seed: 2 }]);
    await startCopy(await jobFor(source, target), () => {}).done;
    expect(await allocatedBytes(target)).toBeLessThanOrEqual(MiB + 64 * 1024);
    expect(await sameBytes(source, target)).toBe(true);
  });

  it.each([
    ['shrunk', 21 * MiB],
    ['grown', 5 * MiB + 512],
  ])('fits a target that was %s to the size of the source', async (_what, targetBytes) => {
    await using directory = await lunDirectory();
    const sizeBytes = 13 * MiB + 1536;
    const source = await lunWith(join(directory.path, 'source'), sizeBytes, [
      { offset: 0, length: sizeBytes, seed: 1 },
    ]);
    const whole = [{ offset: 0, length: targetBytes, seed: 2 }];
    const target = await lunWith(join(directory.path, 'target'), targetBytes, whole);
    await using lun = await openLunFile(target);
    await lun.resize(sizeBytes);

    const result = await startCopy(await jobFor(source, target), () => {}).done;

    expect(await sameBytes(source, target)).toBe(true);
    expect(result.targetDigest).toBe(plainDigest(await readFile(source)));
  });

  it.each([
    ['data', 1],
    ['a hole', 2],
  ])('gives unequal digests when a byte of a chunk of %s was corrupted after writing', async (_what, corruptChunk) => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), 12 * MiB, [{ offset: 0, length: 8 * MiB, seed: 1 }]);
    const target = await lunWith(join(directory.path, 'target'), 12 * MiB, []);

    const result = await startCopy(await jobFor(source, target, { corruptChunk }), () => {}).done;

    expect(result.sourceDigest).toBe(plainDigest(await readFile(source)));
    expect(result.targetDigest).toBe(plainDigest(await readFile(target)));
    expect(result.targetDigest).not.toBe(result.sourceDigest);
  });

  it('takes known digests of the source for bytes that are equal, and hashes what is not', async () => {
    await using directory = await lunDirectory();
    const source = await lunWith(join(directory.path, 'source'), 8 * MiB, [{ offset: 0, length: 8 * MiB, seed: 1 }]);
    const target = await lunWith(join(directory.path, 'target'), 8 * MiB, []);
    const job = await jobFor(source, target);
    const first = await startCopy(job, () => {}).done;
    const knownSourceDigests = first.sourceChunkDigests;

    const second = await startCopy({ ...job, knownSourceDigests, corruptChunk: 1 }, () => {}).done;
    expect(second.sourceDigest).toBe(first.sourceDigest);
    expect(second.targetDigest).toBe(plainDigest(await readFile(target)));

    const claimed = ['aa'.repeat(32), 'bb'.repeat(32)];
    const third = await startCopy({ ...job, knownSourceDigests: claimed }, () => {}).done;
    expect(third.targetDigest).toBe(digestOfChunks(claimed));
  });
});

async function checkCase(example: Case): Promise<void> {
  await using directory = await lunDirectory();
  const source = await lunWith(join(directory.path, 'source'), example.sizeBytes, example.source);
  const target = await targetOf(example, join(directory.path, 'target'));
  const progress: CopyProgress[] = [];
  const job: CopyJob = {
    ...(await jobFor(source, target, { sourceSizeBytes: example.sizeBytes, verify: example.verify })),
    ...(example.knowsRanges ? { ranges: rangesOf(example) } : {}),
    ...(example.preferCompare === undefined ? {} : { preferCompare: example.preferCompare }),
    // Never more than the source's size is missing; the rest is for blocks that two ranges have in common.
    ...(example.limited ? { maxAllocateBytes: example.sizeBytes + 64 * 1024 } : {}),
  };

  const result = await startCopy(job, (step) => progress.push(step)).done;

  const wanted = await readFile(source);
  const found = await readFile(target);
  expect(found.subarray(0, example.sizeBytes).equals(wanted)).toBe(true);
  expect(found.length).toBe(example.sizeBytes + example.tailBytes);
  expect(found.subarray(example.sizeBytes).equals(Buffer.alloc(example.tailBytes))).toBe(true);
  expect(result.sourceDigest).toBe(example.verify ? plainDigest(wanted) : '');
  expect(result.targetDigest).toBe(result.sourceDigest);
  await expectHolesOf(source, target);
  expectProgressOf(job, progress);
}

/** Without ranges anything may differ; with them the target is the source with the target's parts written over it. */
async function targetOf(example: Case, path: string): Promise<string> {
  const below = example.knowsRanges ? example.source : [];
  const tail = { offset: example.sizeBytes, length: example.tailBytes, seed: 9 };
  return lunWith(path, example.sizeBytes + example.tailBytes, [...below, ...example.target, tail]);
}

function rangesOf(example: Case): readonly { offset: number; length: number }[] {
  const ranges: { offset: number; length: number }[] = [];
  for (const { offset, length } of [...example.target].sort((a, b) => a.offset - b.offset)) {
    const last = ranges.at(-1);
    if (last !== undefined && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      ranges.push({ offset, length });
    }
  }
  return ranges;
}

async function expectHolesOf(source: string, target: string): Promise<void> {
  await using from = await openLunFile(source);
  await using to = await openLunFile(target);
  const blocks = (extents: readonly { offset: number; length: number }[]): Set<number> =>
    new Set(
      extents.flatMap(({ offset, length }) => {
        const first = Math.floor(offset / 4096);
        return Array.from({ length: Math.ceil((offset + length) / 4096) - first }, (_, index) => first + index);
      }),
    );
  const onSource = blocks(await from.dataExtents(0, from.sizeBytes));
  const onTarget = [...blocks(await to.dataExtents(0, to.sizeBytes))];
  // At the edges of an unaligned range a block of the target stays allocated, though it is a hole on the source.
  const surplus = onTarget.filter((block) => !onSource.has(block));
  expect(surplus.length).toBeLessThanOrEqual(16);
}

function expectProgressOf(job: CopyJob, progress: readonly CopyProgress[]): void {
  const total = job.ranges?.reduce((sum, range) => sum + range.length, 0) ?? job.sourceSizeBytes;
  for (const [index, next] of progress.entries()) {
    const last = progress[index - 1];
    expect(next.copiedBytes).toBeGreaterThanOrEqual(last?.copiedBytes ?? 0);
    expect(next.writtenBytes).toBeGreaterThanOrEqual(last?.writtenBytes ?? 0);
    expect(next.verifiedBytes).toBeGreaterThanOrEqual(last?.verifiedBytes ?? 0);
  }
  expect(progress.at(-1)?.copiedBytes).toBe(total);
  expect(progress.at(-1)?.verifiedBytes).toBe(job.verify ? job.sourceSizeBytes : 0);
}
