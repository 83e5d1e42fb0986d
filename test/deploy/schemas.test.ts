// deploy/schemas: what an editor or a check before a commit says of manifests.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUILD_MS, runProgram } from './helm.ts';
import { SCHEMA_PATH } from './schemas.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const SAMPLE = readFileSync(join(DEPLOY, 'samples', 'restore-claim.yaml'), 'utf8');

/** What kubeconform makes of the kinds of LunResync in a text; it passes over all others. */
async function conform(text: string): Promise<string> {
  const location = `${join(DEPLOY, 'schemas')}/${SCHEMA_PATH}`;
  const args = ['-strict', '-summary', '-ignore-missing-schemas', '-schema-location', location, '-'];
  return (await runProgram('kubeconform', args, text)).output;
}

describe('the schemas for editors', { timeout: BUILD_MS }, () => {
  it.each(globSync('samples/*.yaml', { cwd: DEPLOY }))('have nothing against %s', async (file) => {
    const output = await conform(readFileSync(join(DEPLOY, file), 'utf8'));
    expect(output).toMatch(/Invalid: 0, Errors: 0/);
  });

  it('know the kind that they are for', async () => {
    expect(await conform(SAMPLE)).toContain('Valid: 1, Invalid: 0, Errors: 0, Skipped: 0');
  });

  it.each([
    ['a field that does not exist', SAMPLE.replace('pairs:', 'pair:'), 'pair'],
    ['a word that is none', `${SAMPLE}  verify: Maybe\n`, 'verify'],
  ])('refuse %s, and name it', async (_, text, name) => {
    const output = await conform(text);
    expect(output).toContain('Invalid: 1');
    expect(output).toContain(name);
  });
});
