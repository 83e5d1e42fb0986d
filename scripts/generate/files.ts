// What the generators have in common: files by their path under the repository.
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Path under the repository and content. */
export type Files = ReadonlyMap<string, string>;

/** The text of a file of the repository. */
export function sourceText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** All files in a folder under `root`; none when it does not exist. */
export async function filesIn(root: string, folder: string): Promise<Files> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(onMissingFolder);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = paths.map(async (path) => [path.slice(root.length + 1), await readFile(path, 'utf8')] as const);
  return new Map(await Promise.all(pairs));
}

function onMissingFolder(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
