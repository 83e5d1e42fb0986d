/** Without the system calls that Node lacks (no koffi for the platform, a file system without holes) the bytes are the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startCopy } from '../../../src/simulator/blocks/copier.ts';
import { digestFile } from '../../../src/simulator/blocks/digest.ts';
import { openLunFile } from '../../../src/simulator/blocks/lun-file.ts';
import { allocatedBytes, bytesOf, jobFor, lunDirectory, lunWith, MiB, plainDigest } from './lun-fixture.ts';

vi.hoisted(() => {
  // Read once, when linux.ts is loaded, and by the workers that inherit it: it must be there before the imports are.
  process.env['LUNRESYNC_SIMULATOR_SYSCALLS'] = 'off';
});

it('copies and verifies, writes no zeros where the target has none to overwrite, and zeros what the source lacks', async () => {
  await using directory = await lunDirectory();
  const source = await lunWith(join(directory.path, 'source'), 32 * MiB, [
    { offset: 5 * MiB, length: 2 * MiB, seed: 1 },
  ]);
  const target = await lunWith(join(directory.path, 'target'), 40 * MiB, [
    { offset: 10 * MiB + 512, length: MiB, seed: 2 },
    { offset: 35 * MiB, length: MiB, seed: 3 },
  ]);

  const result = await startCopy(await jobFor(source, target, { sourceSizeBytes: 32 * MiB }), () => {}).done;

  const wanted = await readFile(source);
  const found = await readFile(target);
  expect(found.equals(Buffer.concat([wanted, Buffer.alloc(8 * MiB)]))).toBe(true);
  expect(result.targetDigest).toBe(plainDigest(wanted));
  expect(await digestFile(source, 32 * MiB)).toBe(result.sourceDigest);
  expect(await allocatedBytes(target)).toBeLessThan(5 * MiB);
});

it('reads zeros where a hole is punched, and takes the whole range for data', async () => {
  await using directory = await lunDirectory();
  await using lun = await openLunFile(
    await lunWith(join(directory.path, 'lun'), 4 * MiB, [{ offset: 0, length: 4 * MiB, seed: 1 }]),
  );
  await lun.punchHole(MiB + 512, 2 * MiB);
  const wanted = bytesOf(4 * MiB, 1).fill(0, MiB + 512, 3 * MiB + 512);
  expect(Buffer.from(await lun.read(0, 4 * MiB)).equals(wanted)).toBe(true);
  expect(await lun.dataExtents(0, 4 * MiB)).toEqual([{ offset: 0, length: 4 * MiB }]);
  expect(await lun.allocatedBytes()).toBeGreaterThanOrEqual(4 * MiB);
});
