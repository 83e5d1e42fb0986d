/** A clone of a LUN that somebody may be writing to, on a file system that cannot share blocks. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cloneLunFile, SourceMovedError } from '../../../src/simulator/blocks/lun-file.ts';
import { lunWith, MiB, sameBytes } from './lun-fixture.ts';
import { mountTmpfs } from './mounted-file-system.ts';

/** The pauses between the writes: too short to be one, and long enough for a copy to begin but not to end. */
const pausesMs = [1, 100];

// A copy takes a quarter of a second.
const options = { isPublished: true, maxBytesPerSecond: 4 * MiB };

/** Writes again and again until it is told to stop; resolves when the last write is done. */
async function writeUntil(path: string, pauseMs: number, signal: AbortSignal): Promise<void> {
  await using file = await open(path, 'r+');
  for (let written = 0; !signal.aborted; written += 1) {
    await file.write(Buffer.alloc(512, written), 0, 512, (written % 64) * 512);
    await delay(pauseMs);
  }
}

it.each(pausesMs)(
  'is given up while the source is written every %s ms, and made when the writer stops',
  async (pauseMs) => {
    await using mounted = await mountTmpfs(64 * MiB);
    const source = await lunWith(join(mounted.path, 'lun'), MiB, [{ offset: 0, length: MiB, seed: 1 }]);
    const stop = new AbortController();
    const writing = writeUntil(source, pauseMs, stop.signal);
    const target = join(mounted.path, 'clone');
    try {
      await expect(cloneLunFile(source, target, options)).rejects.toThrow(SourceMovedError);
    } finally {
      stop.abort();
      await writing;
    }
    expect(await cloneLunFile(source, target, options)).toEqual({ reflinked: false });
    expect(await sameBytes(source, target)).toBe(true);
  },
);
