/** Whether a test of that title is in a file, by what `vitest list` reads in the sources. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export type TestFile = { readonly text: string; readonly titles: readonly string[] };

/** The named test files with the full titles of their tests, those of tables as templates. Nothing of them is run. */
export async function testFilesOf(root: string, files: readonly string[]): Promise<ReadonlyMap<string, TestFile>> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  // The files come first: one behind --json would be written to.
  const list = [vitest, 'list', ...files, '--static-parse', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, list, { cwd: root, maxBuffer: 2 ** 26 });
  const tests = JSON.parse(stdout) as readonly { readonly name: string; readonly file: string }[];
  const found = files.map((file): readonly [string, TestFile] => {
    const titles = tests.filter((test) => test.file === join(root, file)).map(({ name }) => name);
    return [file, { text: titles.length === 0 ? '' : textOf(join(root, file)), titles }];
  });
  return new Map(found);
}

/** The file with those of its folder that it imports: a table may stand in one of them. */
function textOf(path: string): string {
  const own = readFileSync(path, 'utf8');
  const imported = [...own.matchAll(/^(?:import .*|\}) from '(\.\/[^']+)';$/gm)].map(([, name = '']) =>
    join(dirname(path), name),
  );
  return [own, ...imported.map((file) => readFileSync(file, 'utf8'))].join('\n');
}

/** A title is known as it stands; that of one row of a table also when what fills its template stands in the text. */
export function hasTest({ text, titles }: TestFile, title: string): boolean {
  return titles.some((template) => {
    if (template === title) return true;
    const parts = template.split(PLACEHOLDER).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    const filled = parts.length > 1 ? new RegExp(`^${parts.join('(.+)')}$`).exec(title) : null;
    return filled?.slice(1).every((value) => text.includes(value)) ?? false;
  });
}

/** What vitest fills in: `%s` and its like, and `$field`. */
const PLACEHOLDER = /%[sdifjo]|\$\w+/;
