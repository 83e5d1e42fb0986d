/** docs/reference/configuration.md against what the programs read; its tables are compared by `npm run check`. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs/reference/configuration.md'), 'utf8');
const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => readFileSync(join(ROOT, path), 'utf8'));

describe('docs/reference/configuration.md', () => {
  it('has every environment variable that the sources name', () => {
    const read = sources.flatMap((text) => [...text.matchAll(/\benv(?:\['(\w+)'\]|\.([A-Z]\w+))/g)]);
    const names = read.map(([, quoted, plain]) => quoted ?? plain ?? '');
    expect(names).toContain('LUNARRAY_CRASH_AT');
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every flag that the simulated array parses', () => {
    const options = sources.find((text) => text.includes('export function parseOptions')) ?? '';
    const csi = sources.find((text) => text.includes('export const csiFlags')) ?? '';
    const flags = [...`${options}${csi}`.matchAll(/^\s+'?([a-z-]+)'?: \{ type: '/gm)].map(([, flag]) => flag);
    expect(flags.length).toBeGreaterThan(12);
    expect(flags.filter((flag) => !page.includes(`--${flag}`))).toEqual([]);
  });
});
