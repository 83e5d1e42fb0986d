// The commands of the kubectl plugin that do not watch, and what it says to whoever it cannot help.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kubectl, newNamespace, sendOk, serviceAccountToken } from '../support/api-client.ts';
import { type PluginResult, runPlugin, startPlugin } from '../support/plugin.ts';
import { lunPair, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { resyncsPath, untilReason } from './acceptance.ts';
import { lunResync } from './objects.ts';
import { createArgs, inNamespace, makeLuns, plugin, RESYNC } from './plugin-scene.ts';

let scene: Scene;
let folder: string;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
  folder = await mkdtemp(join(tmpdir(), 'lunresync-plugin-'));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('the exit code', () => {
  it('is 4 for a name that is not there, 5 without permission, 1 for wrong usage and for no answer', async () => {
    const nobody = { kubeconfigPath: await kubeconfigOf('nobody') };
    const nowhere = join(folder, 'nowhere');
    await writeFile(nowhere, kubeconfigText({ server: 'https://127.0.0.1:1', token: 'none' }));
    const [absent, forbidden, wrong, unreachable] = await Promise.all([
      plugin(scene, 'watch', 'absent'),
      runPlugin(nobody, inNamespace(scene, 'watch', 'any')),
      plugin(scene, 'watch', 'one', 'two'),
      runPlugin({ kubeconfigPath: nowhere }, ['list']),
    ]);
    expect(absent).toEqual({
      code: 4,
      stdout: '',
      stderr: `error: there is no LunResync absent in namespace ${scene.namespace}\n`,
    });
    expect(forbidden).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/^error: .*cannot get resource "lunresyncs"/),
    });
    expect(wrong).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('"two" is too much') });
    expect(unreachable).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('gives no answer') });
  });
});

describe('watch', () => {
  it('ends with 4 when the object is deleted', async () => {
    const { admin } = scene.cluster;
    // No operator is at work there: with one, a deleted run is cancelled first.
    const namespace = await newNamespace(admin, 'plugin');
    await sendOk(admin, 'POST', resyncsPath({ namespace }), lunResync({}, 'unseen'));
    await using watching = startPlugin(scene.cluster, ['watch', 'unseen', '-n', namespace]);
    await until(
      () => 'the first line',
      () => watching.stdout().includes('The operator has not seen it yet'),
    );
    await sendOk(admin, 'DELETE', `${resyncsPath({ namespace })}/unseen`);
    expect(await watching.ended()).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^error: .*unseen.* was deleted\n$/),
    });
  });
});

