/** What a hostile array may put into a field, by the field's type. */
import { create, type DescField, ScalarType } from '@bufbuild/protobuf';
import { messageOf } from './answer-fields.ts';
import { NAMES } from './plausible-array.ts';

/** A value and how it is called in a report; `make` gets what an honest array says. */
export type HostileValue = { readonly name: string; readonly make: (honest: unknown) => unknown };

const MiB = 2 ** 20;
let serial = 0;
const MANY = 100_000;

/** All hostile values for a field. Throws on a type that has none: the contract has no floating-point field so far. */
export function valuesFor(field: DescField): HostileValue[] {
  switch (field.fieldKind) {
    case 'list':
      return [...LISTS, manyOf(field), ...itemsOf(field)];
    case 'message':
      return [is('missing', undefined), is('empty', create(field.message))];
    case 'enum':
      return enumValues(field.enum.values.map(({ number }) => number));
    case 'scalar':
      return scalarValues(field.scalar);
    default:
      throw new Error(`no hostile values for ${String(field)}`);
  }
}

const is = (name: string, value: unknown): HostileValue => ({ name, make: () => value });

const LISTS: readonly HostileValue[] = [
  is('no items', []),
  { name: 'each item twice', make: (honest) => [...(honest as unknown[]), ...(honest as unknown[])] },
  { name: 'the other way round', make: (honest) => (honest as unknown[]).toReversed() },
];

function manyOf(field: DescField & { readonly fieldKind: 'list' }): HostileValue {
  const type = messageOf(field);
  const item = type === undefined ? (field.listKind === 'enum' ? 1 : 'node') : create(type);
  return {
    name: `${MANY} items more`,
    make: (honest) => [...(honest as unknown[]), ...Array.from({ length: MANY }, () => item)],
  };
}

function itemsOf(field: DescField & { readonly fieldKind: 'list' }): HostileValue[] {
  if (field.listKind === 'message') return [];
  const items =
    field.listKind === 'enum' ? enumValues(field.enum.values.map(({ number }) => number)) : scalarValues(field.scalar);
  return items.map(({ name, make }) => ({
    name: `items that are ${name}`,
    make: (honest) => [make((honest as unknown[])[0] ?? '')],
  }));
}

function enumValues(known: readonly number[]): HostileValue[] {
  return [...known, -1, 99, 2 ** 31 - 1].map((number) => is(String(number), number));
}

function scalarValues(type: ScalarType): HostileValue[] {
  switch (type) {
    case ScalarType.STRING:
      return [...TEXTS];
    case ScalarType.BYTES:
      return [is('empty', new Uint8Array()), is('1 MiB', new Uint8Array(MiB)), is('10 MiB', new Uint8Array(10 * MiB))];
    case ScalarType.UINT32:
      return [0, 1, 2, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map((number) => is(String(number), number));
    case ScalarType.INT32:
      return [0, -1, -(2 ** 31), 2 ** 31 - 1].map((number) => is(String(number), number));
    case ScalarType.UINT64:
      return [{ name: 'one more', make: (honest) => (honest as bigint) + 1n }, ...counts(0n, 1n, 2n ** 64n - 1n)];
    case ScalarType.INT64:
      return counts(0n, -1n, -(2n ** 63n));
    default:
      throw new Error(`no hostile values for scalar type ${ScalarType[type]}`);
  }
}

function counts(...others: readonly bigint[]): HostileValue[] {
  return [...others, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n].map((count) => is(String(count), count));
}

/** Names of others, of our own things in the wrong place, and what breaks a terminal, a path or a prototype. */
const TEXTS: readonly HostileValue[] = [
  is('empty', ''),
  is('control characters', 'a\u0000b\u001b[31m\r\n\u202e\u2028'),
  is('half a character where it is cut', `x${'🙂'.repeat(600)}`),
  is('1 MiB', 'a'.repeat(MiB)),
  is('10 MiB', 'a'.repeat(10 * MiB)),
  is('a path', '../../../../api/v1/secrets?x#'),
  is('__proto__', '__proto__'),
  is('a digest of something else', 'ff'.repeat(32)),
  is('VSS_E_PROVIDER_VETO', 'VSS_E_PROVIDER_VETO'),
  { name: 'another each time', make: (honest) => `${String(honest)}-${(serial += 1)}` },
  { name: 'upper case', make: (honest) => String(honest).toUpperCase() },
  { name: 'with a blank', make: (honest) => `${String(honest)} ` },
  { name: 'with a line end', make: (honest) => `${String(honest)}\n` },
  ...Object.entries(NAMES).map(([name, value]) => is(name, value)),
];
