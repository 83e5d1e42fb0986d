// A share of `npm run simulate`: the kept failures, some seeds, and some of the bugs that must be found.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { patched } from '../../support/source-patches.ts';
import { BUGS } from './bugs.ts';
import { hunt } from './find-bugs.ts';
import { play } from './play.ts';
import { keptScenarios } from './replay.ts';
import { scenarioOf } from './scenario.ts';
import { search } from './search.ts';

describe('the simulation', () => {
  it('plays the failures that were once found, and they do not come back', { timeout: 120_000 }, async () => {
    const kept = await keptScenarios();
    expect(kept.size).toBeGreaterThan(2);
    for (const [name, scenario] of kept) expect((await play(scenario)).violation, name).toBeUndefined();
  });

  it('finds no violation in its first seeds', { timeout: 120_000 }, async () => {
    const task = { firstSeed: 1, step: 1, untilMs: Number.POSITIVE_INFINITY, stopAtFirst: true, twiceEvery: 20 };
    const { failures, differing, scenarios } = await search({ ...task, limit: 200 });
    expect(failures.map(({ scenario, outcome }) => [scenario.seed, outcome.violation])).toEqual([]);
    expect({ differing, scenarios }).toEqual({ differing: [], scenarios: 200 });
  });

  it('does the same again for the same seed, and something else for another', async () => {
    const [first, again, other] = [await play(scenarioOf(7)), await play(scenarioOf(7)), await play(scenarioOf(8))];
    expect(again.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
  });

  const quick = ['names operations after the object', 'believes a success without digests', 'never sweeps'];
  it.each(quick)('finds a bug: %s', { timeout: 120_000 }, async (name) => {
    const bug = BUGS.find((candidate) => candidate.name === name);
    if (bug === undefined) throw new Error(`there is no bug ${name}`);
    expect((await hunt(bug, 1, 100_000)).rule).toBeDefined();
  });

  it('puts each bug into sources that still have the right place for it', async () => {
    for (const bug of BUGS) {
      const source = await readFile(new URL(`../../../src/${bug.file}`, import.meta.url), 'utf8');
      expect(() => patched(bug.file, source, [bug]), bug.name).not.toThrow();
    }
  });
});
