// The schemas of both kinds as JSON Schema, for editors and for kubeconform, by the paths that kubeconform looks under.
import { lunResyncCrd, storageArrayCrd } from '../../src/api/crd.ts';
import type { Files } from './files.ts';

type Definition = {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: unknown } }[];
};

export function schemaFiles(): Files {
  return new Map(
    [lunResyncCrd(), storageArrayCrd()].flatMap((crd) => {
      const { group, names, versions } = crd.spec as unknown as Definition;
      return versions.map(({ name, schema }) => {
        const path = `deploy/schemas/${group}/${names.kind.toLowerCase()}_${name}.json`;
        const root = closed(schema.openAPIV3Schema) as object;
        const document = { $schema: 'http://json-schema.org/draft-07/schema#', title: names.kind, ...root };
        return [path, `${JSON.stringify(document, undefined, 2)}\n`] as const;
      });
    }),
  );
}

/**
 * Without what only the API server understands, CEL rules among it; and no fields but the known ones, since the API server
 * drops the others in silence. What stands in metadata is not ours to close.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const isClosed = 'properties' in schema && !('additionalProperties' in schema);
  return {
    ...Object.fromEntries(entries.map(([key, value]) => [key, closed(value)])),
    ...(isClosed ? { additionalProperties: false } : {}),
  };
}
