/** The operator as tests and benchmarks start it "as built" is the one of the image. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AS_BUILT } from '../support/operator-server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const operator =
  readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .at(-1) ?? '';

describe('the image of the operator', () => {
  it('starts it with the arguments that are measured', () => {
    const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(operator) ?? [];
    const [node, ...args] = JSON.parse(entrypoint) as string[];
    expect(node).toBe('node');
    expect(args).toEqual(AS_BUILT.args.map((word) => (word.startsWith('/') ? relative(ROOT, word) : word)));
  });

  it('has the environment that is measured', () => {
    for (const [name, value] of Object.entries(AS_BUILT.env))
      expect(operator).toMatch(new RegExp(`^ENV .*\\b${name}=${value}( |$)`, 'm'));
  });
});
