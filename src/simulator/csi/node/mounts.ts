/**
 * What is mounted, as the kernel says: nothing about it is kept anywhere else.
 */
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { run } from './commands.ts';

/** One line of /proc/self/mountinfo. Source: proc(5). */
export type Mount = {
  readonly path: string;
  /** Major and minor number of the mounted device. */
  readonly device: string;
  /** The part of the file system that is mounted: of a bound device file, its name. */
  readonly root: string;
  readonly fileSystem: string;
  readonly options: readonly string[];
};

/** Everything that is mounted, later mounts last. */
export async function mounts(): Promise<readonly Mount[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.filter((line) => line !== '').map(parsed);
}

/** What is mounted on a path, which has no symbolic links in it; the topmost when there are several. */
export async function mountAt(path: string): Promise<Mount | undefined> {
  return (await mounts()).findLast((mount) => mount.path === path);
}

/** A path as the kernel names it. What does not exist yet is named after where it will be. */
export async function kernelPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error) || path === dirname(path)) {
      throw error;
    }
    return join(await kernelPath(dirname(path)), basename(path));
  }
}

/** Shows a directory or a file at a second place, where it may be for reading only. */
export async function bindMount(from: string, to: string, isReadonly: boolean): Promise<void> {
  await run('mount', ['--bind', ...(isReadonly ? ['-o', 'ro'] : []), '--', from, to]);
}

/** Makes a bound place one for reading only. */
export async function remountReadonly(path: string): Promise<void> {
  await run('mount', ['-o', 'remount,bind,ro', '--', path]);
}

/** Takes off whatever is mounted on a path, layer by layer. Nothing there is no error. */
export async function unmountAll(path: string): Promise<void> {
  while ((await mountAt(path)) !== undefined) {
    await run('umount', ['--', path]);
  }
}

/** Whether a system call failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function parsed(line: string): Mount {
  const [fields = '', kind = ''] = line.split(' - ');
  const [, , device = '', root = '', path = '', options = ''] = fields.split(' ');
  const [fileSystem = '', , superOptions = ''] = kind.split(' ');
  return {
    path: unescaped(path),
    device,
    root: unescaped(root),
    fileSystem,
    options: [...options.split(','), ...superOptions.split(',').filter((option) => option !== 'rw')],
  };
}

/** Spaces, tabs, line feeds and backslashes are written as three octal digits. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
