/** The two kinds of patches that the operator sends: RFC 7386 merges, and the `test`, `add`, `replace` of RFC 6902. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from './object-history.ts';

type Patched = { readonly object: Json } | { readonly problem: string };

export function mergePatched(object: Json, patch: unknown): Patched {
  return { object: merged(object, patch as Json) };
}

function merged(target: unknown, patch: Json): Json {
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = isObject(value) ? merged(result[field], value) : value;
  }
  return result;
}

type Operation = { readonly op: string; readonly path: string; readonly value: unknown };

/** `add` of null to a status is what takes a field away: the API server drops nulls that no schema allows. */
export function jsonPatched(object: Json, patch: unknown): Patched {
  let result = object;
  for (const operation of patch as readonly Operation[]) {
    const path = operation.path.split('/').slice(1);
    if (operation.op === 'test') {
      if (!isDeepStrictEqual(valueAt(result, path), operation.value))
        return { problem: `testing ${operation.path} failed` };
      continue;
    }
    result = withValue(result, path, operation.value);
  }
  return { object: result };
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, field) => (isObject(value) ? value[field] : undefined), object);
}

function withValue(object: Json, [field = '', ...rest]: readonly string[], value: unknown): Json {
  if (rest.length > 0) {
    const inner = object[field];
    return { ...object, [field]: withValue(isObject(inner) ? inner : {}, rest, value) };
  }
  if (value !== null) return { ...object, [field]: value };
  const { [field]: _gone, ...left } = object;
  return left;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
