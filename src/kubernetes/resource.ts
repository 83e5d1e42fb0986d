/** One kind of object at the API server, typed by a parser: reads, guarded writes, and the raw lists and watches. */

import type { ApiError } from './api-error.ts';
import { failedWith, parseWatchError } from './api-error.ts';
import type { ApiRequest, ApiTransport, Verb } from './http.ts';
import { keyOf, type ObjectName, parseStoredObject, type StoredObject } from './stored-object.ts';

/** Which resource, and how its objects are read. `parse` gets an object whose metadata is checked; it throws on others. */
export type ResourceDefinition<T extends StoredObject> = {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly parse: (object: StoredObject) => T;
};

/** The object that a write means: it is refused with `Conflict` when it is another one or has changed since. */
export type Precondition = { readonly uid: string; readonly resourceVersion: string };

/** Limits of one request. */
export type CallOptions = { readonly signal?: AbortSignal; readonly deadlineMs?: number };

/** What to list or watch; without a namespace, all of them. */
export type Selection = {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
};

/** One page of a list, unparsed. `resourceVersion` is the same on all pages of one list. */
export type ListPage = { readonly items: readonly unknown[]; readonly resourceVersion: string };

/** One event of a watch, unparsed but for its kind. */
export type WatchEvent =
  | { readonly kind: 'Added' | 'Modified' | 'Deleted'; readonly object: unknown }
  | { readonly kind: 'Bookmark'; readonly resourceVersion: string }
  | { readonly kind: 'Error'; readonly error: ApiError };

const PAGE_SIZE = 500;

/** All methods reject as ApiTransport's do; a parser's exception comes through as it is. */
export class Resource<T extends StoredObject> {
  readonly plural: string;
  readonly #server: ApiTransport;
  readonly #definition: ResourceDefinition<T>;

  constructor(server: ApiTransport, definition: ResourceDefinition<T>) {
    this.#server = server;
    this.#definition = definition;
    this.plural = definition.plural;
  }

