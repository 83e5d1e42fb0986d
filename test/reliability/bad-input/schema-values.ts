/** Values that a CRD's own schema accepts, at the edges of what it allows: the objects that an API server would store. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { oneOf } from '../../support/one-of.ts';

export type Schema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
};

/** Draws a number in [0, 1). */
export type Draw = () => number;

/** The schema of a kind's whole object. */
export function schemaOf(plural: string): Schema {
  const path = new URL(`../../../deploy/crds/${plural}.lunresync.io.yaml`, import.meta.url);
  const crd = load(readFileSync(path, 'utf8')) as {
    spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
  };
  const schema = crd.spec.versions[0]?.schema.openAPIV3Schema;
  if (schema === undefined) throw new Error(`${plural} has no schema`);
  return schema;
}

/** What strings are made of: names that mean something elsewhere, and everything that a text may hold. */
const WORDS = [
  'vol-1',
  'snap-1',
  'safe-1',
  'data',
  'restore',
  'array-a',
  '6f9c1d5e-0000-4000-8000-000000000001.1',
  '00000000-0000-4000-8000-000000000009.2147483646',
  'x.-1',
  'Completed',
  'True',
  'Succeeded',
  '0x00042309',
  'Ünïcödé 🙂\u202e',
  'a\u0000b\u001b[31m\r\n',
  '1e1000',
  '9223372036854775807',
  '__proto__',
  'constructor',
  '',
];

/** A value that the schema accepts. Optional fields are there or not. */
export function valueOf(schema: Schema, draw: Draw, name = ''): unknown {
  if (schema.enum !== undefined) return oneOf(schema.enum, draw());
  switch (schema.type) {
    case 'object':
      return objectOf(schema, draw);
    case 'array':
      return listOf(schema, draw, name);
    case 'string':
      return textOf(schema, draw);
    case 'integer':
    case 'number':
      return numberOf(schema, draw);
    case 'boolean':
      return draw() < 0.5;
    default:
      return {};
  }
}

function objectOf({ properties = {}, required = [] }: Schema, draw: Draw): unknown {
  const fields = Object.entries(properties).filter(([name]) => required.includes(name) || draw() < 0.55);
  return Object.fromEntries(fields.map(([name, schema]) => [name, valueOf(schema, draw, name)]));
}

function listOf({ items = {}, minItems = 0, maxItems = 4 }: Schema, draw: Draw, name: string): unknown[] {
  const most = Math.min(maxItems, draw() < 0.02 ? 64 : 3);
  const count = Math.max(minItems, Math.floor(draw() * (most + 1)));
  return Array.from({ length: count }, () => valueOf(items, draw, name));
}

function textOf({ pattern, format, minLength = 0, maxLength = 64 }: Schema, draw: Draw): string {
  if (format === 'date-time')
    return oneOf(['2026-11-24T10:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'], draw());
  const fits = (text: string): boolean =>
    text.length >= minLength &&
    text.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, 'u').test(text));
  const candidates = [
    ...WORDS,
    'a'.repeat(Math.max(1, minLength)),
    'a'.repeat(Math.min(maxLength, 512)),
    '0x8004230F',
  ].filter(fits);
  return oneOf(candidates.length === 0 ? ['a'.repeat(Math.max(1, minLength))] : candidates, draw());
}

function numberOf({ format, minimum, maximum }: Schema, draw: Draw): number {
  const [least, most] = format === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [-(2 ** 63), 2 ** 63 - 1024];
  const [low, high] = [minimum ?? least, maximum ?? most];
  return oneOf(
    [low, high, 0, 1, 7, 100, 2 ** 53 - 1].filter((value) => value >= low && value <= high),
    draw(),
  );
}