describe('the other commands', () => {
  it('check, create, hold, let go, plan and undo runs', async () => {
    await makeLuns(scene, 'books');
    const before = await scene.digest('books-dst');
    const args = createArgs(scene, 'books', 'books');
    const [server, invalid, client] = await Promise.all([
      plugin(scene, ...args, '--dry-run=server'),
      plugin(scene, 'create', 'books', '--dry-run=server', '--pair', 'a=lun:x,lun:y', '--pair', 'b=lun:z,lun:y'),
      plugin(scene, ...args, '--dry-run=client', '-o', 'json', '--run-id', 'r1'),
    ]);
    expect(server).toEqual({ code: 0, stdout: `${RESYNC}/books created (server dry run)\n`, stderr: '' });
    expect(invalid).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a LUN may be the target of one pair only'),
    });
    expect(JSON.parse(client.stdout)).toMatchObject({
      kind: 'LunResync',
      spec: { runID: 'r1', pairs: [{ name: 'books' }] },
    });
    expect(await scene.read('books')).toBeUndefined();
    expect((await plugin(scene, ...args, '--suspend')).stdout).toBe(`${RESYNC}/books created\n`);
    await untilReason(scene, 'books', 'Suspended');
    expect((await plugin(scene, 'resume', 'books')).stdout).toBe(`${RESYNC}/books resumed\n`);
    expect(reasonOf(await scene.finished('books'))).toBe('Completed');
    expect(await scene.digest('books-dst')).not.toBe(before);
    const [again, undone] = await Promise.all([
      plugin(scene, ...args),
      plugin(scene, 'undo', 'books', '--as', 'back', '--watch', '--yes'),
    ]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/books exists already.*choose another name/),
    });
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(await scene.digest('books-dst')).toBe(before);
    await scene.apply('unfinished', { suspend: true, pairs: [lunPair('data', 'books-src', 'books-dst')] });
    const [plan, vain] = await Promise.all([
      plugin(scene, ...createArgs(scene, 'plan', 'books'), '--plan', '--watch'),
      plugin(scene, 'undo', 'unfinished'),
    ]);
    expect(plan).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Planned.*\n.*plan books: take a safety snapshot/s),
    });
    expect(vain).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: LunResync unfinished cannot be undone: /),
    });
  });

  it('list and show what kubectl get shows, also when kubectl finds the plugin itself', async () => {
    await makeLuns(scene, 'shown');
    await scene.apply('shown', { pairs: [lunPair('data', 'shown-src', 'shown-dst')] });
    await scene.finished('shown');
    const kubectlArgs = ['get', 'lrs', '-n', scene.namespace];
    const [list, wide, all, got, gotWide, status] = await Promise.all([
      throughKubectl(['list', '-n', scene.namespace]),
      plugin(scene, 'list', '-o', 'wide'),
      plugin(scene, 'list', '-A'),
      kubectl(scene.cluster, kubectlArgs),
      kubectl(scene.cluster, [...kubectlArgs, '-o', 'wide']),
      plugin(scene, 'status', 'shown'),
    ]);
    expect(withoutAges(list.stdout)).toEqual(withoutAges(got.stdout));
    expect(withoutAges(wide.stdout)).toEqual(withoutAges(gotWide.stdout));
    expect(all.stdout).toMatch(new RegExp(`^NAMESPACE +NAME +STATUS[^]*^${scene.namespace} +shown +Completed`, 'm'));
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^shown {2}Completed {2}pairs 1\/1 {2}data MatchesSource/);
    expect(status.stdout).toMatch(/^HRESULT: +VSS_S_ASYNC_FINISHED 0x0004230A$/m);
    expect(status.stdout).toMatch(/^Undo: +True, SafetySnapshotsKept$/m);
  });

  it('explain a reason without a cluster', async () => {
    const { code, stdout } = await runPlugin({ kubeconfigPath: '/nowhere' }, ['explain', 'arrayveto']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ArrayVeto\n {2}Meaning: +The array refused[^]*VSS_E_PROVIDER_VETO 0x80042306/);
  });
});

/** Lets kubectl find the plugin on the PATH, under the name that the package gives it. */
async function throughKubectl(args: readonly string[]): Promise<PluginResult> {
  const main = fileURLToPath(new URL('../../src/plugin/main.ts', import.meta.url));
  const program = join(folder, 'kubectl-lunresync');
  await writeFile(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${main}' --kubeconfig '${scene.cluster.kubeconfigPath}' "$@"\n`,
  );
  await chmod(program, 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  const { stdout, stderr } = await promisify(execFile)(scene.cluster.kubectlPath, ['lunresync', ...args], { env });
  return { code: 0, stdout, stderr };
}

/** A kubeconfig file of a service account that has no rights. */
async function kubeconfigOf(account: string): Promise<string> {
  const { admin } = scene.cluster;
  const path = join(folder, account);
  const token = await serviceAccountToken(admin, scene.namespace, account);
  await writeFile(path, kubeconfigText({ server: admin.server, caPem: admin.caPem, token }));
  return path;
}

type Access = { readonly server: string; readonly caPem?: string; readonly token: string };

/** JSON is YAML too. */
function kubeconfigText({ server, caPem = '', token }: Access): string {
  const ca = caPem === '' ? {} : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...ca } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

/** Cells of each line without those that are ages, which grow between two looks, nor the blank or `<none>` ones. */
function withoutAges(text: string): string[][] {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => line.split(/ {2,}/).filter((cell) => !/^((\d+[smhd])+|<none>|)$/.test(cell)));
}