  /** Reads one object from etcd, not from a cache; undefined when it does not exist. */
  async get(name: ObjectName, options: CallOptions = {}): Promise<T | undefined> {
    try {
      return this.parse(await this.#server.send({ ...this.#request('get', name), ...options }));
    } catch (error) {
      if (failedWith(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Reads all objects of a selection, page by page; one that the parser refuses makes the whole list fail. */
  async list(selection: Selection = {}, options: CallOptions = {}): Promise<T[]> {
    const objects: T[] = [];
    for await (const page of this.listPages(selection, options)) {
      for (const item of page.items) objects.push(this.parse(item));
    }
    return objects;
  }

  /** The pages of a list as of one moment. `Gone` when that moment has been compacted away between two pages. */
  async *listPages(selection: Selection, options: CallOptions = {}): AsyncGenerator<ListPage, void, undefined> {
    let token = '';
    do {
      const query = { ...selectors(selection), limit: String(PAGE_SIZE), ...(token === '' ? {} : { continue: token }) };
      const answer = await this.#server.send({ ...this.#request('list', selection), query, ...options });
      const { continueToken, ...page } = parseListPage(answer);
      yield page;
      token = continueToken;
    } while (token !== '');
  }

  /** The events after `resourceVersion`, until the server ends the watch, after `timeoutSeconds` at the latest. */
  async *watch(
    selection: Selection,
    from: { readonly resourceVersion: string; readonly timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent, void, undefined> {
    const query = {
      ...selectors(selection),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from.resourceVersion,
      timeoutSeconds: String(from.timeoutSeconds),
    };
    const request = { ...this.#request('watch', selection), query, signal };
    for await (const line of this.#server.stream(request)) yield parseWatchEvent(line);
  }

  /** Creates an object and gives it as stored. `name` is empty when the body has a generateName. */
  async create(name: ObjectName, body: object, options: CallOptions = {}): Promise<T> {
    const request = { ...this.#request('create', { namespace: name.namespace }), object: keyOf(name), body };
    return this.parse(await this.#server.send({ ...request, ...options }));
  }

  /** Merges a patch into the object, without its status. Another uid at the same version is `Invalid`. */
  async patch(name: ObjectName, patch: object, guard: Precondition, options: CallOptions = {}): Promise<T> {
    const { uid, resourceVersion } = guard;
    const metadata = { ...('metadata' in patch ? (patch.metadata as object) : {}), uid, resourceVersion };
    const request = this.#request('patch', name);
    return this.parse(await this.#server.send({ ...request, body: { ...patch, metadata }, ...options }));
  }

  /** Merges `metadata` into the object's, for finalizers and owner references; a list replaces the one that is there. */
  patchMetadata(name: ObjectName, metadata: object, guard: Precondition, options: CallOptions = {}): Promise<T> {
    return this.patch(name, { metadata }, guard, options);
  }

  /**
   * Sets fields of the object's status; each is replaced as a whole, null removes it, undefined leaves it as it is. The
   * definition must default `.status`, since a field cannot be set in a status that is not there.
   *
   * A JSON patch, because the API server ignores the uid in a merge patch of `/status`; and versions alone do not tell two
   * objects apart, since an etcd restored from a backup gives them out a second time. For that case the error is `Invalid`.
   */
  async patchStatus(name: ObjectName, status: object, guard: Precondition, options: CallOptions = {}): Promise<T> {
    const body = [
      { op: 'test', path: '/metadata/uid', value: guard.uid },
      { op: 'replace', path: '/metadata/resourceVersion', value: guard.resourceVersion },
      ...Object.entries(status)
        .filter(([, value]) => value !== undefined)
        .map(([field, value]: [string, unknown]) => ({ op: 'add', path: `/status/${field}`, value })),
    ];
    const request = this.#request('patch', name, 'status');
    const answer = await this.#server.send({ ...request, subresource: 'status', patchType: 'json', body, ...options });
    return this.parse(answer);
  }

  /** Deletes exactly this state of this object; its dependents go in the background. */
  async delete(name: ObjectName, guard: Precondition, options: CallOptions = {}): Promise<void> {
    const { uid, resourceVersion } = guard;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      propagationPolicy: 'Background',
    };
    await this.#server.send({ ...this.#request('delete', name), body, ...options });
  }

  /** Reads an object of this resource from JSON. */
  parse(value: unknown): T {
    return this.#definition.parse(parseStoredObject(value));
  }

  #request(verb: Verb, name: Partial<ObjectName>, subresource = ''): ApiRequest {
    const { group, version, plural } = this.#definition;
    const root = group === '' ? ['api', version] : ['apis', group, version];
    const scope = name.namespace === undefined ? [] : ['namespaces', name.namespace];
    const object = name.name === undefined ? [] : [name.name];
    const parts = [...root, ...scope, plural, ...object, ...(subresource === '' ? [] : [subresource])];
    return {
      verb,
      resource: plural,
      path: `/${parts.map(pathSegment).join('/')}`,
      ...(name.name === undefined ? {} : { object: keyOf({ namespace: name.namespace, name: name.name }) }),
    };
  }
}

/** Names come from users' objects: one with a slash, or one of dots, would reach another resource. */
function pathSegment(name: string): string {
  if (!/^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(name))
    throw new TypeError(`"${name}" is not a Kubernetes name`);
  return name;
}

function selectors(selection: Selection): Record<string, string> {
  const { labelSelector, fieldSelector } = selection;
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function parseListPage(value: unknown): ListPage & { readonly continueToken: string } {
  const { items, metadata } = record(value);
  const { resourceVersion, continue: continueToken } = record(metadata);
  if (typeof resourceVersion !== 'string') throw new TypeError('a list from the API server has no resourceVersion');
  return {
    // Go writes an empty list as null.
    items: Array.isArray(items) ? items : [],
    resourceVersion,
    continueToken: typeof continueToken === 'string' ? continueToken : '',
  };
}

const EVENT_KINDS: Readonly<Record<string, 'Added' | 'Modified' | 'Deleted'>> = {
  ADDED: 'Added',
  MODIFIED: 'Modified',
  DELETED: 'Deleted',
};

function parseWatchEvent(value: unknown): WatchEvent {
  const { type, object } = record(value);
  if (type === 'ERROR') return { kind: 'Error', error: parseWatchError(object) };
  if (type === 'BOOKMARK') {
    return { kind: 'Bookmark', resourceVersion: String(record(record(object)['metadata'])['resourceVersion']) };
  }
  const kind = EVENT_KINDS[String(type)];
  if (kind === undefined) throw new TypeError('a watch event has none of the known types');
  return { kind, object };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null)
    throw new TypeError('the API server sent no object where one must be');
  return value as Readonly<Record<string, unknown>>;
}
