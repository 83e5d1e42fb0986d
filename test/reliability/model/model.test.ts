// A share of `npm run test:model`: one scenario completely, and some of the rules taken out.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { patched } from '../../support/source-patches.ts';
import { ABLATIONS } from './ablations.ts';
import { runAblation, runScenario } from './run.ts';
import { scenarios } from './scenarios.ts';

describe('the model', () => {
  it('has no violation and no stuck state where etcd is put back', { timeout: 120_000 }, async () => {
    const { states, violation, stuck, isCut } = await runScenario('e');
    expect({ violation, stuck, isCut }).toEqual({ violation: undefined, stuck: 0, isCut: false });
    expect(states).toBe(scenarios().find(({ name }) => name === 'e')?.states);
  });

  const quick = ['no finalizer', 'let go without proof', 'a terminal status before the proof', 'unknown is no'];
  it.each(quick)('goes wrong without a rule: %s', { timeout: 60_000 }, async (name) => {
    const ablation = ABLATIONS.find((candidate) => candidate.name === name);
    if (ablation === undefined) throw new Error(`there is no ablation ${name}`);
    expect((await runAblation(ablation)).by?.trace.length).toBeGreaterThan(2);
  });

  it('takes each rule out of sources that still have it', async () => {
    for (const { patches } of ABLATIONS)
      for (const { file, find } of patches) {
        const source = await readFile(new URL(`../../../src/${file}`, import.meta.url), 'utf8');
        const own = patches.filter((patch) => patch.file === file);
        expect(() => patched(file, source, own), `${file}: ${find}`).not.toThrow();
      }
  });
});
