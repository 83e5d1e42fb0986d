// What a copy is compared with: cp, and the same durable end that the array gives.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lab } from './lab.ts';

const run = promisify(execFile);

/** Copies a file over the one that the last such call made, and makes it durable; returns the seconds. */
export async function timeCp(lab: Lab, source: string, sparse: 'never' | 'always' = 'never'): Promise<number> {
  const target = join(lab.folder, `made-by-cp-${sparse}`);
  await settle(lab);
  const startedAt = performance.now();
  await run('cp', ['--reflink=never', `--sparse=${sparse}`, source, target]);
  await run('sync', ['--data', target]);
  return (performance.now() - startedAt) / 1000;
}

/** Writes out what is still to be written on this file system, so that nobody pays for what came before. */
export async function settle({ folder }: Lab): Promise<void> {
  await run('sync', ['--file-system', folder]);
}
