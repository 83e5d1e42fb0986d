/** Holds the import directions of ARCHITECTURE.md, and that its rules know every part of src. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mayImport, partOf } from './import-rules.ts';
import { importsOf } from './imports-of.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const sources = globSync('**/*.{ts,js}', { cwd: join(ROOT, 'src') }).toSorted();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('the import directions', () => {
  it('are kept by every file of src', () => {
    const broken = sources.flatMap((file) =>
      importsOf(read(`src/${file}`))
        .filter((specifier) => !mayImport(file, specifier))
        .map((specifier) => `src/${file} imports ${specifier}`),
    );
    expect(broken).toEqual([]);
  });

  it('are defined for every file of src', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.filter((file) => partOf(file) === undefined)).toEqual([]);
  });

  it('keep everybody from importing the composition root, whose import would start an operator', () => {
    const files = globSync(['src/**/*.ts', 'test/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'], { cwd: ROOT });
    const reaches = (file: string, specifier: string): boolean => join(dirname(file), specifier) === 'src/operator.ts';
    const importers = files.filter((file) => importsOf(read(file)).some((specifier) => reaches(file, specifier)));
    expect(importers).toEqual([]);
  });

  it.each([
    ['core/decide.ts', '../api/names.ts', true],
    ['core/decide.ts', '../controller/ports.ts', false],
    ['core/decide.ts', 'node:fs', false],
    ['core/decide.ts', 'zod', false],
    ['api/crd.ts', 'zod', true],
    ['api/crd.ts', '../core/reasons.ts', false],
    ['controller/act.ts', '../kubernetes/http.ts', false],
    ['controller/act.ts', 'node:fs', false],
    ['kubernetes/lease.ts', '../controller/ports.ts', true],
    ['kubernetes/lease.ts', '../controller/reconcile.ts', false],
    ['kubernetes/lease.ts', '../array-client/codec.ts', false],
    ['simulator/state/luns.ts', '../../core/array.ts', false],
    ['simulator/state/luns.ts', '../../proto/lunarray/v1/lunarray_pb.js', true],
    ['rpc/client.ts', '../core/array.ts', false],
    ['plugin/cluster.ts', '../kubernetes/http.ts', true],
    ['plugin/cluster.ts', '../daemon/log.ts', false],
    ['plugin/cluster.ts', '../controller/ports.ts', false],
    ['plugin/cluster.ts', '../array-client/codec.ts', false],
    ['operator.ts', './plugin/main.ts', false],
    ['operator.ts', './simulator/main.ts', false],
  ])('judge that %s importing %s is allowed: %s', (file, specifier, allowed) => {
    expect(mayImport(file, specifier)).toBe(allowed);
  });
});

describe('the reader of imports', () => {
  it('finds every form of an import and nothing in prose', () => {
    const text = [
      "import 'one';",
      "import two from 'two';",
      'import {',
      '  type A,',
      '  B,',
      "} from './three.ts';",
      "import type { C } from './four.ts';",
      "export { D } from './five.ts';",
      "export * from './six.ts';",
      "const seven = await import('seven');",
      "type Eight = import('./eight.ts').Eight;",
      '// what we import from here is not an import',
      "const text = 'import from';",
    ].join('\n');
    expect(importsOf(text).toSorted()).toEqual(
      ['one', 'two', './three.ts', './four.ts', './five.ts', './six.ts', 'seven', './eight.ts'].toSorted(),
    );
  });
});
