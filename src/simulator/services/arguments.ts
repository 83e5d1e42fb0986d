/**
 * Checks the fields of requests, once, before anything else looks at them.
 */
import { invalidArgument } from './rpc-failures.ts';

const idPattern = /^[A-Za-z0-9._:-]{1,128}$/;

/** An id of a LUN, a pool or an operation. */
export function checkedID(name: string, value: string): string {
  // "." and ".." are legal ids by the pattern and illegal names of files.
  if (!idPattern.test(value) || /^\.+$/.test(value)) {
    throw invalidArgument(`${name} is ${JSON.stringify(value.slice(0, 140))}.`, 'Use [A-Za-z0-9._:-]{1,128}.');
  }
  return value;
}

/** A text of limited length. */
export function checkedText(
  name: string,
  value: string,
  limits: { readonly min: number; readonly max: number },
): string {
  if (value.length < limits.min || value.length > limits.max) {
    const remedy = `Give ${limits.min} to ${limits.max} characters.`;
    throw invalidArgument(`${name} has ${value.length} characters.`, remedy);
  }
  return value;
}

/** A list of limited length. */
export function checkedList<T>(
  name: string,
  list: readonly T[],
  limits: { readonly min: number; readonly max: number },
): readonly T[] {
  if (list.length < limits.min || list.length > limits.max) {
    throw invalidArgument(`${name} has ${list.length} entries.`, `Give ${limits.min} to ${limits.max} of them.`);
  }
  return list;
}

/** A number that JavaScript holds exactly. */
export function checkedNumber(name: string, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalidArgument(`${name} is ${value}.`, 'Stay below 2^53.');
  }
  return Number(value);
}

/** One of the known values of an enum, by its name. */
export function checkedEnum<T extends string>(name: string, value: number, known: Readonly<Record<T, number>>): T {
  const found = (Object.keys(known) as T[]).find((key) => known[key] === value);
  if (found === undefined) {
    throw invalidArgument(`${name} is ${value}.`, `Use one of ${Object.keys(known).join(', ')}.`);
  }
  return found;
}

/** The size of a page. */
export function checkedPageSize(value: number, absent: number): number {
  if (value > 500) {
    throw invalidArgument(`page_size is ${value}.`, 'Use 1 to 500, or 0.');
  }
  return value === 0 ? absent : value;
}
