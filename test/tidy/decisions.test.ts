/** docs/decisions: numbered without a gap, in one form, short. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const records = globSync('docs/decisions/*.md', { cwd: ROOT }).toSorted();

describe('the decisions', () => {
  it('are numbered from 1 without a gap', () => {
    const numbers = records.map((path) => basename(path).slice(0, 4));
    expect(numbers).toEqual(records.map((_, at) => String(at + 1).padStart(4, '0')));
    expect(numbers.length).toBeGreaterThan(0);
  });

  it.each(records)('have their number, four parts and no more than a page: %s', (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    expect(text).toMatch(new RegExp(`^# ${Number(basename(path).slice(0, 4))}\\. `));
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Context', 'Decision', 'Consequences', 'Rejected']);
    expect(text.split('\n').length).toBeLessThanOrEqual(60);
  });
});
