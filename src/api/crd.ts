// The CustomResourceDefinitions, made from the same schemas as the types and the parsers.
import type { z } from 'zod';
import type { ValidationRule } from './fields.ts';
import { ROOT_RULES } from './lun-resync-rules.ts';
import { lunResyncSpecSchema } from './lun-resync-spec.ts';
import { lunResyncStatusSchema } from './lun-resync-status.ts';
import {
  GROUP,
  LUN_RESYNC_KIND,
  LUN_RESYNC_PLURAL,
  STORAGE_ARRAY_KIND,
  STORAGE_ARRAY_PLURAL,
  VERSION,
} from './names.ts';
import { storageArraySpecSchema, storageArrayStatusSchema } from './storage-array.ts';
import { type StructuralSchema, structuralSchema } from './structural.ts';

type Column = {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer' | 'boolean';
  readonly jsonPath: string;
  readonly priority?: 1;
};

type Kind = {
  readonly names: {
    readonly kind: string;
    readonly plural: string;
    readonly singular: string;
    readonly shortName: string;
  };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly columns: readonly Column[];
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly rules: readonly ValidationRule[];
};

/** A CustomResourceDefinition document, as it is written to deploy/crds. */
export type CustomResourceDefinition = {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: StructuralSchema;
};

const condition = (type: string, field: string): string => `.status.conditions[?(@.type=="${type}")].${field}`;

const AGE: Column = { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const lunResync: Kind = {
  names: { kind: LUN_RESYNC_KIND, plural: LUN_RESYNC_PLURAL, singular: 'lunresync', shortName: 'lrs' },
  scope: 'Namespaced',
  description:
    'A LunResync has an array copy LUNs, usually snapshots, over the LUNs of volumes, inside the array, as IVssHardwareSnapshotProviderEx::ResyncLuns does. It runs once; its status is the IVssAsync.',
  columns: [
    { name: 'STATUS', type: 'string', jsonPath: condition('Succeeded', 'reason') },
    { name: 'PROGRESS', type: 'string', jsonPath: '.status.progress.display' },
    { name: 'PAIRS', type: 'string', jsonPath: '.status.pairsSummary' },
    { name: 'DATA', type: 'string', jsonPath: '.status.dataState' },
    AGE,
    { name: 'STARTED', type: 'date', jsonPath: '.status.startTime', priority: 1 },
    { name: 'COMPLETED', type: 'date', jsonPath: '.status.completionTime', priority: 1 },
    { name: 'ARRAY', type: 'string', jsonPath: '.status.arrayName', priority: 1 },
    { name: 'MESSAGE', type: 'string', jsonPath: condition('Succeeded', 'message'), priority: 1 },
  ],
  spec: lunResyncSpecSchema,
  status: lunResyncStatusSchema,
  rules: ROOT_RULES,
};

const storageArray: Kind = {
  names: { kind: STORAGE_ARRAY_KIND, plural: STORAGE_ARRAY_PLURAL, singular: 'storagearray', shortName: 'sarr' },
  scope: 'Cluster',
  description: 'A StorageArray is an array that serves lunarray.v1.LunArray and runs the LunResyncs of its volumes.',
  columns: [
    { name: 'READY', type: 'string', jsonPath: condition('Ready', 'status') },
    { name: 'REASON', type: 'string', jsonPath: condition('Ready', 'reason') },
    { name: 'VENDOR', type: 'string', jsonPath: '.status.vendor' },
    { name: 'PRODUCT', type: 'string', jsonPath: '.status.product' },
    AGE,
    { name: 'ENDPOINT', type: 'string', jsonPath: '.spec.endpoint', priority: 1 },
    { name: 'DRIVER', type: 'string', jsonPath: '.spec.csiDriverName', priority: 1 },
    { name: 'ARRAY-ID', type: 'string', jsonPath: '.status.arrayID', priority: 1 },
    { name: 'MESSAGE', type: 'string', jsonPath: condition('Ready', 'message'), priority: 1 },
  ],
  spec: storageArraySpecSchema,
  status: storageArrayStatusSchema,
  rules: [],
};

/** The CustomResourceDefinition of LunResync. */
export function lunResyncCrd(): CustomResourceDefinition {
  return document(lunResync);
}

/** The CustomResourceDefinition of StorageArray. */
export function storageArrayCrd(): CustomResourceDefinition {
  return document(storageArray);
}

function document(kind: Kind): CustomResourceDefinition {
  const { shortName, ...names } = kind.names;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: kind.scope,
      // Not in category `all`: `kubectl delete all --all` must not abort copies.
      names: { ...names, listKind: `${names.kind}List`, shortNames: [shortName], categories: ['lun-storage'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}

function rootSchema(kind: Kind): StructuralSchema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `Version of the schema: ${GROUP}/${VERSION}.` },
      kind: { type: 'string', description: `Kind of the object: ${kind.names.kind}.` },
      metadata: { type: 'object' },
      spec: structuralSchema(kind.spec),
      // Without a default, kstatus takes an object that nobody has looked at yet for a finished one.
      status: { ...structuralSchema(kind.status), default: { observedGeneration: -1 } },
    },
    ...(kind.rules.length === 0 ? {} : { 'x-kubernetes-validations': kind.rules }),
  };
}
