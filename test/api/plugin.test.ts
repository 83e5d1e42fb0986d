// The kubectl plugin as a process of its own, on pipes and in real terminals, against a real API server, operator and array.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { startInTerminal, startPlugin } from '../support/plugin.ts';
import { recordFigures } from '../support/record.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { callsOf, order, setBandwidth, untilCopying } from './acceptance.ts';
import { createArgs, inNamespace, makeLuns, plugin, RESYNC } from './plugin-scene.ts';

const ESCAPE = '\u001b';
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;]*m`);
/** Slow enough that a run is not over before a plugin has started, also on a busy machine. */
const SLOW = 2 * MIB;

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** A run of two pairs in the middle of a slow copy. */
async function slowRun(name: string, first: string, second: string): Promise<void> {
  await makeLuns(scene, first, 48 * MIB);
  await makeLuns(scene, second, 32 * MIB);
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
    await makeLuns(scene, 'orders', 12 * MIB);
    await makeLuns(scene, 'ledger');
    await setBandwidth(scene, 6 * MIB);
    const { code, stdout, stderr } = await plugin(
      scene,
      ...createArgs(scene, 'restore-shop', 'orders', 'ledger'),
      '--watch',
    );
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
      'kubectl lunresync create restore-shop --yes --pair … --pair … --watch | cat',
      stdout.trimEnd().split('\n'),
    );
  });
});

describe('watch in a terminal', () => {
  it('redraws its lines in place at 80 and at 120 columns, in colour unless NO_COLOR is set', async () => {
    await slowRun('restore-night', 'accounts', 'journal');
    const args = inNamespace(scene, 'watch', 'restore-night');
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
    // A frame that is drawn between the kernel's new size and the terminal's may leave one line above, and no more.
    expect(headlines(resized, 'restore-night')).toBeLessThanOrEqual(2);
    await setBandwidth(scene, 0);
    expect(await Promise.all(all.map((one) => one.ended()))).toEqual([0, 0, 0]);
    const after = await Promise.all(all.map((one) => one.screen()));
    for (const lines of after) {
      const screen = lines.slice(headlines(lines, 'restore-night') - 1);
      expect(lines.length - screen.length).toBeLessThanOrEqual(lines === after[1] ? 1 : 0);
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
    await using watching = await startInTerminal(scene.cluster, inNamespace(scene, 'watch', 'interrupted'), {
      columns: 80,
    });
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
    await makeLuns(scene, 'vetoed');
    await order(scene, {
      action: FaultAction.FAIL,
      step: Step.COPYING,
      lunId: 'vetoed-dst',
      reason: 'VSS_E_PROVIDER_VETO',
      remedy: 'Switch the shelf on',
    });
    const { code, stdout } = await plugin(
      scene,
      ...createArgs(scene, 'vetoed', 'vetoed'),
      '--backoff-limit',
      '0',
      '--watch',
    );
    expect(code).toBe(2);
    expect(stdout).toMatch(/ArrayVeto.*data Untouched/);
    expect(stdout).toMatch(/What to do: Do what the message and the Event say\.\n$/);
  });

  it('is 124 when the time is up, and 3 when the run is cancelled', async () => {
    await slowRun('long', 'long-a', 'long-b');
    const timedOut = await plugin(scene, 'watch', 'long', '--timeout', '300ms');
    expect({ code: timedOut.code, stderr: timedOut.stderr }).toMatchObject({
      code: 124,
      stderr: expect.stringContaining('the run goes on'),
    });
    await using watching = startPlugin(scene.cluster, inNamespace(scene, 'watch', 'long'));
    expect(await plugin(scene, 'cancel', 'long')).toMatchObject({
      code: 0,
      stdout: `${RESYNC}/long is to be cancelled\n`,
    });
    await untilCancelling('long');
    await setBandwidth(scene, 0);
    expect(await watching.ended()).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/Cancelled.*data RolledBack/),
    });
    expect((await plugin(scene, 'cancel', 'long')).stdout).toBe(`${RESYNC}/long has ended before: Cancelled\n`);
  });
});

function untilCancelling(name: string): Promise<void> {
  const isTold = (): boolean => callsOf(scene, name, 'CancelOperation').length > 0;
  return until(() => `${name}: CancelOperation`, isTold);
}
