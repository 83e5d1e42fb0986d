/** What the server serves: our two kinds by the schemas of their CRDs, and the built-in ones that the operator uses. */
import { lunResyncCrd, storageArrayCrd } from '../../../../src/api/crd.ts';
import type { Json, Stored } from './object-history.ts';
import { lunResyncProblems, type Rules, storageArrayProblems } from './rules.ts';
import type { Schema } from './structural.ts';

export type Kind = {
  /** The plural, as in paths. */
  readonly resource: string;
  readonly group: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  /** What a new object has besides what was sent. */
  readonly defaults?: Json;
  /** The label that repeats the name. */
  readonly nameLabel?: string;
  /** A custom resource: it has a status of its own, generations, and a version that every update must name. */
  readonly custom?: { readonly spec: Schema; readonly status: Schema; readonly rules: Rules };
};

const crds = [
  { crd: lunResyncCrd(), rules: lunResyncProblems },
  { crd: storageArrayCrd(), rules: storageArrayProblems },
];

const builtIn: readonly Kind[] = [
  {
    resource: 'namespaces',
    group: '',
    apiVersion: 'v1',
    kind: 'Namespace',
    isNamespaced: false,
    defaults: { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
    nameLabel: 'kubernetes.io/metadata.name',
  },
  {
    resource: 'secrets',
    group: '',
    apiVersion: 'v1',
    kind: 'Secret',
    isNamespaced: true,
    defaults: { type: 'Opaque' },
  },
  {
    resource: 'leases',
    group: 'coordination.k8s.io',
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    isNamespaced: true,
  },
  {
    resource: 'events',
    group: 'events.k8s.io',
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    isNamespaced: true,
    defaults: { deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null, deprecatedSource: {} },
  },
];

const KINDS: ReadonlyMap<string, Kind> = new Map(
  [...crds.map(({ crd, rules }) => customKind(crd.spec as CrdSpec, rules)), ...builtIn].map((kind) => [
    `${kind.apiVersion}/${kind.resource}`,
    kind,
  ]),
);

/** The kind behind a group's version and a plural; undefined when it is not served. */
export function servedKind(apiVersion: string, resource: string): Kind | undefined {
  return KINDS.get(`${apiVersion}/${resource}`);
}

/** Where an object stands, as its kind's list orders it. */
export function keyOfStored({ metadata: { namespace, name } }: Stored): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

type CrdSpec = {
  readonly group: string;
  readonly scope: string;
  readonly names: { readonly plural: string; readonly kind: string };
  readonly versions: readonly [
    {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: { readonly properties: Record<'spec' | 'status', Schema> } };
    },
  ];
};

function customKind({ group, scope, names, versions: [version] }: CrdSpec, rules: Rules): Kind {
  return {
    resource: names.plural,
    group,
    apiVersion: `${group}/${version.name}`,
    kind: names.kind,
    isNamespaced: scope === 'Namespaced',
    custom: { ...version.schema.openAPIV3Schema.properties, rules },
  };
}
