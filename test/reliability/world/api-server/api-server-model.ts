/**
 * The API server as far as the operator uses it, in memory and without a clock of its own. That it answers as the real one
 * does is checked by one script that runs on both (conformance.ts), and by random requests.
 *
 * Left out: selectors, PUT, server-side apply, admission of others, garbage collection, the validation of labels,
 * annotations and built-in kinds, the time to live of Events. A namespace that is deleted stays Terminating. The real
 * server has managedFields too, so that there a write may raise the version which changes nothing else (a status of the
 * wrong type sent to the object itself; another deletionTimestamp); and after its start it answers 429 to lists and
 * watches of a kind until it has read its objects.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../../src/kubernetes/clock.ts';
import type { ApiRequest, ApiTransport } from '../../../../src/kubernetes/http.ts';
import { listed } from './lists.ts';
import { type BackUp, type Change, ObjectHistory, type Stored } from './object-history.ts';
import { jsonPatched, mergePatched } from './patches.ts';
import { type Place, placeOf } from './place.ts';
import { conflict, failureOf, notFound, Refusal } from './refusals.ts';
import { changedObject, newObject } from './strategy.ts';
import { Watches } from './watches.ts';

export type ApiServerModelOptions = {
  readonly clock: Clock;
  /** Those that exist besides `default` and `kube-system`. Not given: all do, whatever their name. */
  readonly namespaces?: readonly string[];
};

export class ApiServerModel implements ApiTransport {
  readonly #clock: Clock;
  readonly #history = new ObjectHistory();
  readonly #watches: Watches;
  readonly #hasAllNamespaces: boolean;
  /** A new object is stored without the status that it is read with, so that the first write stores one, if nothing else. */
  readonly #withoutStatus = new WeakSet<Stored>();
  /** Never goes back: the uids of a restored server are new ones too. */
  #serial = 0;

  constructor({ clock, namespaces }: ApiServerModelOptions) {
    this.#clock = clock;
    this.#hasAllNamespaces = namespaces === undefined;
    this.#watches = new Watches(this.#history, clock);
    const place = placeOf({ verb: 'create', resource: 'namespaces', path: '/api/v1/namespaces' });
    for (const name of ['default', 'kube-system', ...(namespaces ?? [])])
      this.#create(place, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  async send(request: ApiRequest): Promise<unknown> {
    request.signal?.throwIfAborted();
    try {
      return this.#answer(request, placeOf(request));
    } catch (error) {
      throw failureOf(request, error);
    }
  }

  async *stream(request: ApiRequest): AsyncGenerator<unknown, void, undefined> {
    yield* this.#watches.watch(request, scopeOf(request));
  }

  /** Every commit so far, in order, also those that a restore has undone. */
  history(): readonly Change[] {
    return this.#history.log;
  }

  /** Called at each commit; returns how to stop. */
  onChange(listener: (change: Change) => void): () => void {
    return this.#history.onChange(listener);
  }

  /** The objects of a resource as they are stored now, by key. */
  objects(resource: string): Stored[] {
    return this.#history.list(resource);
  }

  get version(): number {
    return this.#history.version;
  }

