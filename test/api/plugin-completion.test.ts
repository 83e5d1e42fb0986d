// Completion of the kubectl plugin as a shell asks for it: by kubectl itself, which finds kubectl_complete-lunresync.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newNamespace, sendOk } from '../support/api-client.ts';
import { runPlugin } from '../support/plugin.ts';
import { resyncsPath } from './acceptance.ts';
import { lunResync } from './objects.ts';

const cluster = inject('cluster');
const source = (file: string): string => fileURLToPath(new URL(`../../src/plugin/${file}`, import.meta.url));

let folder: string;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lunresync-completion-'));
  namespace = await newNamespace(cluster.admin, 'completion');
  for (const name of ['restore-orders', 'restore-shop', 'refresh'])
    await sendOk(cluster.admin, 'POST', resyncsPath({ namespace }), lunResync({}, name));
  await program('kubectl-lunresync', `exec '${process.execPath}' '${source('main.ts')}' "$@"`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text.startsWith('#!') ? text : `#!/bin/sh\n${text}\n`);
  await chmod(join(folder, name), 0o755);
}

/** What kubectl offers, as its scripts for the shells ask it. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, KUBECONFIG: cluster.kubeconfigPath };
  const { stdout } = await promisify(execFile)(cluster.kubectlPath, ['__complete', 'lunresync', ...words], { env });
  return stdout.trimEnd().split('\n');
}

describe.each([
  [
    'of the package',
    (): Promise<string> => Promise.resolve(`exec '${process.execPath}' '${source('complete.ts')}' "$@"`),
  ],
  [
    'that the command completion prints',
    async (): Promise<string> => {
      const { stdout } = await runPlugin({ kubeconfigPath: '/nowhere' }, ['completion']);
      return stdout.replace('kubectl lunresync', `'${cluster.kubectlPath}' lunresync`);
    },
  ],
])('kubectl, by the program %s', (_, text) => {
  beforeAll(async () => program('kubectl_complete-lunresync', await text()));

  it('completes commands and the names of LunResyncs', async () => {
    expect(await offered('wa')).toEqual(['watch\twatch a run to its end; the exit code says how it ended', ':4']);
    const names = await offered('-n', namespace, 'status', 'restore-');
    expect(names).toEqual(['restore-orders', 'restore-shop', ':4']);
  });

  it('says nothing where the cluster cannot be asked', async () => {
    expect(await offered('--kubeconfig=/nowhere', 'status', '')).toEqual([':4']);
  });
});
