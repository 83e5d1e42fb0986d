/** What every object of the API server has, and how two states of one object are told apart. */

/** The part of `metadata` that the adapter itself relies on. */
export type ObjectMeta = {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
};

/** An object as the API server stores it. */
export type StoredObject = { readonly metadata: ObjectMeta };

/** An object by name; cluster-scoped ones have no namespace. */
export type ObjectName = { readonly namespace?: string | undefined; readonly name: string };

/** `namespace/name`, or `name` for a cluster-scoped object: the key in stores and queues. */
export function keyOf(name: ObjectName): string {
  return name.namespace === undefined || name.namespace === '' ? name.name : `${name.namespace}/${name.name}`;
}

/** The reverse of `keyOf`. */
export function nameOfKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Whether version `a` is later than `b`. Resource versions of one resource grow as numbers of up to 64 bits
 * (kubernetes.io, API concepts, "Resource versions").
 */
export function isLater(a: string, b: string): boolean {
  return BigInt(a) > BigInt(b);
}

/** Checks that a value from the API server has usable metadata, and drops `managedFields`, which nobody reads. */
export function parseStoredObject(value: unknown): StoredObject {
  if (!isRecord(value) || !isRecord(value['metadata']))
    throw new TypeError('an object from the API server has no metadata');
  const { managedFields: _unused, ...metadata } = value['metadata'];
  const { name, uid, resourceVersion, namespace } = metadata;
  if (typeof name !== 'string' || typeof uid !== 'string' || typeof resourceVersion !== 'string') {
    throw new TypeError('an object from the API server has no name, uid or resourceVersion');
  }
  if (!/^\d+$/.test(resourceVersion)) throw new TypeError(`resourceVersion "${resourceVersion}" is not a number`);
  return {
    ...value,
    metadata: { ...metadata, name, uid, resourceVersion, ...(typeof namespace === 'string' ? { namespace } : {}) },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
