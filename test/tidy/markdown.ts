/** What the tests of the documents read of Markdown: headings as anchors, links, and fenced blocks of code. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's folder. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** Folders that are made here and hold the documents of others. */
const FOREIGN: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', '.data']);

/** Paths of all documents of the repository, relative to it. */
export function documentPaths(): string[] {
  return globSync('**/*.md', { cwd: ROOT, exclude: (path) => FOREIGN.has(path) }).toSorted();
}

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export type Block = {
  /** The word behind the opening fence: `yaml`, `sh`, …; empty when there is none. */
  readonly language: string;
  readonly text: string;
  /** Where the block begins, for messages; from 1. */
  readonly line: number;
};

/** Fenced blocks, also those that are indented as parts of a list. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  for (const match of text.matchAll(/^( *)```([\w-]*)[^\n]*\n([\s\S]*?)^\1``` *$/gm)) {
    const [, indent = '', language = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    blocks.push({ language, line, text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') });
  }
  return blocks;
}

/** The text without fenced blocks and without what stands between backticks. */
function proseOf(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *``` *$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

/** Where relative links lead, as they are written: `page.md#heading`, `#heading`, `../folder`. */
export function relativeLinks(text: string): string[] {
  const prose = proseOf(text);
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]: +(\S+)/gm)];
  return [...inline, ...references].flatMap(([, link]) =>
    link === undefined || /^(https?|mailto):/.test(link) ? [] : link,
  );
}

/**
 * The anchors of the headings, as GitHub makes them: lower case, no punctuation, `-` for a blank, and a number from the
 * second of the same name on.
 */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  const body = text.replaceAll(/^ *```[\s\S]*?^ *``` *$/gm, '');
  return [...body.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const name = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
}
