/**
 * The API server as far as the operator uses it, in memory and without a clock of its own. That it answers as the real one
 * does is checked by one script that runs on both (conformance.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import { IMMUTABLE_FIELDS } from '../../../../src/api/lun-resync-rules.ts';
import { type ApiErrorKind, ApiFailure } from '../../../../src/kubernetes/api-error.ts';
import type { Clock } from '../../../../src/kubernetes/clock.ts';
import type { ApiRequest, ApiTransport } from '../../../../src/kubernetes/http.ts';
import { type BackUp, type Change, type Json, type Meta, ObjectHistory, type Stored } from './object-history.ts';
import { jsonPatched, mergePatched } from './patches.ts';
import { admitted } from './schemas.ts';
import { Watches } from './watches.ts';

type Place = {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly key: string;
  readonly isStatus: boolean;
};

const CODES: Readonly<Partial<Record<ApiErrorKind, number>>> = {
  NotFound: 404,
  Conflict: 409,
  AlreadyExists: 409,
  Invalid: 422,
  Gone: 410,
};

export class ApiServerModel implements ApiTransport {
  readonly #clock: Clock;
  readonly #history: ObjectHistory;
  readonly #watches: Watches;
  #serial = 0;

  constructor({ clock, history = new ObjectHistory() }: { readonly clock: Clock; readonly history?: ObjectHistory }) {
    this.#clock = clock;
    this.#history = history;
    this.#watches = new Watches(history, clock);
  }

  async send(request: ApiRequest): Promise<unknown> {
    const place = placeOf(request);
    switch (request.verb) {
      case 'get':
        return this.#existing(request, place);
      case 'list':
        return this.#list(request, place);
      case 'create':
        return this.#create(request, place);
      case 'patch':
        return this.#patch(request, place);
      case 'delete':
        return this.#delete(request, place);
      default:
        throw failure(request, 'Invalid', 'a watch is a stream');
    }
  }

  async *stream(request: ApiRequest): AsyncGenerator<unknown, void, undefined> {
    const { resource, namespace } = placeOf(request);
    const from = Number(request.query?.['resourceVersion'] ?? 0);
    const timeoutMs = Number(request.query?.['timeoutSeconds'] ?? 300) * 1000;
    yield* this.#watches.watch({ resource, namespace, from, timeoutMs }, request.signal);
  }

  /** Every commit so far, in order. */
  history(): readonly Change[] {
    return this.#history.changes;
  }

  /** Called at each commit; returns how to stop. */
  onChange(listener: (change: Change) => void): () => void {
    return this.#history.onChange(listener);
  }

  objects(resource: string): Stored[] {
    return this.#history.list(resource);
  }

  get version(): number {
    return this.#history.version;
  }

  /** A server that is behind: reads only, as of that version. */
  at(version: number): ApiTransport {
    return new ApiServerModel({ clock: this.#clock, history: this.#history.at(version) });
  }

  compact(): void {
    this.#history.compact();
  }

  backUp(): BackUp {
    return this.#history.backUp();
  }

  /** etcd is put back, and the server starts anew on it: every watch is cut. */
  restore(backUp: BackUp): void {
    this.#history.restore(backUp);
    this.#watches.cut();
  }

  #existing(request: ApiRequest, { resource, key }: Place): Stored {
    const object = this.#history.get(resource, key);
    if (object === undefined) throw failure(request, 'NotFound', `${resource} "${key}" not found`);
    return object;
  }

  #list(request: ApiRequest, { resource, namespace }: Place): unknown {
    const { limit = '0', continue: token = '' } = request.query ?? {};
    const [version = String(this.#history.version), after = ''] = token === '' ? [] : token.split(' ');
    const history = token === '' ? this.#history : this.#history.at(Number(version));
    const all = history.list(resource, namespace).filter(({ metadata }) => nameOf(metadata) > after);
    const items = Number(limit) > 0 ? all.slice(0, Number(limit)) : all;
    const last = items.at(-1);
    const rest =
      items.length < all.length && last !== undefined ? { continue: `${version} ${nameOf(last.metadata)}` } : {};
    return { metadata: { resourceVersion: version, ...rest }, items };
  }

  #create(request: ApiRequest, { resource, namespace }: Place): Stored {
    const body = request.body as Json & { readonly metadata: Json };
    this.#serial += 1;
    const name = String(body.metadata['name'] ?? `${String(body.metadata['generateName'])}${this.#serial}`);
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    if (this.#history.get(resource, key) !== undefined)
      throw failure(request, 'AlreadyExists', `"${key}" already exists`);
    const serial = String(this.#serial).padStart(12, '0');
    const { status: _ignored, ...rest } = body;
    return this.#history.commit(resource, key, (resourceVersion) => {
      const metadata = {
        ...body.metadata,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid: `00000000-0000-4000-8000-${serial}`,
        creationTimestamp: this.#now(),
        generation: 1,
        resourceVersion,
      };
      return this.#admit(request, resource, {
        ...(resource === 'lunresyncs' || resource === 'storagearrays' ? rest : body),
        metadata,
      });
    });
  }

  #patch(request: ApiRequest, place: Place): Stored {
    const before = this.#existing(request, place);
    const patch = request.patchType === 'json' ? jsonPatched : mergePatched;
    const result = patch(before, request.body);
    if ('problem' in result) throw failure(request, 'Invalid', result.problem);
    const wanted = result.object as Stored;
    this.#checkPreconditions(request, before.metadata, wanted.metadata);
    return this.#store(request, place, { before, wanted });
  }

  #store(
    request: ApiRequest,
    place: Place,
    { before, wanted }: { readonly before: Stored; readonly wanted: Stored },
  ): Stored {
    const { resource, key, isStatus } = place;
    const hasStatus = resource === 'lunresyncs' || resource === 'storagearrays';
    const next = isStatus
      ? { ...before, status: wanted['status'] }
      : { ...wanted, ...(hasStatus ? { status: before['status'] } : {}) };
    const kept = this.#admit(request, resource, {
      ...next,
      metadata: metadataAfter(before.metadata, wanted.metadata, isStatus),
    });
    this.#checkImmutable(request, before, kept);
    const isSpecChanged = !isDeepStrictEqual(before['spec'], kept['spec']);
    const isGone = kept.metadata.deletionTimestamp !== undefined && (kept.metadata.finalizers ?? []).length === 0;
    if (isGone) return this.#history.commit(resource, key, undefined);
    if (isDeepStrictEqual(before, kept)) return before;
    return this.#history.commit(resource, key, (resourceVersion) => ({
      ...kept,
      metadata: { ...kept.metadata, resourceVersion, generation: before.metadata.generation + (isSpecChanged ? 1 : 0) },
    }));
  }

  #delete(request: ApiRequest, place: Place): unknown {
    const { resource, key } = place;
    const object = this.#existing(request, place);
    const wanted = (request.body as { preconditions?: Json } | undefined)?.preconditions ?? {};
    for (const field of ['uid', 'resourceVersion'] as const)
      if (wanted[field] !== undefined && wanted[field] !== object.metadata[field])
        throw failure(request, 'Conflict', `the ${field} in the precondition is another one`);
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.#history.commit(resource, key, undefined);
      return { kind: 'Status', status: 'Success' };
    }
    if (object.metadata.deletionTimestamp !== undefined) return object;
    return this.#history.commit(resource, key, (resourceVersion) => ({
      ...object,
      metadata: {
        ...object.metadata,
        deletionTimestamp: this.#now(),
        deletionGracePeriodSeconds: 0,
        generation: object.metadata.generation + 1,
        resourceVersion,
      },
    }));
  }

  #checkPreconditions(request: ApiRequest, before: Meta, wanted: Meta): void {
    if (wanted.resourceVersion !== before.resourceVersion)
      throw failure(request, 'Conflict', 'the object has been modified');
    if (wanted.uid !== before.uid) throw failure(request, 'Invalid', 'metadata.uid: field is immutable');
  }

  #checkImmutable(request: ApiRequest, before: Stored, after: Stored): void {
    const [old, now] = [before['spec'] as Json | undefined, after['spec'] as Json | undefined];
    if (old === undefined || now === undefined || !('pairs' in old)) return;
    const field = IMMUTABLE_FIELDS.find((name) => !isDeepStrictEqual(old[name], now[name]));
    if (field !== undefined) throw failure(request, 'Invalid', `${field} is immutable`);
    if (old['cancel'] === true && now['cancel'] !== true) throw failure(request, 'Invalid', 'cancel is final');
  }

  #admit(request: ApiRequest, resource: string, object: Stored): Stored {
    const result = admitted(resource, object);
    if ('problem' in result) throw failure(request, 'Invalid', result.problem);
    return result.object;
  }

  #now(): string {
    return `${this.#clock.date().toISOString().slice(0, 19)}Z`;
  }
}

