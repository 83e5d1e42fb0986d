// A share of `npm run test:crash`: all kinds of points, not at all of their places.
import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { ARRAY_EFFECTS, OPERATOR_EFFECTS } from './registry.ts';
import { STORIES } from './stories.ts';

const stories = STORIES.map(({ name }) => name);

describe('the stories', () => {
  it('reach every effect that the operator and the array have, and crash nowhere with harm', {
    timeout: 120_000,
  }, async () => {
    const found = await explore({ stories, every: 29, pairsOfEvery: 0 });
    expect(found.violations).toEqual([]);
    expect(found.runs).toBeGreaterThan(100);
    const registered = [...Object.values(OPERATOR_EFFECTS), ...Object.values(ARRAY_EFFECTS)];
    expect([...new Set(registered)].filter((name) => !found.names.has(name))).toEqual([]);
  });

  it('survive a second crash at each effect of the recovery from the first', { timeout: 120_000 }, async () => {
    const found = await explore({ stories: stories.slice(0, 1), every: 149, pairsOfEvery: 149 });
    expect(found.violations).toEqual([]);
    expect(found.pairs).toBeGreaterThan(50);
  });
});