  /** A server that has stayed behind at that version: it answers reads, and its watches bring nothing newer. */
  at(version: number): ApiTransport {
    const past = this.#history.at(version);
    const watches = new Watches(past, this.#clock);
    return {
      send: async (request) => {
        request.signal?.throwIfAborted();
        try {
          return read(past, request, placeOf(request));
        } catch (error) {
          throw failureOf(request, error);
        }
      },
      stream: async function* (request) {
        yield* watches.watch(request, scopeOf(request));
      },
    };
  }

  /** etcd forgets what was before now, and the server starts anew: a watch from before is `Gone`. */
  compact(): void {
    this.#history.compact();
    this.#watches.restart();
  }

  /** The server starts anew: every watch is cut. */
  restart(): void {
    this.#watches.restart();
  }

  backUp(): BackUp {
    return this.#history.backUp();
  }

  /** etcd is put back, and the server starts anew on it: every watch is cut. */
  restore(backUp: BackUp): void {
    this.#history.restore(backUp);
    this.#watches.restart();
  }

  #answer(request: ApiRequest, place: Place): unknown {
    switch (request.verb) {
      case 'create':
        return this.#create(place, request.body);
      case 'patch':
        return this.#patch(place, request);
      case 'delete':
        return this.#delete(place, request.body as DeleteOptions | undefined);
      default:
        return read(this.#history, request, place);
    }
  }

  #create(place: Place, body: unknown): Stored {
    const { kind, namespace } = place;
    this.#checkNamespace(place);
    this.#serial += 1;
    const object = newObject(place, body, {
      uid: `00000000-0000-4000-8000-${String(this.#serial).padStart(12, '0')}`,
      time: this.#now(),
      suffix: String(this.#serial).padStart(5, '0'),
    });
    const { name } = object.metadata;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    if (this.#history.get(kind.resource, key) !== undefined)
      throw new Refusal(409, 'AlreadyExists', `${kind.resource} "${name}" already exists`);
    const made = this.#history.commit(kind.resource, key, object);
    if (kind.custom !== undefined) this.#withoutStatus.add(made);
    return made;
  }

  #patch(place: Place, { patchType, body }: ApiRequest): Stored {
    const { kind, key } = place;
    const before = existing(this.#history, place);
    const after = changedObject(place, before, (patchType === 'json' ? jsonPatched : mergePatched)(before, body));
    const { deletionTimestamp, finalizers = [] } = after.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0 && kind.resource !== 'namespaces') {
      this.#history.commit(kind.resource, key, undefined);
      // The real server answers what was asked for, which was never stored.
      return after;
    }
    return isDeepStrictEqual(before, after) && !this.#withoutStatus.has(before)
      ? before
      : this.#history.commit(kind.resource, key, after);
  }

  #delete(place: Place, options: DeleteOptions = {}): unknown {
    const { kind, key } = place;
    const object = existing(this.#history, place);
    const { metadata } = object;
    for (const field of ['uid', 'resourceVersion'] as const) {
      const wanted = options.preconditions?.[field];
      if (wanted !== undefined && wanted !== metadata[field]) throw conflict(`the ${field} is another one`);
    }
    if (kind.resource !== 'namespaces' && (metadata.finalizers ?? []).length === 0) {
      this.#history.commit(kind.resource, key, undefined);
      const details = { name: metadata.name, group: kind.group, kind: kind.resource, uid: metadata.uid };
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
    }
    if (metadata.deletionTimestamp !== undefined) return object;
    return this.#history.commit(kind.resource, key, { ...object, ...this.#dying(object, kind.resource) });
  }

  #dying({ metadata }: Stored, resource: string): Pick<Stored, 'metadata'> {
    const { generation } = metadata;
    return {
      ...(resource === 'namespaces' ? { status: { phase: 'Terminating' } } : {}),
      metadata: {
        ...metadata,
        ...(generation === undefined ? {} : { generation: generation + 1 }),
        deletionTimestamp: this.#now(),
        ...(resource === 'namespaces' ? {} : { deletionGracePeriodSeconds: 0 }),
      },
    };
  }

  #checkNamespace({ namespace }: Place): void {
    if (namespace === undefined) return;
    const found = this.#history.get('namespaces', namespace);
    if (found === undefined && !this.#hasAllNamespaces) throw notFound(`namespaces "${namespace}"`);
    if (found?.metadata.deletionTimestamp === undefined) return;
    const cause = { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated` };
    throw new Refusal(403, 'Forbidden', cause.message, [cause]);
  }

  #now(): string {
    return `${this.#clock.date().toISOString().slice(0, 19)}Z`;
  }
}

type DeleteOptions = { readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } };

function read(history: ObjectHistory, request: ApiRequest, place: Place): unknown {
  if (request.verb === 'get') return existing(history, place);
  if (request.verb !== 'list') throw new TypeError(`${request.verb} is not for this server`);
  return listed(history, place.kind, place.namespace, request.query ?? {});
}

function existing(history: ObjectHistory, { kind, key, name }: Place): Stored {
  const object = history.get(kind.resource, key);
  if (object === undefined) throw notFound(`${kind.resource} "${name}"`);
  return object;
}

function scopeOf(request: ApiRequest): Place {
  try {
    return placeOf(request);
  } catch (error) {
    throw failureOf(request, error);
  }
}
