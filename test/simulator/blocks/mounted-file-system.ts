/** A small file system of its own, mounted for one test file: XFS for shared blocks, tmpfs for one that is soon full. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A mounted file system; unmounted and removed at the end. */
export type Mounted = { readonly path: string; [Symbol.asyncDispose](): Promise<void> };

/** An XFS with reflinks in a sparse image on a loop device. Rejects with what to install where that cannot be had. */
export function mountXfs(): Promise<Mounted> {
  return mounted(
    'XFS with reflinks (root, loop devices and mkfs.xfs, which is in the package xfsprogs)',
    async (base, path) => {
      const image = join(base, 'image');
      await writeFile(image, '');
      await truncate(image, 320 * 1024 * 1024);
      await run('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
      await run('mount', ['-o', 'loop', image, path]);
    },
  );
}

/** A tmpfs that holds `sizeBytes` and then answers ENOSPC. */
export function mountTmpfs(sizeBytes: number): Promise<Mounted> {
  return mounted('a tmpfs (root, with the right to mount)', async (_base, path) => {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path]);
  });
}

async function mounted(needs: string, mount: (base: string, path: string) => Promise<void>): Promise<Mounted> {
  const base = await mkdtemp(join(tmpdir(), 'lun-mount-'));
  const path = join(base, 'mounted');
  await mkdir(path);
  try {
    await mount(base, path);
  } catch (cause) {
    await rm(base, { recursive: true, force: true });
    throw new Error(`this test needs ${needs}, and mounting it failed: ${String(cause)}`, { cause });
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await run('umount', [path]);
      await rm(base, { recursive: true, force: true });
    },
  };
}
