// The container engine that end-to-end tests run on, through its command line.
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a machine may be expected to have for these tests; policies: its cluster enforces NetworkPolicies. */
export type Means = 'engine' | 'cluster' | 'policies';

/**
 * Whether tests that need these means are to run. LUNRESYNC_E2E_EXPECT lists what this machine is expected to have,
 * separated by commas, or says `none`; without it all of it is expected, and what is not there makes a test fail.
 */
export function isExpected(means: Means, environment: NodeJS.ProcessEnv = process.env): boolean {
  const expected = environment['LUNRESYNC_E2E_EXPECT'] || 'engine,cluster,policies';
  return expected.split(',').includes(means);
}

/** No container engine can be used. The message says what to do. */
export class EngineMissingError extends Error {
  override readonly name = 'EngineMissingError';
}

/** The command line of a running engine that has BuildKit. */
export type Engine = {
  /** The program itself. */
  readonly program: string;
  /** Runs one command and gives what it printed. Rejects with what it said when it fails. */
  readonly run: (args: readonly string[], options?: { timeoutMs?: number; cwd?: string }) => Promise<string>;
  /** Whether the engine has an image of this name. */
  readonly hasImage: (name: string) => Promise<boolean>;
};

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const COMMAND_TIMEOUT_MS = 60_000;

/** Finds the engine. Throws EngineMissingError, with one sentence of what to install, start or set. */
export async function findEngine(): Promise<Engine> {
  const program = await withBuildKit();
  const run: Engine['run'] = async (args, { timeoutMs = COMMAND_TIMEOUT_MS, cwd } = {}) => {
    const environment = { env: { ...process.env, DOCKER_BUILDKIT: '1' }, ...(cwd === undefined ? {} : { cwd }) };
    const limits = { timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES };
    return (await execute(program, [...args], { ...environment, ...limits })).stdout;
  };
  try {
    await run(['version']);
  } catch (cause) {
    throw new EngineMissingError(`${program} reaches no container engine: start one, or set DOCKER_HOST.`, { cause });
  }
  const hasImage = (name: string): Promise<boolean> =>
    run(['image', 'inspect', name]).then(
      () => true,
      () => false,
    );
  return { program, run, hasImage };
}

/** The first docker on the PATH that can build with secrets: since version 23 that takes the plug-in buildx. */
async function withBuildKit(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, 'docker');
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere && (await canBuildWithSecrets(program))) return program;
  }
  throw new EngineMissingError('No docker with BuildKit is on the PATH: install docker with the plug-in buildx.');
}

async function canBuildWithSecrets(program: string): Promise<boolean> {
  const env = { ...process.env, DOCKER_BUILDKIT: '1' };
  return execute(program, ['build', '--help'], { env }).then(
    ({ stdout }) => stdout.includes('--secret'),
    () => false,
  );
}
