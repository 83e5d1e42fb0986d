/** Durable directory entries: a file that is synced can still lose its name in a crash. */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the creation, renaming or deletion of the path durable. */
export async function syncDirectoryOf(path: string): Promise<void> {
  await using directory = await open(dirname(path), 'r');
  await directory.sync();
}
