// The commands that a reviewer types, and what came of them.
import { execFile } from 'node:child_process';

const LIMIT_MS = 420_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** How a command ended and what it printed. */
export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a program to its end, whatever its code; the environment is this process's, with more. */
export function execute(
  program: string,
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string | undefined; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const ended = Promise.withResolvers<Ended>();
  const options = { env: { ...process.env, ...env }, timeout: LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  const child = execFile(program, [...args], options, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
    ended.resolve({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
  });
  // A program that ends before it has read its input says why by its exit code.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return ended.promise;
}

/** The standard output of a command that must not fail. Throws with what it said when it does. */
export async function printed(command: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await command;
  if (code !== 0) throw new Error(`exit code ${code}: ${`${stderr}${stdout}`.trim()}`);
  return stdout;
}

/** The first line of what a command said, for a report. */
export function firstLine({ stdout, stderr }: Ended): string {
  return (stderr.trim() || stdout.trim()).split('\n')[0] ?? '';
}

/** What is in one of two lists only. */
export function differencesOf(one: readonly string[], other: readonly string[]): string[] {
  const only = (here: readonly string[], there: readonly string[]): string[] =>
    here.filter((item) => !there.includes(item));
  return [...only(one, other), ...only(other, one)];
}
