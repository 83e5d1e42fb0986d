/**
 * What lies in a volume's staging directory besides the mount: the name of the LUN's file, written before anything is
 * attached, so that every unstage finds what it has to detach, and the device file of a block volume.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './mounts.ts';

/** Where the device of a block volume is bound. */
export function stagedDevicePath(staging: string): string {
  return join(staging, 'device');
}

/** Notes which file is going to be attached. Nothing must be mounted on the directory. */
export async function noteBackingFile(staging: string, backingFile: string): Promise<void> {
  await mkdir(staging, { recursive: true, mode: 0o750 });
  await writeFile(notePath(staging), backingFile, { mode: 0o600, flush: true });
}

/** The file that was noted, or undefined. Nothing must be mounted on the directory. */
export async function notedBackingFile(staging: string): Promise<string | undefined> {
  try {
    return await readFile(notePath(staging), 'utf8');
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Forgets the file. */
export async function forgetBackingFile(staging: string): Promise<void> {
  await rm(notePath(staging), { force: true });
}

function notePath(staging: string): string {
  return join(staging, 'lun');
}
