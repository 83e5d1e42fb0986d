// The chart as helm renders it, with the programs that check it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, loadAll } from 'js-yaml';
import { DEPLOY, findBinaries, type Program } from '../../scripts/control-plane/binaries.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const CHART = join(ROOT, 'deploy', 'helm', 'lunresync');
export const MONITORING = join(ROOT, 'deploy', 'monitoring');

/** Time for a machine that has to build helm, kubeconform and promtool first. */
export const BUILD_MS = 1_800_000;

/** How a program ended, whatever its code. */
export type Ended = { readonly code: number; readonly output: string };

/** An object of a render. */
export type Rendered = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** Runs helm, kubeconform or promtool to its end; builds them first where they are missing. */
export async function runProgram(program: Program, args: readonly string[], input = ''): Promise<Ended> {
  const { path } = await findBinaries(DEPLOY, (line) => process.stderr.write(`${line}\n`));
  return new Promise((resolve) => {
    // Nothing of the user's: no plugins, no repositories, no cluster.
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent', KUBECONFIG: '/nonexistent' };
    const options = { cwd: MONITORING, env, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(path(program), args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}

/** Runs helm over the chart with these values; `command` is `template` or `lint`. */
export async function helm(command: readonly string[], values: object): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-helm-'));
  try {
    const file = join(folder, 'values.yaml');
    await writeFile(file, dump(values));
    return await runProgram('helm', [...command, '--namespace', 'storage-system', '--values', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The text of a render for a release `lunresync` in namespace `storage-system`. Throws when helm refuses. */
export async function renderText(values: object = {}, kubeVersion = '1.36.0'): Promise<string> {
  const { code, output } = await helm(['template', 'lunresync', CHART, '--kube-version', kubeVersion], values);
  if (code !== 0) throw new Error(output);
  return output;
}

/** The objects of the same render. */
export async function render(values: object = {}): Promise<readonly Rendered[]> {
  const documents = loadAll(await renderText(values)).filter((document) => document !== null && document !== undefined);
  return documents as Rendered[];
}

/** `Kind name` of each, sorted. */
export function named(objects: readonly Rendered[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted();
}

/** The one object of that kind, and of that name where it is given. */
export function only(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  const [object] = found;
  if (object === undefined || found.length > 1)
    throw new Error(`${found.length} objects ${kind} ${name ?? ''}: ${named(objects).join(', ')}`);
  return object;
}
