/** A CRD's structural schema at work: unknown fields go, defaults come, and what is wrong is named with its cause. */
import type { Json } from './object-history.ts';

export type Schema = {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
};

/** One cause of an `Invalid`; `reason` as the API server gives it, such as FieldValueRequired. */
export type Problem = { readonly reason: string; readonly message: string };

/** A copy of the value as the schema has it stored. What is wrong with it is added to `problems`. */
export function admitted(schema: Schema, value: unknown, path: string, problems: Problem[]): unknown {
  const find = (reason: string, message: string): void =>
    void problems.push({ reason: `FieldValue${reason}`, message: `${path}: ${message}` });
  if (!isOfType(schema.type, value)) {
    find('TypeInvalid', `must be of type ${schema.type}`);
    return value;
  }
  if (schema.enum?.includes(value) === false) find('NotSupported', 'is none of the supported values');
  if (typeof value === 'string') checkText(schema, value, find);
  if (typeof value === 'number') checkNumber(schema, value, find);
  if (Array.isArray(value)) return admittedList(schema, value, path, { problems, find });
  return isObject(value) ? admittedObject(schema, value, path, problems) : value;
}

/** A null where none may be is taken for an absent field. */
function admittedObject(schema: Schema, value: Json, path: string, problems: Problem[]): Json {
  const result: Record<string, unknown> = {};
  for (const [field, below] of Object.entries(schema.properties ?? {})) {
    const given = value[field] ?? below.default;
    if (given !== undefined) result[field] = admitted(below, given, `${path}.${field}`, problems);
    else if (schema.required?.includes(field) === true)
      problems.push({ reason: 'FieldValueRequired', message: `${path}.${field}: is required` });
  }
  return result;
}

type Findings = { readonly problems: Problem[]; readonly find: Find };
type Find = (reason: string, message: string) => void;

function admittedList(schema: Schema, value: readonly unknown[], path: string, { problems, find }: Findings): unknown {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length > maxItems) find('TooMany', `must have at most ${maxItems} items`);
  if (value.length < minItems) find('Invalid', `must have at least ${minItems} items`);
  const result =
    items === undefined ? value : value.map((item, at) => admitted(items, item, `${path}[${at}]`, problems));
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'map' || listType === 'set') {
    const keys = result.map((item) => keyOfItem(schema, item));
    if (new Set(keys).size < keys.length) find('Duplicate', 'has an item twice');
  }
  return result;
}

function keyOfItem(schema: Schema, item: unknown): string {
  const fields = schema['x-kubernetes-list-map-keys'];
  return JSON.stringify(fields === undefined || !isObject(item) ? item : fields.map((field) => item[field]));
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$/;
const patterns = new Map<string, RegExp>();

function patternOf(text: string): RegExp {
  const known = patterns.get(text) ?? new RegExp(text, 'u');
  patterns.set(text, known);
  return known;
}

function checkText(schema: Schema, value: string, find: Find): void {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, format } = schema;
  // Characters are counted, not code units; a text with few of these has no more of those.
  const length = value.length <= maxLength && value.length >= 2 * minLength ? value.length : Array.from(value).length;
  if (length > maxLength) find('TooLong', `may not be longer than ${maxLength}`);
  if (length < minLength) find('Invalid', `should be at least ${minLength} chars long`);
  if (pattern !== undefined && !patternOf(pattern).test(value)) find('Invalid', `should match '${pattern}'`);
  if (format === 'date-time' && !(DATE_TIME.test(value) && !Number.isNaN(Date.parse(value))))
    find('TypeInvalid', 'must be of type date-time');
}

function checkNumber({ minimum, maximum }: Schema, value: number, find: Find): void {
  if (minimum !== undefined && value < minimum) find('Invalid', `should be greater than or equal to ${minimum}`);
  if (maximum !== undefined && value > maximum) find('Invalid', `should be less than or equal to ${maximum}`);
}

/** Whether it is what JSON calls an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