/** What a write to the object itself, or to its status, may change of the metadata. */
function metadataAfter(before: Meta, wanted: Meta, isStatus: boolean): Meta {
  if (isStatus) return before;
  const { labels, annotations, ownerReferences } = wanted;
  // The server takes no finalizer on an object that is being deleted.
  const deleting = before.deletionTimestamp !== undefined;
  const finalizers = (wanted.finalizers ?? []).filter((name) => !deleting || (before.finalizers ?? []).includes(name));
  const { finalizers: _before, ...rest } = before;
  return {
    ...rest,
    ...given({ labels, annotations, ownerReferences }),
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
}

function given(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function placeOf({ path, resource }: ApiRequest): Place {
  const parts = path.split('/').filter((part) => part !== '');
  const isStatus = parts.at(-1) === 'status';
  const at = parts.lastIndexOf(resource);
  const namespace = parts[at - 2] === 'namespaces' ? parts[at - 1] : undefined;
  const name = parts[at + 1] ?? '';
  return { resource, namespace, key: namespace === undefined ? name : `${namespace}/${name}`, isStatus };
}

function nameOf({ namespace, name }: Meta): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function failure({ verb, resource, object }: ApiRequest, kind: ApiErrorKind, message: string): ApiFailure {
  return new ApiFailure(`${verb} ${resource} ${object ?? ''}`.trimEnd(), { kind, code: CODES[kind] ?? 400, message });
}
