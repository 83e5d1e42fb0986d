/**
 * The programs of the system that a node runs: with arguments as a list, a time limit and errors that can be read.
 */
import { execFile } from 'node:child_process';

const timeoutMs = 120_000;
const maxOutputBytes = 1024 * 1024;
const maxMessageLength = 512;

/** The package that brings a program, for whoever has to install it. */
const packages: Readonly<Record<string, string>> = {
  'mkfs.ext4': 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  dumpe2fs: 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  xfs_growfs: 'xfsprogs',
};

/** A program could not be started, ended with an unexpected code, or took too long. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export type CommandResult = { readonly exitCode: number; readonly stdout: string };

/** Runs a program to its end. Rejects with CommandError unless its exit code is one of those that are expected. */
export async function run(
  program: string,
  args: readonly string[],
  expectedCodes: readonly number[] = [0],
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes } as const;
    const env = { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
    execFile(program, [...args], { ...options, env }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === 'number' && expectedCodes.includes(exitCode)) {
        resolve({ exitCode, stdout });
        return;
      }
      const said = stderr.trim().slice(-maxMessageLength);
      reject(new CommandError(`${[program, ...args].join(' ')} ${outcome(program, error)}: ${said}`, { cause: error }));
    });
  });
}

function outcome(
  program: string,
  error: { readonly code?: unknown; readonly killed?: boolean | undefined } | null,
): string {
  if (error?.code === 'ENOENT') {
    return `could not be started: install ${packages[program] ?? 'util-linux'}`;
  }
  return error?.killed === true ? `did not end within ${timeoutMs / 1000} s` : `ended with ${String(error?.code)}`;
}
