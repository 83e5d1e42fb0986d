/** Point-in-time copies of LUN files: by sharing blocks where the file system can, else by copying what is not a hole. */
import { constants } from 'node:fs';
import { copyFile, link, open, rm, stat, unlink } from 'node:fs/promises';
import { type CopyProgress, startCopy } from './copier.ts';
import { syncDirectoryOf } from './directory.ts';

/** What a file system answers that cannot share blocks between these two paths, as opposed to having failed at it. */
const NO_REFLINKS: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOTTY', 'ENOSYS']);

/** How a clone that has to be copied may be watched, limited and given up; without effect where blocks are shared. */
export type CloneOptions = {
  /** Aborting rejects with CopyCancelledError; nothing is left behind. */
  readonly signal?: AbortSignal;
  readonly maxBytesPerSecond?: number;
  readonly maxAllocateBytes?: number;
  readonly onProgress?: (progress: CopyProgress) => void;
};

/** The name under which a clone grows; what is found under such a name after a crash is rubbish. */
export function partialClonePath(target: string): string {
  return `${target}.partial`;
}

/**
 * Makes `target` a copy of `source`, which nobody may write meanwhile. It appears complete and durable, or not at all.
 * Rejects with EEXIST when the target exists (a snapshot is never overwritten), and as a copy does (see CopyHandle.done).
 */
export async function cloneLunFile(
  source: string,
  target: string,
  options: CloneOptions = {},
): Promise<{ readonly reflinked: boolean }> {
  const partial = partialClonePath(target);
  await rm(partial, { force: true });
  let reflinked = false;
  try {
    reflinked = await shareAllBlocks(source, partial);
    if (!reflinked) {
      await copyAllData(source, partial, options);
    }
    await syncFile(partial);
    // link and not rename: a rename would silently replace an existing target.
    await link(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await unlink(partial);
  await syncDirectoryOf(target);
  return { reflinked };
}

async function shareAllBlocks(source: string, partial: string): Promise<boolean> {
  try {
    await copyFile(source, partial, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NO_REFLINKS.has(String(error.code))) {
      return false;
    }
    throw error;
  }
}

async function copyAllData(source: string, partial: string, options: CloneOptions): Promise<void> {
  const sizeBytes = (await stat(source)).size;
  await rm(partial, { force: true });
  await using file = await open(partial, 'wx');
  await file.truncate(sizeBytes);
  const copy = startCopy(
    {
      source,
      target: partial,
      sourceSizeBytes: sizeBytes,
      targetSizeBytes: sizeBytes,
      verify: false,
      maxBytesPerSecond: options.maxBytesPerSecond ?? 0,
      maxAllocateBytes: options.maxAllocateBytes ?? Number.POSITIVE_INFINITY,
      preferCompare: false,
    },
    options.onProgress ?? ((): void => {}),
  );
  const cancel = (): void => {
    copy.cancel();
  };
  options.signal?.addEventListener('abort', cancel);
  if (options.signal?.aborted === true) {
    copy.cancel();
  }
  try {
    await copy.done;
  } finally {
    options.signal?.removeEventListener('abort', cancel);
  }
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
