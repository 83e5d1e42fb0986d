// Every node of both CustomResourceDefinitions is bounded, described and of a kind that tools handle well.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { lunResyncCrd, storageArrayCrd } from '../../src/api/crd.ts';
import { structuralSchema } from '../../src/api/structural.ts';

type Node = { readonly [key: string]: unknown };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every schema node below `node` with its path. */
function walk(node: Node, path: string): (readonly [string, Node])[] {
  const below: (readonly [string, Node])[] = [];
  if (isNode(node['properties'])) {
    for (const [name, child] of Object.entries(node['properties'])) {
      if (isNode(child)) below.push(...walk(child, `${path}.${name}`));
    }
  }
  if (isNode(node['items'])) below.push(...walk(node['items'], `${path}[]`));
  return [[path, node], ...below];
}

function nodesOf(crd: { readonly spec: Node }): (readonly [string, Node])[] {
  const { versions } = JSON.parse(JSON.stringify(crd.spec)) as { versions: { schema: { openAPIV3Schema: Node } }[] };
  const root = versions[0]?.schema.openAPIV3Schema ?? {};
  const properties = root['properties'] as Record<string, Node>;
  return ['spec', 'status'].flatMap((part) => walk(properties[part] ?? {}, `${part}`));
}

const isBounded: Record<string, (node: Node) => boolean> = {
  string: (node) => 'maxLength' in node || 'enum' in node,
  integer: (node) => 'minimum' in node && 'maximum' in node && 'format' in node,
  array: (node) => 'maxItems' in node && 'x-kubernetes-list-type' in node,
  object: (node) => isNode(node['properties']) && !('additionalProperties' in node),
  boolean: () => true,
};

describe.each([
  ['LunResync', lunResyncCrd()],
  ['StorageArray', storageArrayCrd()],
] as const)('the schema of %s', (_, crd) => {
  const nodes = nodesOf(crd);

  it('has nodes to look at', () => {
    expect(nodes.length).toBeGreaterThan(20);
  });

  it('bounds every string, number, list and map, and knows no floats', () => {
    const unbounded = nodes.filter(([, node]) => isBounded[String(node['type'])]?.(node) !== true);
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  it('describes every field', () => {
    const named = nodes.filter(([path]) => !path.endsWith('[]'));
    const missing = named.filter(([, node]) => typeof node['description'] !== 'string' || node['description'] === '');
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  it('names every value of an enum and every default in the description', () => {
    const described = nodes.filter(([, node]) => Array.isArray(node['enum']) || 'default' in node);
    const silent = described.filter(([path, { description, enum: values, default: standard }]) => {
      if (path === 'status') return false;
      const words = [...(Array.isArray(values) ? values : []), ...(standard === undefined ? [] : [standard])];
      return words.some((word) => !String(description).includes(String(word)));
    });
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('requires nothing in status and defaults nothing in it', () => {
    const status = nodes.find(([path]) => path === 'status')?.[1];
    expect(status?.['required']).toBeUndefined();
    expect(status?.['default']).toEqual({ observedGeneration: -1 });
    expect(nodes.filter(([path, node]) => path.startsWith('status.') && 'default' in node)).toEqual([]);
  });

  it('gives every rule a message on one line', () => {
    const rules = nodes.flatMap(
      ([, node]) => (node['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[],
    );
    expect(rules.length).toBeGreaterThan(1);
    expect(rules.filter(({ rule, message }) => rule === '' || !/^[^\n]+$/.test(message))).toEqual([]);
  });
});

describe('the spec of a LunResync', () => {
  it('has no field in which another namespace could be named', () => {
    const names = nodesOf(lunResyncCrd()).map(([path]) => path);
    expect(names).toContain('spec.pairs[].source.volumeSnapshotName');
    expect(names.filter((path) => path.startsWith('spec') && /namespace/i.test(path))).toEqual([]);
  });
});

describe('turning a zod schema into a structural schema', () => {
  it.each([
    ['a union', z.object({ a: z.union([z.string(), z.int()]) }), '.a: a structural schema cannot say'],
    ['a float', z.object({ a: z.number() }), '.a: numbers must be whole'],
    ['a list without a list type', z.object({ a: z.array(z.string()) }), '.a: a list needs x-kubernetes-list-type'],
    ['anything', z.object({ a: z.unknown() }), '.a: a structural schema needs a type'],
  ])('refuses %s and says where', (_, schema, message) => {
    expect(() => structuralSchema(schema)).toThrow(message);
  });
});
