/** Links between the documents lead to files and headings that are there, and the index of docs names every page. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, documentPaths, ROOT, read, relativeLinks } from './markdown.ts';

const documents = documentPaths();
const INDEX = 'docs/README.md';

/** Path and anchor that a link in the document means. */
function destination(document: string, link: string): { readonly path: string; readonly anchor: string } {
  const [path = '', anchor = ''] = link.split('#');
  return { path: path === '' ? document : normalize(join(dirname(document), path)), anchor };
}

function isThere(document: string, link: string): boolean {
  const { path, anchor } = destination(document, link);
  if (path.startsWith('..') || !existsSync(join(ROOT, path))) return false;
  return anchor === '' || (path.endsWith('.md') && anchorsOf(read(path)).includes(anchor));
}

describe('a link', () => {
  it.each(documents)('leads to a file, and to a heading of it: %s', (document) => {
    expect(relativeLinks(read(document)).filter((link) => !isThere(document, link))).toEqual([]);
  });

  it('is found in prose, with its anchor, and in no code', () => {
    const text = 'see [a](a.md#b), [c]( #d) and `[no](e.md)`\n```\n[no](f.md)\n```\n[web](https://g.h)\n\n[i]: j.md\n';
    expect(relativeLinks(text)).toEqual(['a.md#b', 'j.md']);
    expect(relativeLinks('[c](#d)')).toEqual(['#d']);
  });
});

describe('a heading', () => {
  it.each([
    ['# Two commands', ['two-commands']],
    ['## 1. One object a run, with a `runID`', ['1-one-object-a-run-with-a-runid']],
    ['# The [chart](a.md)’s page', ['the-charts-page']],
    ['# Same\n## Same', ['same', 'same-1']],
    ['```\n# a comment\n```', []],
  ])('has the anchor that GitHub gives it: %j', (text, anchors) => {
    expect(anchorsOf(text)).toEqual(anchors);
  });
});

describe('the index of docs', () => {
  it('names every page in docs', () => {
    const named = relativeLinks(read(INDEX)).map((link) => destination(INDEX, link).path);
    const pages = documents.filter((path) => path.startsWith('docs/') && path !== INDEX);
    expect(pages.filter((page) => !named.includes(page))).toEqual([]);
  });
});
