/** The configuration for kube-state-metrics: every path that it follows is one of the CustomResourceDefinition. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');

type Path = readonly string[];
type Source = {
  readonly path?: Path;
  readonly labelsFromPath?: Readonly<Record<string, Path>>;
  readonly valueFrom?: Path;
};
type Metric = {
  readonly name: string;
  readonly help: string;
  readonly each: { readonly type: 'Gauge' | 'Info'; readonly gauge?: Source; readonly info?: Source };
};
type Resource = {
  readonly groupVersionKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly metricNamePrefix: string;
  readonly labelsFromPath: Readonly<Record<string, Path>>;
  readonly metrics: readonly Metric[];
};
type Schema = {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
};
type Definition = {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
};

const readYAML = (...path: string[]): unknown => load(readFileSync(join(DEPLOY, ...path), 'utf8'));
const { spec } = readYAML('monitoring', 'kube-state-metrics.yaml') as { readonly spec: { resources: Resource[] } };

/** What the API server puts into every object's metadata. */
const METADATA: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    creationTimestamp: { type: 'string', format: 'date-time' },
  },
};

function schemaOf({ groupVersionKind: { group, version, kind } }: Resource): Schema {
  const { spec: of } = readYAML('crds', `${kind.toLowerCase()}s.${group}.yaml`) as Definition;
  const root = of.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema;
  expect([of.group, of.names.kind]).toEqual([group, kind]);
  return { ...root, properties: { ...root?.properties, metadata: METADATA } };
}

/** The schema at the end of a path; undefined when it leads nowhere. */
function at(schema: Schema | undefined, path: Path): Schema | undefined {
  return path.reduce<Schema | undefined>((inner, name) => inner?.properties?.[name], schema);
}

/** Whether kube-state-metrics can make a number of it: a number, a time, or the word of a condition. */
function isNumeric({ type, format, enum: words = [] }: Schema): boolean {
  return type === 'integer' || format === 'date-time' || words.includes('True');
}

describe.each(spec.resources)('$metricNamePrefix', (resource) => {
  const root = schemaOf(resource);

  it('has the labels of the object from paths that there are', () => {
    for (const path of Object.values(resource.labelsFromPath)) expect(at(root, path), path.join('.')).toBeDefined();
  });

  it.each(resource.metrics)(
    '_$name follows paths that there are, to a value that can be a number',
    ({ help, each }) => {
      const source = each.type === 'Info' ? each.info : each.gauge;
      const found = at(root, source?.path ?? []);
      const of = found?.type === 'array' ? found.items : found;
      for (const path of Object.values(source?.labelsFromPath ?? {}))
        expect(at(of, path)?.type, path.join('.')).toBe('string');
      if (each.type === 'Gauge') expect(isNumeric(at(of, source?.valueFrom ?? []) ?? {})).toBe(true);
      expect(help).toMatch(/^[A-Z].*\.$/);
    },
  );
});

describe('the names', () => {
  it('are each there once', () => {
    const names = spec.resources.flatMap(({ metricNamePrefix, metrics }) =>
      metrics.map(({ name }) => `${metricNamePrefix}_${name}`),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^kube_lunresync_io_(lunresync|storagearray)_[a-z_]+$/);
  });
});
