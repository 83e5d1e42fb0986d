/** Whether a manifest that somebody is to apply is a good one, as far as the parsers in src/api can tell. */
import { parseLunResync } from '../../src/api/lun-resync.ts';
import { API_VERSION, LUN_RESYNC_KIND, STORAGE_ARRAY_KIND } from '../../src/api/names.ts';
import type { Parsed } from '../../src/api/object.ts';
import { parseStorageArray } from '../../src/api/storage-array.ts';

export type Manifest = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: object;
  readonly spec?: object;
  readonly [field: string]: unknown;
};

const PARSERS: Readonly<Record<string, (value: unknown) => Parsed<{ readonly spec: object }>>> = {
  [LUN_RESYNC_KIND]: parseLunResync,
  [STORAGE_ARRAY_KIND]: parseStorageArray,
};

/** What the API server adds to every object that it keeps, and the parsers ask for. */
const KEPT = {
  name: 'generated',
  namespace: 'shop',
  uid: 'u-1',
  resourceVersion: '1',
  creationTimestamp: '2026-11-24T10:00:00Z',
};

/** What is wrong with the manifest; undefined when it is good, or of somebody else's kind. */
export function problemOf(manifest: Manifest): string | undefined {
  const { apiVersion = '', kind = '', metadata, spec } = manifest;
  if (!apiVersion.startsWith('lunresync.io/')) return undefined;
  const parser = PARSERS[kind];
  if (parser === undefined || apiVersion !== API_VERSION) return `there is no kind ${kind} in ${apiVersion}`;
  const parsed = parser({ ...manifest, metadata: { ...KEPT, ...metadata } });
  if (!parsed.ok) return parsed.problem;
  const unknown = unknownFields(spec, parsed.value.spec, 'spec');
  return unknown.length === 0 ? undefined : `no such field: ${unknown.join(', ')}`;
}

/** Paths of what a parser has dropped, since it reads objects of later versions, too. */
function unknownFields(given: unknown, kept: unknown, path: string): string[] {
  if (typeof given !== 'object' || given === null) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const at = `${path}.${key}`;
    const rest: unknown = typeof kept === 'object' && kept !== null ? Reflect.get(kept, key) : undefined;
    return rest === undefined ? [at] : unknownFields(value, rest, at);
  });
}
