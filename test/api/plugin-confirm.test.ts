// The question that `create` and `undo` of the kubectl plugin ask before anything is overwritten.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startInTerminal, type TerminalPlugin } from '../support/plugin.ts';
import { lunPair, type Scene, startScene } from '../support/scene.ts';
import { inNamespace, makeLuns, plugin, RESYNC } from './plugin-scene.ts';

const PAIR = ['--pair', 'data=lun:asked-src,lun:asked-dst'];
const TWO = ['--pair', 'a=lun:asked-src,lun:asked-dst', '--pair', 'b=lun:more-src,lun:more-dst'];

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
  await makeLuns(scene, 'asked');
  await makeLuns(scene, 'more');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** The plugin in a terminal, when it has asked. */
async function asked(...args: readonly string[]): Promise<TerminalPlugin> {
  const terminal = await startInTerminal(scene.cluster, inNamespace(scene, ...args), { columns: 100 });
  await terminal.until('the question', (screen) => screen.some((line) => line.startsWith('Type ')));
  return terminal;
}

function create(name: string, ...more: readonly string[]): readonly string[] {
  return ['create', name, '--array', scene.arrayName, ...more];
}

describe('before anything is overwritten', () => {
  it('the name of the target is asked for, and nothing but that name creates the run', async () => {
    await using wrong = await asked(...create('wrong', ...PAIR));
    expect((await wrong.screen()).join('\n')).toContain('This overwrites LUN asked-dst.\nType asked-dst to go on:');
    wrong.type('yes');
    expect(await wrong.ended()).toBe(1);
    expect((await wrong.screen()).at(-1)).toBe('Nothing was created.');
    expect(await scene.read('wrong')).toBeUndefined();
    await using right = await asked(...create('right', ...PAIR));
    right.type('asked-dst');
    expect(await right.ended()).toBe(0);
    expect((await right.screen()).at(-1)).toBe(`${RESYNC}/right created`);
    await scene.finished('right');
  });

  it('the number of targets is asked for where there are several', async () => {
    await using terminal = await asked(...create('both', '--suspend', ...TWO));
    expect((await terminal.screen()).join('\n')).toContain(
      'overwrites LUN asked-dst, LUN more-dst.\nType 2 targets to',
    );
    terminal.type('2 targets');
    expect(await terminal.ended()).toBe(0);
    expect((await scene.read('both'))?.spec.pairs).toHaveLength(2);
    await scene.remove('both');
  });

  it('Ctrl-C is a no', async () => {
    await using terminal = await asked(...create('interrupted', ...PAIR));
    terminal.interrupt();
    expect(await terminal.ended()).toBe(130);
    expect((await terminal.screen()).at(-1)).toBe('Nothing was created.');
    expect(await scene.read('interrupted')).toBeUndefined();
  });

  it('an undo asks for what the run has overwritten', async () => {
    await scene.apply('done', { pairs: [lunPair('data', 'more-src', 'more-dst')] });
    await scene.finished('done');
    await using terminal = await asked('undo', 'done');
    expect((await terminal.screen()).join('\n')).toContain('This overwrites LUN more-dst.');
    terminal.type('');
    expect(await terminal.ended()).toBe(1);
    expect(await scene.read('undo-done')).toBeUndefined();
  });

  it('a script has to say --yes, but for a plan and a dry run', async () => {
    const args = create('scripted', ...PAIR);
    const [bare, dry, plan] = await Promise.all([
      plugin(scene, ...args),
      plugin(scene, ...args, '--dry-run=server'),
      plugin(scene, ...create('planned', ...PAIR), '--plan'),
    ]);
    expect(bare).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: this overwrites LUN asked-dst: where there is no terminal to ask on, --yes is needed\n',
    });
    expect(await scene.read('scripted')).toBeUndefined();
    expect([dry.code, plan.code]).toEqual([0, 0]);
  });
});
