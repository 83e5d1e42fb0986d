/** The two kinds of patches that the operator sends: RFC 7386 merges, and the operations of RFC 6902 but `move` and `copy`. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from './object-history.ts';
import { badRequest, Refusal } from './refusals.ts';
import { isObject } from './structural.ts';

export function mergePatched(object: Json, patch: unknown): Json {
  if (!isObject(patch)) throw badRequest('a merge patch must be an object');
  return merged(object, patch);
}

function merged(target: unknown, patch: Json): Json {
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else if (value !== undefined) result[field] = isObject(value) ? merged(result[field], value) : value;
  }
  return result;
}

type Operation = { readonly op: string; readonly path: string; readonly value?: unknown };

/** All operations or none: one that cannot be carried out refuses the patch. */
export function jsonPatched(object: Json, patch: unknown): Json {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list');
  return (patch as readonly Operation[]).reduce<Json>((result, operation) => {
    const path = operation.path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    return applied(result, path, operation) as Json;
  }, object);
}

function applied(target: unknown, path: readonly string[], operation: Operation): unknown {
  if (Array.isArray(target)) return appliedToList(target, path, operation);
  if (!isObject(target)) throw impossible(operation);
  const [part = '', ...below] = path;
  if (below.length > 0) return { ...target, [part]: applied(target[part], below, operation) };
  if (operation.op === 'add') return { ...target, [part]: operation.value };
  // As the server's library has it: a test for null holds where nothing is, and a replacement adds.
  const needsNothing = operation.op === 'replace' || (operation.op === 'test' && operation.value === null);
  if (!(part in target) && !needsNothing) throw impossible(operation);
  if (operation.op !== 'remove') return { ...target, [part]: changed(target[part] ?? null, operation) };
  const { [part]: _removed, ...left } = target;
  return left;
}

function appliedToList(target: readonly unknown[], path: readonly string[], operation: Operation): unknown {
  const [part = '', ...below] = path;
  const at = part === '-' ? target.length : Number(part);
  const isAddition = below.length === 0 && operation.op === 'add';
  if (!Number.isInteger(at) || at < 0 || at >= target.length + (isAddition ? 1 : 0)) throw impossible(operation);
  if (isAddition) return target.toSpliced(at, 0, operation.value);
  if (below.length > 0) return target.with(at, applied(target[at], below, operation));
  return operation.op === 'remove' ? target.toSpliced(at, 1) : target.with(at, changed(target[at], operation));
}

function changed(value: unknown, operation: Operation): unknown {
  if (operation.op === 'replace') return operation.value;
  if (operation.op !== 'test') throw new TypeError(`JSON patch operation ${operation.op} is not modelled`);
  if (!isDeepStrictEqual(value, operation.value)) throw impossible(operation);
  return value;
}

function impossible({ op, path }: Operation): Refusal {
  return new Refusal(422, 'Invalid', `the patch operation ${op} ${path} failed`);
}
