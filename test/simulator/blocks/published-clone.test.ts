/** A clone of a LUN that somebody may be writing to, on a file system that cannot share blocks. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cloneLunFile, SourceMovedError } from '../../../src/simulator/blocks/lun-file.ts';
import { lunWith, MiB, sameBytes } from './lun-fixture.ts';
import { mountTmpfs } from './mounted-file-system.ts';

/** Writes again and again until it is told to stop; resolves when the last write is done. */
async function writeUntil(path: string, signal: AbortSignal): Promise<void> {
  await using file = await open(path, 'r+');
  for (let written = 0; !signal.aborted; written += 1) {
    await file.write(Buffer.alloc(512, written), 0, 512, (written % 64) * 512);
    await delay(1);
  }
}

it('is given up while the source is written all the time, and leaves nothing', async () => {
  await using mounted = await mountTmpfs(64 * MiB);
  const source = await lunWith(join(mounted.path, 'lun'), 4 * MiB, [{ offset: 0, length: 4 * MiB, seed: 1 }]);
  const stop = new AbortController();
  const writing = writeUntil(source, stop.signal);
  const target = join(mounted.path, 'clone');
  await expect(cloneLunFile(source, target, { isPublished: true })).rejects.toThrow(SourceMovedError);
  stop.abort();
  await writing;
  // The name is free: the same clone is made as soon as the writer pauses.
  expect(await cloneLunFile(source, target, { isPublished: true })).toEqual({ reflinked: false });
  expect(await sameBytes(source, target)).toBe(true);
});

it('waits for a pause between two writes', async () => {
  await using mounted = await mountTmpfs(64 * MiB);
  const source = await lunWith(join(mounted.path, 'lun'), 4 * MiB, [{ offset: 0, length: 4 * MiB, seed: 1 }]);
  const stop = new AbortController();
  const writing = writeUntil(source, stop.signal);
  const target = join(mounted.path, 'clone');
  const cloning = cloneLunFile(source, target, { isPublished: true });
  await delay(100);
  stop.abort();
  await writing;
  await cloning;
  expect(await sameBytes(source, target)).toBe(true);
});
