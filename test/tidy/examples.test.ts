/** What the documents show can be used as it stands: YAML is YAML, objects of ours are valid, a shell can read the rest. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { lunResyncSpecSchema } from '../../src/api/lun-resync-spec.ts';
import { API_VERSION, LUN_RESYNC_KIND } from '../../src/api/names.ts';
import { type Manifest, problemOf } from './manifests.ts';
import { blocksOf, documentPaths, ROOT, read } from './markdown.ts';

/** Every block of a language, with the place where it stands. */
function blocks(language: string): (readonly [place: string, text: string])[] {
  return documentPaths().flatMap((path) =>
    blocksOf(read(path))
      .filter((block) => block.language === language)
      .map(({ line, text }) => [`${path}:${line}`, text] as const),
  );
}

const samples = globSync('deploy/samples/**/*.yaml', { cwd: ROOT }).toSorted();

/** The manifests of a text, and those that its ConfigMaps hold for a Pod to apply. */
function manifestsOf(text: string): Manifest[] {
  const manifests = loadAll(text) as Manifest[];
  const held = manifests.flatMap(({ kind, data }) =>
    kind === 'ConfigMap' ? Object.values(data as Record<string, string>) : [],
  );
  return [...manifests, ...held.flatMap((file) => loadAll(file) as Manifest[])];
}

function problemsIn(text: string): string[] {
  return manifestsOf(text).flatMap((manifest) => problemOf(manifest) ?? []);
}

describe('an example', () => {
  it.each(blocks('yaml'))('is YAML, and a valid object where it is one of ours: %s', (_, text) => {
    expect(problemsIn(text)).toEqual([]);
  });

  it.each(blocks('sh'))('can be read by a shell, and names only files that there are: %s', (_, text) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const files = [...text.matchAll(/(?<=^|[\s=])(?:deploy|docs|test|tools|proto)\/[\w./-]+/gm)].map(([file]) => file);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe('a sample', () => {
  it.each(samples)('is valid: %s', (path) => {
    expect(problemsIn(read(path))).toEqual([]);
  });

  it('full.yaml has every field that a spec can have', () => {
    const [{ spec }] = manifestsOf(read('deploy/samples/full.yaml')) as [{ spec: Record<string, unknown> }];
    expect(Object.keys(spec).toSorted()).toEqual(Object.keys(lunResyncSpecSchema.shape).toSorted());
    const pairs = spec['pairs'] as readonly { readonly source: object; readonly target?: object }[];
    const named = (sides: readonly object[]): string[] => sides.flatMap((side) => Object.keys(side)).toSorted();
    const { source, target } = lunResyncSpecSchema.shape.pairs.element.shape;
    expect(named(pairs.map((pair) => pair.source))).toEqual(Object.keys(source.shape).toSorted());
    expect(named(pairs.map((pair) => pair.target ?? {}))).toEqual(Object.keys(target.unwrap().shape).toSorted());
  });
});

describe('the check of a manifest', () => {
  const good = { apiVersion: API_VERSION, kind: LUN_RESYNC_KIND, metadata: { name: 'a' } };
  const pairs = [{ name: 'a', source: { volumeSnapshotName: 'b' } }];

  it.each([
    ['a good one', { ...good, spec: { pairs } }, undefined],
    ['one of somebody else', { apiVersion: 'v1', kind: 'Pod', spec: {} }, undefined],
    ['a value that is none', { ...good, spec: { pairs, verify: 'Maybe' } }, expect.stringContaining('spec.verify')],
    ['a field that there is not', { ...good, spec: { pairs, verified: true } }, 'no such field: spec.verified'],
    ['a kind that there is not', { ...good, kind: 'LunSync' }, 'there is no kind LunSync in lunresync.io/v1alpha1'],
  ])('judges %s', (_, manifest, problem) => {
    expect(problemOf(manifest)).toEqual(problem);
  });
});
