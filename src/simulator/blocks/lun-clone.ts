/** Point-in-time copies of LUN files: by sharing blocks where the file system can, else by copying what is not a hole. */
import { constants } from 'node:fs';
import { copyFile, link, open, rm, stat, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type CopyProgress, startCopy } from './copier.ts';
import { syncDirectoryOf } from './directory.ts';

/** What a file system answers that cannot share blocks between these two paths, as opposed to having failed at it. */
const NO_REFLINKS: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOTTY', 'ENOSYS']);

const COPY_ATTEMPTS = 20;
const CLOCK_TICK_MS = 50;

/** How a clone that has to be copied may be watched, limited and given up; without effect where blocks are shared. */
export type CloneOptions = {
  /** Aborting rejects with CopyCancelledError; nothing is left behind. */
  readonly signal?: AbortSignal;
  readonly maxBytesPerSecond?: number;
  readonly maxAllocateBytes?: number;
  /** Somebody may write meanwhile: a copy that is no point in time is made again, and given up after a few times. */
  readonly isPublished?: boolean;
  readonly onProgress?: (progress: CopyProgress) => void;
};

/** The name under which a clone grows; what is found under such a name after a crash is rubbish. */
export function partialClonePath(target: string): string {
  return `${target}.partial`;
}

/** The source was written during every attempt to copy it. */
export class SourceMovedError extends Error {
  override readonly name = 'SourceMovedError';
}

/**
 * Makes `target` a copy of `source`, which nobody may write meanwhile unless the options say so. It appears complete and
 * durable, or not at all. Rejects with EEXIST when the target exists (a snapshot is never overwritten), with
 * SourceMovedError, and as a copy does (see CopyHandle.done).
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
      await (options.isPublished === true
        ? copyBetweenWrites(source, partial, options)
        : copyAllData(source, partial, options));
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

/** Copies until the source's times show that nothing was written from the beginning of a copy to its end. */
async function copyBetweenWrites(source: string, partial: string, options: CloneOptions): Promise<void> {
  for (let attempt = 0; attempt < COPY_ATTEMPTS; attempt += 1) {
    const before = await stat(source, { bigint: true });
    // A later write within the same tick of the file system's clock would leave the time as it is.
    const quietMs = Date.now() - Number(before.mtimeMs);
    if (quietMs < CLOCK_TICK_MS) {
      await delay(CLOCK_TICK_MS);
      continue;
    }
    await copyAllData(source, partial, options);
    const after = await stat(source, { bigint: true });
    if (after.mtimeNs === before.mtimeNs && after.ctimeNs === before.ctimeNs) {
      return;
    }
  }
  throw new SourceMovedError(`${source} was written during each of ${COPY_ATTEMPTS} attempts to copy it`);
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
