// The kubectl plugin as a process of its own, on pipes and in real terminals, against a real API server, operator and array.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { kubectl, serviceAccountToken } from '../support/api-client.ts';
import { type PluginResult, runPlugin, startInTerminal, startPlugin } from '../support/plugin.ts';
import { recordFigures } from '../support/record.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { callsOf, order, setBandwidth, untilCopying, untilReason } from './acceptance.ts';

const ESCAPE = '\u001b';
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;]*m`);
/** Slow enough that a run is not over before a plugin has started, also on a busy machine. */
const SLOW = 2 * MIB;
const RESYNC = 'lunresync.lunresync.io';

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

const inNamespace = (args: readonly string[]): string[] => [...args, '-n', scene.namespace];
const plugin = (...args: readonly string[]): Promise<PluginResult> => runPlugin(scene.cluster, inNamespace(args));

/** LUNs `<name>-src` and `<name>-dst` with different bytes. */
async function makeLuns(name: string, sizeBytes = 4 * MIB): Promise<void> {
  await scene.lun(`${name}-src`, sizeBytes, `${name} source`);
  await scene.lun(`${name}-dst`, sizeBytes, `${name} target`);
}

function createArgs(name: string, ...luns: readonly string[]): string[] {
  const pairs = luns.flatMap((lun) => ['--pair', `${lun}=lun:${lun}-src,lun:${lun}-dst`]);
  return ['create', name, '--array', scene.arrayName, ...pairs];
}

/** A run of two pairs in the middle of a slow copy. */
async function slowRun(name: string, first: string, second: string): Promise<void> {
  await makeLuns(first, 48 * MIB);
  await makeLuns(second, 32 * MIB);
  await setBandwidth(scene, SLOW);
  await scene.apply(name, {
    pairs: [first, second].map((lun) => lunPair(lun, `${lun}-src`, `${lun}-dst`)),
  });
  await untilCopying(scene, name);
}

/** What a person saw, written into docs/kubectl-plugin.md where LUNRESYNC_RECORD is set. */
function recordScreen(section: string, typed: string, screen: readonly string[]): Promise<void> {
  return recordFigures({
    page: 'kubectl-plugin.md',
    section,
    command: 'LUNRESYNC_RECORD=1 npx vitest run --project api test/api/plugin.test.ts',
    lines: ['```console', `$ ${typed}`, ...screen.map((line) => line.trimEnd()), '```'],
  });
}

/** As `cat -v` shows them. */
function withVisibleEscapes(text: string): string {
  return text.replaceAll(ESCAPE, '^[');
}

/** How often the frame's first line is on the screen: once, if it is redrawn in place. */
const headlines = (screen: readonly string[], name: string): number =>
  screen.filter((line) => line.startsWith(`${name}  `)).length;

describe('watch on a pipe', () => {
  it('has one line a change and no escape codes from create to the end, and exit code 0', async () => {
    await makeLuns('orders', 12 * MIB);
    await makeLuns('ledger');
    await setBandwidth(scene, 6 * MIB);
    const { code, stdout, stderr } = await plugin(...createArgs('restore-shop', 'orders', 'ledger'), '--watch');
    await setBandwidth(scene, 0);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain(ESCAPE);
    const [created, ...lines] = stdout.trimEnd().split('\n');
    expect(created).toBe(`${RESYNC}/restore-shop created`);
    const changes = lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, ''));
    expect(changes.every((line, at) => line !== changes[at - 1])).toBe(true);
    expect(changes).toContainEqual(expect.stringMatching(/^Copying, \d+%, .* of 16 MiB, .*data Overwriting$/));
    expect(changes).toContain('pair orders Copying');
    expect(changes).toContain('pair orders Succeeded');
    expect(changes.at(-2)).toBe('pair ledger Succeeded');
    expect(changes).toContainEqual(
      expect.stringMatching(/^Completed, 100%, 16 MiB of 16 MiB, .*pairs 2\/2, data MatchesSource$/),
    );
    expect(changes.at(-1)).toMatch(/^2 LUNs have the content of the source/);
    expect(await scene.digest('orders-dst')).toBe(await scene.digest('orders-src'));
    await recordScreen(
      'pipe',
      'kubectl lunresync create restore-shop --pair … --pair … --watch | cat',
      stdout.split('\n'),
    );
  });
});

describe('watch in a terminal', () => {
  it('redraws its lines in place at 80 and at 120 columns, in colour unless NO_COLOR is set', async () => {
    await slowRun('restore-night', 'accounts', 'journal');
    const args = inNamespace(['watch', 'restore-night']);
    await using narrow = await startInTerminal(scene.cluster, args, { columns: 80 });
    await using wide = await startInTerminal(scene.cluster, args, { columns: 120 });
    await using plain = await startInTerminal(scene.cluster, args, { columns: 80, env: { NO_COLOR: '1' } });
    const copies = (screen: readonly string[]): boolean => / [1-9]\d*%.* left/.test(screen[1] ?? '');
    const all = [narrow, wide, plain];
    const during = await Promise.all(all.map((one) => one.until('the copy is shown', copies)));
    for (const screen of during) {
      expect(headlines(screen, 'restore-night')).toBe(1);
      expect(screen[2]).toMatch(/^ {2}accounts {2}Copying {6}\[#*\.*\] +\d+% {2}\S+ MiB of 48 MiB/);
      expect(screen[3]).toMatch(/^ {2}journal {3}/);
    }
    expect(during[1]?.[2]).toMatch(/accounts-src → accounts-dst$/);
    // Shrinks while the copy goes on: SIGWINCH, and the old lines are broken by the terminal.
    await wide.resize(80);
    const isNarrow = (screen: readonly string[]): boolean => screen.length > 2 && screen[2]?.includes('→') === false;
    const resized = await wide.until('the narrow form is shown', isNarrow);
    expect(headlines(resized, 'restore-night')).toBe(1);
    await setBandwidth(scene, 0);
    expect(await Promise.all(all.map((one) => one.ended()))).toEqual([0, 0, 0]);
    const after = await Promise.all(all.map((one) => one.screen()));
    for (const screen of after) {
      expect(headlines(screen, 'restore-night')).toBe(1);
      expect(screen[0]).toMatch(/^restore-night {2}Completed {2}pairs 2\/2 {2}data MatchesSource/);
      expect(screen[1]).toMatch(/^\[#{24,40}\] 100% {2}80 MiB of 80 MiB/);
      expect(screen.at(-1)).toMatch(/^2 LUNs have the content of the source/);
    }
    expect(all.map((one) => COLOUR.test(one.raw()))).toEqual([true, true, false]);
    const command = 'kubectl lunresync watch restore-night';
    await recordScreen('80 columns', command, [...(during[0] ?? []), '', ...(after[0] ?? [])]);
    await recordScreen('120 columns', command, during[1] ?? []);
    await recordScreen('NO_COLOR', `NO_COLOR=1 ${command}`, withVisibleEscapes(plain.raw()).split('\r\n').slice(0, 10));
  });

  it('stops at Ctrl-C with 130 and says that the run goes on, which it does', async () => {
    await slowRun('interrupted', 'left', 'right');
    await using watching = await startInTerminal(scene.cluster, inNamespace(['watch', 'interrupted']), { columns: 80 });
    await watching.until('the copy is shown', (screen) => screen[0]?.includes('Copying') === true);
    watching.interrupt();
    expect(await watching.ended()).toBe(130);
    const screen = await watching.screen();
    expect(screen.join('\n')).toMatch(/Stopped watching; the run goes on\.\n.*kubectl lunresync watch .* interrupted/);
    await recordScreen('Ctrl-C', 'kubectl lunresync watch interrupted', screen);
    expect(reasonOf((await scene.read('interrupted')) ?? expect.fail('it is gone'))).toBe('Copying');
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('interrupted'))).toBe('Completed');
    expect(callsOf(scene, 'interrupted', 'CancelOperation')).toEqual([]);
  });
});

describe('the exit code of watch', () => {
  it('is 2 for a run that failed, whose remedy is shown', async () => {
    await makeLuns('vetoed');
    await order(scene, {
      action: FaultAction.FAIL,
      step: Step.COPYING,
      lunId: 'vetoed-dst',
      reason: 'VSS_E_PROVIDER_VETO',
      remedy: 'Switch the shelf on',
    });
    const { code, stdout } = await plugin(...createArgs('vetoed', 'vetoed'), '--backoff-limit', '0', '--watch');
    expect(code).toBe(2);
    expect(stdout).toMatch(/ArrayVeto.*data Untouched/);
    expect(stdout).toMatch(/What to do: Do what the message and the Event say\.\n$/);
  });

  it('is 124 when the time is up, 4 when the object is deleted, 3 when the run is cancelled', async () => {
    await slowRun('long', 'long-a', 'long-b');
    const timedOut = await plugin('watch', 'long', '--timeout', '300ms');
    expect({ code: timedOut.code, stderr: timedOut.stderr }).toMatchObject({
      code: 124,
      stderr: expect.stringContaining('the run goes on'),
    });
    await using watching = startPlugin(scene.cluster, inNamespace(['watch', 'long']));
    expect(await plugin('cancel', 'long')).toMatchObject({ code: 0, stdout: `${RESYNC}/long is to be cancelled\n` });
    await untilCancelling('long');
    await setBandwidth(scene, 0);
    expect(await watching.ended()).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/Cancelled.*data RolledBack/),
    });
    expect((await plugin('cancel', 'long')).stdout).toBe(`${RESYNC}/long has ended before: Cancelled\n`);
    await scene.apply('held', { arrayName: 'absent', pairs: [lunPair('data', 'long-a-src', 'long-b-dst')] });
    await using other = startPlugin(scene.cluster, inNamespace(['watch', 'held']));
    await untilOutput(other.stdout, 'absent');
    await scene.remove('held');
    expect(await other.ended()).toMatchObject({ code: 4, stderr: expect.stringContaining('was deleted') });
  });

  it('is 4 for a name that is not there, 5 without permission, 1 for wrong usage and for no answer', async () => {
    const nobody = { kubeconfigPath: await kubeconfigOf('nobody') };
    const nowhere = join(folder, 'nowhere');
    await writeFile(nowhere, kubeconfigText({ server: 'https://127.0.0.1:1', token: 'none' }));
    const [absent, forbidden, wrong, unreachable] = await Promise.all([
      plugin('watch', 'absent'),
      runPlugin(nobody, inNamespace(['watch', 'restore-shop'])),
      plugin('watch', 'one', 'two'),
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

describe('the other commands', () => {
  it('check, create, hold, let go, plan and undo runs', async () => {
    await makeLuns('books');
    const before = await scene.digest('books-dst');
    const args = createArgs('books', 'books');
    const [server, invalid, client] = await Promise.all([
      plugin(...args, '--dry-run=server'),
      plugin('create', 'books', '--dry-run=server', '--pair', 'a=lun:x,lun:y', '--pair', 'b=lun:z,lun:y'),
      plugin(...args, '--dry-run=client', '-o', 'json', '--run-id', 'r1'),
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
    expect((await plugin(...args, '--suspend')).stdout).toBe(`${RESYNC}/books created\n`);
    await untilReason(scene, 'books', 'Suspended');
    expect((await plugin('resume', 'books')).stdout).toBe(`${RESYNC}/books resumed\n`);
    expect(reasonOf(await scene.finished('books'))).toBe('Completed');
    expect(await scene.digest('books-dst')).not.toBe(before);
    const [again, undone] = await Promise.all([plugin(...args), plugin('undo', 'books', '--as', 'back', '--watch')]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/books exists already.*choose another name/),
    });
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(await scene.digest('books-dst')).toBe(before);
    await scene.apply('unfinished', { suspend: true, pairs: [lunPair('data', 'books-src', 'books-dst')] });
    const [plan, vain] = await Promise.all([
      plugin(...createArgs('plan', 'books'), '--plan', '--watch'),
      plugin('undo', 'unfinished'),
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
    const kubectlArgs = ['get', 'lrs', '-n', scene.namespace];
    const [list, wide, all, got, gotWide, status] = await Promise.all([
      throughKubectl(['list', '-n', scene.namespace]),
      plugin('list', '-o', 'wide'),
      plugin('list', '-A'),
      kubectl(scene.cluster, kubectlArgs),
      kubectl(scene.cluster, [...kubectlArgs, '-o', 'wide']),
      plugin('status', 'restore-shop'),
    ]);
    expect(withoutAges(list.stdout)).toEqual(withoutAges(got.stdout));
    expect(withoutAges(wide.stdout)).toEqual(withoutAges(gotWide.stdout));
    expect(all.stdout).toMatch(
      new RegExp(`^NAMESPACE +NAME +STATUS[^]*^${scene.namespace} +restore-shop +Completed`, 'm'),
    );
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^restore-shop {2}Completed {2}pairs 2\/2 {2}data MatchesSource/);
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

function untilCancelling(name: string): Promise<void> {
  const isTold = (): boolean => callsOf(scene, name, 'CancelOperation').length > 0;
  return until(() => `${name}: CancelOperation`, isTold, 15_000);
}

function untilOutput(output: () => string, text: string): Promise<void> {
  return until(
    () => `"${text}" in ${output()}`,
    () => output().includes(text),
    15_000,
  );
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
