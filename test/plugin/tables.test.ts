/** The table of list, ages, and what explain says. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { lunResyncCrd } from '../../src/api/crd.ts';
import { REASONS } from '../../src/core/reasons.ts';
import { age } from '../../src/plugin/age.ts';
import { Arguments, CommandFailure } from '../../src/plugin/command.ts';
import { explainCommand } from '../../src/plugin/explain-command.ts';
import { COLUMNS, table } from '../../src/plugin/list-command.ts';
import { formatObject } from '../../src/plugin/output.ts';
import { wrap } from '../../src/plugin/text.ts';
import { copying, NOW, run } from './runs.ts';

describe('the table of list', () => {
  it('has the columns of kubectl get', () => {
    const crd = lunResyncCrd();
    const [version] = crd.spec['versions'] as { additionalPrinterColumns: { name: string; priority?: number }[] }[];
    const columns = (version?.additionalPrinterColumns ?? []).map(({ name, priority = 0 }) => [name, priority === 1]);
    expect(COLUMNS.map(({ heading, wide = false }) => [heading, wide])).toEqual([['NAME', false], ...columns]);
  });

  it('says <none> where there is nothing', () => {
    const text = table(COLUMNS.slice(0, 6), [copying(), run({ reason: 'Pending' })], NOW);
    expect(text.split('\n')).toEqual([
      'NAME           STATUS    PROGRESS   PAIRS    DATA          AGE',
      'restore-shop   Copying   <none>     0/2      Overwriting   60s',
      'restore-shop   Pending   <none>     <none>   <none>        60s',
      '',
    ]);
  });
});

describe('an age', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [599, '9m59s'],
    [3600, '60m'],
    [3 * 3600, '3h'],
    [5 * 3600 + 720, '5h12m'],
    [47 * 3600, '47h'],
    [2 * 86400 + 3600, '2d1h'],
    [9 * 86400, '9d'],
    [3 * 365 * 86400 + 86400, '3y1d'],
    [9 * 365 * 86400, '9y'],
  ])('of %i seconds is written %s', (seconds, text) => {
    expect(age(new Date(NOW - seconds * 1000).toISOString(), NOW)).toBe(text);
  });

  it('is never negative, and <none> without a time', () => {
    expect([age(new Date(NOW + 5_000).toISOString(), NOW), age(undefined, NOW)]).toEqual(['0s', '<none>']);
  });
});

describe('explain', () => {
  async function explained(...words: readonly string[]): Promise<string> {
    let text = '';
    const out = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    }) as NodeJS.WriteStream;
    const values = words.includes('json') ? { output: 'json' } : {};
    const args = new Arguments(
      values,
      words.filter((word) => word !== 'json'),
    );
    const connect = (): never => expect.fail('explain asks no cluster');
    await explainCommand.run({
      io: { in: process.stdin, out, err: out, env: {} },
      args,
      connect,
      signal: AbortSignal.timeout(10_000),
    });
    return text;
  }

  it.each(Object.keys(REASONS))('knows %s', async (name) => {
    const text = await explained(name.toUpperCase());
    expect(text).toContain(REASONS[name as keyof typeof REASONS].meaning);
    expect(text).toContain(REASONS[name as keyof typeof REASONS].hresult);
  });

  it('lists every reason without a word, and all reasons of an HRESULT with its name or number', async () => {
    const all = await explained();
    for (const name of Object.keys(REASONS)) expect(all).toMatch(new RegExp(`^  ${name} `, 'm'));
    const inUse = JSON.parse(await explained('VSS_E_VOLUME_IN_USE', 'json')) as { name: string; code: string }[];
    expect(inUse.map(({ name }) => name)).toEqual(['TargetInUse', 'SourceInUse']);
    expect(JSON.parse(await explained(inUse[0]?.code ?? '', 'json'))).toEqual(inUse);
  });

  it('says what may have been meant', () => {
    expect(() => explainCommand.run({ args: new Arguments({}, ['inuse']) } as never)).toThrow(CommandFailure);
    expect(() => explainCommand.run({ args: new Arguments({}, ['inuse']) } as never)).toThrow(
      'is it TargetInUse or SourceInUse?',
    );
  });
});

describe('an object that is printed', () => {
  const object = { kind: 'LunResync', metadata: { name: 'a', managedFields: [{}] }, spec: {} };

  it('has no managed fields, alone or in a list', () => {
    expect(formatObject(object, 'yaml')).toBe('kind: LunResync\nmetadata:\n  name: a\nspec: {}\n');
    expect(formatObject({ kind: 'List', items: [object] }, 'json')).not.toContain('managedFields');
    expect(formatObject({ kind: 'List', items: [object] }, 'name')).toBe('lunresync.lunresync.io/a\n');
  });
});

describe('wrapped text', () => {
  it('is broken between words, and within one that is too long', () => {
    expect(wrap('one two  three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
    expect(wrap('', 8)).toEqual([]);
  });
});
