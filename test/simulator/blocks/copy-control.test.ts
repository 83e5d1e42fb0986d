/** A running copy can be slowed, held and stopped, and fails with a reason; meanwhile the main thread stays free. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import {
  CopyCancelledError,
  CopyFailedError,
  type CopyProgress,
  OutOfSpaceError,
  startCopy,
} from '../../../src/simulator/blocks/copier.ts';
import { allocatedBytes, jobFor, lunDirectory, lunWith, MiB, type Part, sameBytes } from './lun-fixture.ts';
import { mountTmpfs } from './mounted-file-system.ts';

describe('the rate of a copy', () => {
  it('is kept from the first byte to the last', async () => {
    await using luns = await twoLuns(8 * MiB);
    const rate = 4 * MiB;
    const startedAt = performance.now();
    const excess: number[] = [];
    const job = await jobFor(luns.source, luns.target, { maxBytesPerSecond: rate });
    await startCopy(job, ({ copiedBytes }) => {
      excess.push(copiedBytes - ((performance.now() - startedAt) / 1000) * rate);
    }).done;
    // The pieces in flight may be ahead of the allowance by a few of at most rate/20.
    expect(Math.max(...excess)).toBeLessThan(MiB);
    expect(performance.now() - startedAt).toBeGreaterThan(1500);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('can be changed while the copy runs', async () => {
    await using luns = await twoLuns(64 * MiB);
    const job = await jobFor(luns.source, luns.target, { maxBytesPerSecond: MiB });
    const startedAt = performance.now();
    const copy = startCopy(job, () => {
      copy.setRate(0);
    });
    await copy.done;
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await sameBytes(luns.source, luns.target)).toBe(true);
  });
});

describe('a copy that is paused', () => {
  it('writes nothing while others run, and goes on when it is resumed', async () => {
    await using luns = await twoLuns(16 * MiB);
    await using others = await twoLuns(32 * MiB);
    const before = await readFile(luns.target);
    const copy = startCopy(await jobFor(luns.source, luns.target), () => {});
    copy.pause();
    await startCopy(await jobFor(others.source, others.target), () => {}).done;
    expect((await readFile(luns.target)).equals(before)).toBe(true);
    copy.resume();
    await copy.done;
    expect(await sameBytes(luns.source, luns.target)).toBe(true);
  });
});

describe('a copy that is cancelled', () => {
  it('rejects with CopyCancelledError, and not a byte is written after that', async () => {
    await using luns = await twoLuns(64 * MiB);
    await using others = await twoLuns(16 * MiB);
    const progress: CopyProgress[] = [];
    const job = await jobFor(luns.source, luns.target, { maxBytesPerSecond: 64 * MiB });
    const copy = startCopy(job, (step) => {
      progress.push(step);
      copy.cancel();
    });
    await expect(copy.done).rejects.toThrow(CopyCancelledError);

    const atEnd = await stat(luns.target, { bigint: true });
    const bytesAtEnd = await readFile(luns.target);
    expect(progress.at(-1)?.copiedBytes).toBeLessThan(64 * MiB);
    // Another copy goes through the same workers in order: a write left behind would come before its end.
    await startCopy(await jobFor(others.source, others.target), () => {}).done;
    expect((await stat(luns.target, { bigint: true })).mtimeNs).toBe(atEnd.mtimeNs);
    expect((await readFile(luns.target)).equals(bytesAtEnd)).toBe(true);
    expect(await sameBytes(luns.source, luns.target)).toBe(false);
  });

  it('ends at once while it waits for its rate or for being resumed', async () => {
    await using luns = await twoLuns(16 * MiB);
    const slow = startCopy(await jobFor(luns.source, luns.target, { maxBytesPerSecond: 512 }), () => {
      slow.cancel();
    });
    await expect(slow.done).rejects.toThrow(CopyCancelledError);
    const paused = startCopy(await jobFor(luns.source, luns.target), () => {});
    paused.pause();
    paused.cancel();
    await expect(paused.done).rejects.toThrow(CopyCancelledError);
  });
});

describe('a copy that runs out of room', () => {
  it('rejects with OutOfSpaceError when the file system is full', async () => {
    await using luns = await twoLuns(16 * MiB);
    await using small = await mountTmpfs(8 * MiB);
    const target = await lunWith(join(small.path, 'target'), 16 * MiB, []);
    const copy = startCopy(await jobFor(luns.source, target), () => {});
    await expect(copy.done).rejects.toThrow(OutOfSpaceError);
    await expect(copy.done).rejects.toMatchObject({ path: target, cause: { code: 'ENOSPC' } });
  });

  it('rejects with OutOfSpaceError before it allocates more than it may', async () => {
    await using luns = await twoLuns(16 * MiB);
    const target = await lunWith(join(luns.path, 'empty'), 16 * MiB, []);
    const copy = startCopy(await jobFor(luns.source, target, { maxAllocateBytes: 8 * MiB }), () => {});
    await expect(copy.done).rejects.toThrow(OutOfSpaceError);
    expect(await allocatedBytes(target)).toBeLessThanOrEqual(8 * MiB + 64 * 1024);
  });

  it('is content with exactly the room that the source takes, and not with a block less', async () => {
    await using luns = await twoLuns(40 * MiB);
    const enough = await lunWith(join(luns.path, 'enough'), 40 * MiB, []);
    await startCopy(await jobFor(luns.source, enough, { maxAllocateBytes: 40 * MiB }), () => {}).done;
    expect(await sameBytes(luns.source, enough)).toBe(true);
    const short = await lunWith(join(luns.path, 'short'), 40 * MiB, []);
    const copy = startCopy(await jobFor(luns.source, short, { maxAllocateBytes: 40 * MiB - 4096 }), () => {});
    await expect(copy.done).rejects.toThrow(OutOfSpaceError);
  });

  it.each([
    ['before', [0, 20 * MiB]],
    ['behind', [20 * MiB, 0]],
  ] as const)('may use the blocks that it frees itself %s those that it needs', async (_where, [freed, needed]) => {
    await using directory = await lunDirectory();
    // Half of each chunk: neither is a hole as a whole.
    const halves = (offset: number, seed: number): Part[] =>
      [0, 1, 2, 3, 4].map((chunk) => ({ offset: offset + chunk * 4 * MiB, length: 2 * MiB, seed }));
    const source = await lunWith(join(directory.path, 'source'), 40 * MiB, halves(needed, 1));
    const target = await lunWith(join(directory.path, 'target'), 40 * MiB, halves(freed, 2));
    await startCopy(await jobFor(source, target, { maxAllocateBytes: 0 }), () => {}).done;
    expect(await sameBytes(source, target)).toBe(true);
  });

  it('needs no allowance where the target has its blocks already', async () => {
    await using luns = await twoLuns(16 * MiB);
    await startCopy(await jobFor(luns.source, luns.target, { maxAllocateBytes: 0 }), () => {}).done;
    expect(await sameBytes(luns.source, luns.target)).toBe(true);
  });
});

describe('a copy that cannot be done', () => {
  it('names the file and the place when the source is shorter than it should be', async () => {
    await using luns = await twoLuns(8 * MiB);
    const target = await lunWith(join(luns.path, 'larger'), 16 * MiB, []);
    const job = await jobFor(luns.source, target, { sourceSizeBytes: 16 * MiB });
    const copy = startCopy(job, () => {});
    await expect(copy.done).rejects.toThrow(CopyFailedError);
    await expect(copy.done).rejects.toMatchObject({ path: luns.source, offset: 8 * MiB });
  });

  it('is refused at once when sizes, ranges or the chunk to corrupt do not fit', async () => {
    await using luns = await twoLuns(8 * MiB);
    const job = await jobFor(luns.source, luns.target);
    const wrong = [
      { ...job, targetSizeBytes: 4 * MiB },
      { ...job, sourceSizeBytes: 513 },
      { ...job, ranges: [{ offset: 8 * MiB, length: 512 }] },
      { ...job, ranges: [{ offset: 1, length: 512 }] },
      { ...job, corruptChunk: 2 },
      { ...job, maxBytesPerSecond: Number.NaN },
      { ...job, target: job.source },
    ];
    for (const each of wrong) {
      expect(() => startCopy(each, () => {})).toThrow(RangeError);
    }
  });
});

describe('the main thread', () => {
  it('answers in milliseconds while a copy runs at full speed, and is told of progress at most about 20 times a second', async () => {
    await using luns = await twoLuns(256 * MiB);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    let messages = 0;
    const job = await jobFor(luns.source, luns.target);
    const startedAt = performance.now();
    delay.enable();
    await startCopy(job, () => {
      messages += 1;
    }).done;
    delay.disable();
    // 20 ms on a machine of one's own; the bound leaves room for what else the machine does.
    expect(delay.percentile(99) / 1e6).toBeLessThan(50);
    expect(messages).toBeLessThanOrEqual(((performance.now() - startedAt) / 1000) * 20 + 3);
  });
});

type TwoLuns = {
  readonly path: string;
  readonly source: string;
  readonly target: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A source and a target of the same size, full of different bytes. */
async function twoLuns(sizeBytes: number): Promise<TwoLuns> {
  const directory = await lunDirectory();
  const source = await lunWith(join(directory.path, 'source'), sizeBytes, [{ offset: 0, length: sizeBytes, seed: 1 }]);
  const target = await lunWith(join(directory.path, 'target'), sizeBytes, [{ offset: 0, length: sizeBytes, seed: 2 }]);
  return { path: directory.path, source, target, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}
