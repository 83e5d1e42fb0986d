// Turns a zod schema into the structural schema that a CustomResourceDefinition carries.
import { z } from 'zod';
import { MAX_INT32 } from './fields.ts';

/** A node of a structural schema. Source: Kubernetes, "Extend the Kubernetes API with CustomResourceDefinitions". */
export type StructuralSchema = { [key: string]: unknown };

const INEXPRESSIBLE = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'const'];

/**
 * The structural schema of a zod schema, defaults and CEL rules included.
 *
 * Throws an Error naming the path when the schema says something that a structural schema cannot: a union, a reference,
 * a missing type, a float, a list without a list type.
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  const json = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' });
  return convert(json as StructuralSchema, '');
}

function convert(node: StructuralSchema, path: string): StructuralSchema {
  refuse(node, path);
  const { type, description, ...rest } = node;
  const result: StructuralSchema = { type, ...(description === undefined ? {} : { description }), ...rest };
  delete result['$schema'];
  // The API server prunes unknown fields; a closed object would refuse objects of a newer version.
  delete result['additionalProperties'];
  if (result['format'] === 'date-time') delete result['pattern'];
  if (result['type'] === 'integer') result['format'] = isInt32(result) ? 'int32' : 'int64';
  if (isNode(result['properties'])) result['properties'] = convertProperties(result['properties'], path);
  if (isNode(result['items'])) result['items'] = convert(result['items'], `${path}[]`);
  return result;
}

function convertProperties(properties: StructuralSchema, path: string): StructuralSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, node]) => {
      if (!isNode(node)) throw new Error(`${path}.${name}: not a schema`);
      return [name, convert(node, `${path}.${name}`)];
    }),
  );
}

function refuse(node: StructuralSchema, path: string): void {
  const word = INEXPRESSIBLE.find((key) => key in node);
  if (word !== undefined) throw new Error(`${path}: a structural schema cannot say ${word}`);
  if (typeof node['type'] !== 'string') throw new Error(`${path}: a structural schema needs a type`);
  if (node['type'] === 'number') throw new Error(`${path}: numbers must be whole`);
  if (node['type'] === 'array' && node['x-kubernetes-list-type'] === undefined) {
    throw new Error(`${path}: a list needs x-kubernetes-list-type`);
  }
  refuseOptionalKeys(node, path);
}

function refuseOptionalKeys(node: StructuralSchema, path: string): void {
  const keys = node['x-kubernetes-list-map-keys'] as readonly string[] | undefined;
  if (keys === undefined || !isNode(node['items'])) return;
  const required = node['items']['required'];
  const missing = keys.find((key) => !Array.isArray(required) || !required.includes(key));
  if (missing !== undefined) throw new Error(`${path}: the list's key ${missing} must be required`);
}

function isInt32(node: StructuralSchema): boolean {
  return typeof node['maximum'] === 'number' && node['maximum'] <= MAX_INT32;
}

function isNode(value: unknown): value is StructuralSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
