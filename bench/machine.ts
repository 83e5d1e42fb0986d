// What the figures were measured on.
import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { MIB } from './options.ts';

const run = promisify(execFile);

export type Machine = {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the folder in which files are made. */
  readonly fileSystem: string;
  /** Of the last minute, before anything was measured: more than a few tenths means that somebody disturbs. */
  readonly load: number;
};

/** Looks at the machine now. */
export async function describeMachine(folder: string): Promise<Machine> {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryMiB: Math.round(totalmem() / MIB),
    kernel: release(),
    node: process.version,
    fileSystem: await fileSystemOf(folder),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** The type of the file system that a folder is on, by df, since `stat -f` does not tell ext4 from ext2. */
export async function fileSystemOf(folder: string): Promise<string> {
  const { stdout } = await run('df', ['--output=fstype', '--', folder]);
  return stdout.trim().split('\n').at(-1)?.trim() ?? 'unknown';
}

/** One line for the head of the table. */
export function machineLine(machine: Machine): string {
  const { processor, cores, memoryMiB, kernel, node, fileSystem, load } = machine;
  return `${cores} cores (${processor}), ${memoryMiB} MiB, Linux ${kernel}, Node ${node}, ${fileSystem}, load ${load}`;
}
