/** The documents name files of this repository, and npm scripts: those must be there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).toSorted();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

describe('the documents', () => {
  it('are there', () => {
    expect(documents).toEqual(
      expect.arrayContaining(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/design.md']),
    );
  });

  it.each(documents)('name only paths that exist: %s', (document) => {
    const text = read(document);
    const paths = matches(text, /`((?:src|test|scripts|proto|deploy|docs|tools|bench)\/[\w./-]+?)`/g);
    // Code may look like a link: a pattern of the API reference does.
    const prose = text.replaceAll(/`[^`\n]*`/g, '');
    const links = matches(prose, /\]\((?!https?:|#|mailto:)([^)#\s]+)/g).map((link) => join(dirname(document), link));
    expect([...paths, ...links].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(documents)('name only npm scripts that exist: %s', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const named = matches(read(document), /npm run ([\w:-]+)/g);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
