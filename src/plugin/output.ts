/** Objects as YAML or JSON, as kubectl prints them. */
import { dump } from 'js-yaml';
import { GROUP } from '../api/names.ts';
import type { Json } from './cluster.ts';

export type Format = 'yaml' | 'json' | 'name';

/** An object, or a list of them, with a line feed at its end. What only machines read is left out. */
export function formatObject(object: Json, format: Format): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(withoutManagedFields(object), undefined, 4)}\n`;
    case 'yaml':
      return dump(withoutManagedFields(object), { noRefs: true, lineWidth: -1 });
    case 'name':
      return itemsOf(object)
        .map((item) => `${resourceName(nameOf(item))}\n`)
        .join('');
  }
}

/** `lunresync.lunresync.io/NAME`, as kubectl calls an object. */
export function resourceName(name: string): string {
  return `lunresync.${GROUP}/${name}`;
}

/** The objects of a list; an object that is no list, itself. */
export function itemsOf(object: Json): readonly Json[] {
  return Array.isArray(object['items']) ? (object['items'] as readonly Json[]) : [object];
}

export function nameOf(object: Json): string {
  const { name = '' } = (object['metadata'] ?? {}) as { readonly name?: string };
  return name;
}

function withoutManagedFields(object: Json): Json {
  const { metadata, items } = object;
  const { managedFields: _unread, ...kept } = (metadata ?? {}) as Record<string, unknown>;
  return {
    ...object,
    ...(metadata === undefined ? {} : { metadata: kept }),
    ...(Array.isArray(items) ? { items: (items as readonly Json[]).map(withoutManagedFields) } : {}),
  };
}
