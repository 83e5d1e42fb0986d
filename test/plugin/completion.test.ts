/** What a shell offers at the cursor. test/api/plugin-completion.test.ts asks it through kubectl. */
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../src/core/reasons.ts';
import { parseCommandLine } from '../../src/plugin/command-line.ts';
import { COMMANDS } from '../../src/plugin/commands.ts';
import { type Completion, completionOf } from '../../src/plugin/completion.ts';
import { createCommands } from '../../src/plugin/create-commands.ts';
import { manifestOf } from '../../src/plugin/manifest.ts';

const at = (...words: readonly string[]): Completion => completionOf(words, COMMANDS);
const wordsAt = (...words: readonly string[]): readonly string[] => at(...words).candidates.map(({ word }) => word);

describe('completion', () => {
  it('offers the commands, also behind options that take a value and behind help', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(wordsAt('')).toEqual(names);
    expect(wordsAt('-n', 'shop', '')).toEqual(names);
    expect(wordsAt('help', '')).toEqual(names);
    expect(wordsAt('help', 'list', '')).toEqual([]);
    expect(wordsAt('nonsense', '')).toEqual([]);
  });

  it('offers the options of the command that are not there yet, and those that may be repeated', () => {
    const offered = wordsAt('create', 'x', '--pair', 'a=lun:x,lun:y', '--plan', '--');
    expect(offered).toContain('--pair');
    expect(offered).toContain('--verify');
    expect(offered).toContain('--namespace');
    expect(offered).not.toContain('--plan');
    expect(wordsAt('list', '-')).not.toContain('--pair');
  });

  it.each([
    [
      ['create', 'x', '--verify', ''],
      ['Digest', 'None'],
    ],
    [
      ['create', 'x', '--verify='],
      ['--verify=Digest', '--verify=None'],
    ],
    [
      ['status', 'x', '-o', ''],
      ['yaml', 'json'],
    ],
    [['list', '--namespace', ''], []],
    [['list', '--unheard-of='], []],
  ])('offers the words of an option: %j', (words, offered) => {
    expect(wordsAt(...words)).toEqual(offered);
  });

  it('leaves files to the shell', () => {
    expect(at('diagnose', 'x', '--file', '')).toEqual({ candidates: [], files: true });
    expect(at('list', '--kubeconfig=')).toEqual({ candidates: [], files: true });
  });

  it('asks for LunResyncs where one is named, by the options that are on the line, and once only', () => {
    expect(at('-n', 'shop', 'watch', '')).toEqual({ candidates: [], resyncs: { namespace: 'shop' } });
    expect(at('watch', 'restore', '')).toEqual({ candidates: [] });
    expect(at('create', '')).toEqual({ candidates: [] });
  });

  it('offers the reasons to explain', () => {
    expect(wordsAt('explain', 'Arr')).toEqual(Object.keys(REASONS));
  });

  it('offers no word for a field of the spec that create would refuse', () => {
    const [create] = createCommands;
    const fields = Object.entries(create?.options ?? {}).filter(([name]) => !['dry-run', 'output'].includes(name));
    for (const [name, { words = [] }] of fields) {
      for (const word of words) {
        const line = parseCommandLine(['create', 'x', '--pair=a=snapshot:s', `--${name}`, word], COMMANDS);
        expect(line.kind === 'Run' && manifestOf('x', line.args)['spec']).toMatchObject({ pairs: [{ name: 'a' }] });
      }
    }
  });
});
