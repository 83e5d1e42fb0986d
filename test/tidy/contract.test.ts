/** docs/contract.md: every clause once, each with what becomes of it, and with tests that are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasTest, testFilesOf } from './test-titles.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** One that goes leaves a gap here, as in the page. */
const CLAUSES = Array.from({ length: 58 }, (_, at) => `C${at + 1}`);

type Row = { readonly clause: string; readonly cells: readonly string[] };

const rows = readFileSync(join(ROOT, 'docs/contract.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| C\d/.test(line))
  .map((line): Row => {
    const [clause = '', ...cells] = line.split('|').slice(1, -1);
    return { clause: clause.trim(), cells: cells.map((cell) => cell.trim()) };
  });

/** The tests of a row; one that names no file is in the file of the one before. */
function testsOf({ cells }: Row): { readonly file: string; readonly title: string }[] {
  let file = '';
  return (cells[2] ?? '').split('<br>').map((test) => {
    const [, named, title = test] = /^`([^`]+)` (.+)$/.exec(test) ?? [];
    file = named ?? file;
    return { file, title };
  });
}

describe('docs/contract.md', () => {
  it('has every clause once, in order', () => {
    expect(rows.map(({ clause }) => clause)).toEqual(CLAUSES);
  });

  it('says of each clause what it is, what becomes of it here, and which tests prove that', () => {
    const lacking = rows.filter(({ cells }) => cells.length !== 3 || !cells.every((cell) => /\w{3}/.test(cell)));
    expect(lacking.map(({ clause }) => clause)).toEqual([]);
  });

  it('names tests that are there', { timeout: 120_000 }, async () => {
    const named = rows.flatMap((row) => testsOf(row).map((test) => ({ ...test, clause: row.clause })));
    const files = await testFilesOf(ROOT, [...new Set(named.map(({ file }) => file))]);
    const missing = named.filter(({ file, title }) => {
      const tests = files.get(file);
      return tests === undefined || !hasTest(tests, title);
    });
    expect(missing.map(({ clause, file, title }) => `${clause}: ${file} has no test "${title}"`)).toEqual([]);
  });
});

describe('the title of a test', () => {
  const file = {
    text: "it.each([['shrinks'], ['grows']])",
    titles: ['a resync > copies (all of it)', 'a resync > %s to the size of its source', '$rule'],
  };

  it.each([
    ['as it stands', 'a resync > copies (all of it)', true],
    ['as a template', 'a resync > %s to the size of its source', true],
    ['with a value of the table', 'a resync > shrinks to the size of its source', true],
    ['with a value that the table has not', 'a resync > turns to the size of its source', false],
    ['without its description', 'copies (all of it)', false],
    ['cut', 'a resync > copies', false],
    ['of no test', 'a resync > fails', false],
  ])('%s is judged rightly', (_, title, isThere) => {
    expect(hasTest(file, title)).toBe(isThere);
  });
});
