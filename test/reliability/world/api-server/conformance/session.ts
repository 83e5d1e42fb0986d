/** One run of the script on one subject: requests by kind and name, and what the earlier ones answered. */
import type { ApiRequest } from '../../../../../src/kubernetes/http.ts';
import { isObject } from '../structural.ts';
import type { Subject } from './subject.ts';

export const NAMESPACE = 'shop';

/** The kinds that the script writes, by a short name. */
const KINDS = {
  resync: { root: '/apis/lunresync.io/v1alpha1', plural: 'lunresyncs', kind: 'LunResync', isNamespaced: true },
  array: { root: '/apis/lunresync.io/v1alpha1', plural: 'storagearrays', kind: 'StorageArray', isNamespaced: false },
  namespace: { root: '/api/v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false },
  secret: { root: '/api/v1', plural: 'secrets', kind: 'Secret', isNamespaced: true },
  lease: { root: '/apis/coordination.k8s.io/v1', plural: 'leases', kind: 'Lease', isNamespaced: true },
  event: { root: '/apis/events.k8s.io/v1', plural: 'events', kind: 'Event', isNamespaced: true },
} as const;

export type KindName = keyof typeof KINDS;
type Meta = { readonly uid: string; readonly resourceVersion: string };
export type Guard = Partial<Record<'uid' | 'resourceVersion', unknown>>;

export const OTHER_UID = '00000000-0000-0000-0000-000000000000';

export class Session {
  readonly subject: Subject;
  readonly #namespace: string;
  readonly #seen = new Map<string, Meta[]>();
  readonly #kept = new Map<string, string>();
  #era = 0;
  #restore: () => Promise<void> = async () => undefined;

  constructor(subject: Subject, namespace = NAMESPACE) {
    this.subject = subject;
    this.#namespace = namespace;
  }

  /** What the last successful answer about the object said. */
  latest(kind: KindName, name: string): Meta {
    const meta = this.seen(kind, name).at(-1);
    if (meta === undefined) throw new TypeError(`${kind} ${name} was not answered yet`);
    return meta;
  }

  /** What every successful answer about an object of that name said, the last one last. */
  seen(kind: KindName, name: string): readonly Meta[] {
    return this.#seen.get(`${kind} ${name}`) ?? [];
  }

  /** Keeps a word of an answer for a later step. */
  keep(label: string, word: unknown): void {
    this.#kept.set(label, String(word));
  }

  kept(label: string): string {
    const word = this.#kept.get(label);
    if (word === undefined) throw new TypeError(`${label} was not kept`);
    return word;
  }

  /** A new object; `body` is laid over a minimal one, field by field. */
  create(kind: KindName, name: string, body: object = {}, namespace = this.#namespace): Promise<unknown> {
    const { kind: word, root } = KINDS[kind];
    const { metadata, ...fields } = body as { metadata?: object };
    const apiVersion = root.replace(/^\/apis?\//, '');
    const whole = { apiVersion, kind: word, metadata: { name, ...metadata }, ...fields };
    return this.send('create', kind, '', { body: whole, namespace });
  }

  get(kind: KindName, name: string): Promise<unknown> {
    return this.send('get', kind, name);
  }

  /** A merge patch. */
  patch(kind: KindName, name: string, body: unknown): Promise<unknown> {
    return this.send('patch', kind, name, { body });
  }

  /** A merge patch of the status. */
  patchStatus(kind: KindName, name: string, body: unknown): Promise<unknown> {
    return this.send('patch', kind, name, { body, subresource: 'status' });
  }

  /** A JSON patch of the status, with the guard that the operator sends. */
  writeStatus(kind: KindName, name: string, status: object, guard: Guard = {}): Promise<unknown> {
    const { uid, resourceVersion } = { ...this.latest(kind, name), ...guard };
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      ...Object.entries(status).map(([field, value]) => ({ op: 'add', path: `/status/${field}`, value })),
    ];
    return this.jsonPatch(kind, name, body);
  }

  jsonPatch(kind: KindName, name: string, body: unknown, subresource = 'status'): Promise<unknown> {
    const part = subresource === '' ? {} : { subresource };
    return this.send('patch', kind, name, { body, patchType: 'json', ...part });
  }

  delete(kind: KindName, name: string, preconditions: Guard = {}): Promise<unknown> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy: 'Background' };
    return this.send('delete', kind, name, { body });
  }

  list(kind: KindName, query: Readonly<Record<string, string>> = {}, namespace = this.#namespace): Promise<unknown> {
    return this.send('list', kind, '', { query, namespace });
  }

  async send(
    verb: ApiRequest['verb'],
    kind: KindName,
    name: string,
    rest: Partial<ApiRequest> & { readonly namespace?: string } = {},
  ): Promise<unknown> {
    const { namespace = this.#namespace, ...request } = rest;
    const subresource = request.subresource === undefined ? '' : `/${request.subresource}`;
    const path = `${this.#collection(kind, namespace)}${name === '' ? '' : `/${name}`}${subresource}`;
    const answer = await this.subject.transport.send({ verb, resource: KINDS[kind].plural, path, ...request });
    this.#learn(kind, answer);
    return answer;
  }

  /** The first so many events after a version. */
  async events(kind: KindName, version: string, count: number, namespace = this.#namespace): Promise<unknown[]> {
    const events: unknown[] = [];
    for await (const event of this.watch(kind, { resourceVersion: version, timeoutSeconds: '60' }, namespace)) {
      if (events.push(event) === count) break;
    }
    return events;
  }

  watch(
    kind: KindName,
    query: Readonly<Record<string, string>>,
    namespace = this.#namespace,
    signal?: AbortSignal,
  ): AsyncGenerator<unknown, void, undefined> {
    return this.subject.transport.stream({
      verb: 'watch',
      resource: KINDS[kind].plural,
      path: this.#collection(kind, namespace),
      query: { watch: 'true', ...query },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async backUp(): Promise<void> {
    this.#restore = await this.subject.backUp();
  }

  async restore(): Promise<void> {
    await this.#restore();
    this.#era += 1;
  }

  /** How often the state was put back. */
  get era(): number {
    return this.#era;
  }

  /** An empty namespace stands for all of them. */
  #collection(kind: KindName, namespace: string): string {
    const { root, plural, isNamespaced } = KINDS[kind];
    return `${root}${isNamespaced && namespace !== '' ? `/namespaces/${namespace}` : ''}/${plural}`;
  }

  #learn(kind: KindName, answer: unknown): void {
    const meta = isObject(answer) ? answer['metadata'] : undefined;
    if (!isObject(meta) || typeof meta['uid'] !== 'string') return;
    const { name, uid, resourceVersion } = meta;
    const seen = this.seen(kind, String(name));
    this.#seen.set(`${kind} ${String(name)}`, [...seen, { uid, resourceVersion: String(resourceVersion) }]);
  }
}
