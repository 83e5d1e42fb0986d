/** Every version of every object, in the order of the commits: what etcd keeps, and what checkers want to see. */

export type Json = { readonly [field: string]: unknown };

export type Meta = Json & {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
};

export type Stored = Json & { readonly metadata: Meta };

/** One commit. `object` is absent where it was deleted; `last` is then what it was, at the version of the deletion. */
export type Change = {
  readonly version: number;
  readonly resource: string;
  readonly key: string;
  readonly before: Stored | undefined;
  readonly object: Stored | undefined;
  readonly last: Stored;
};

type Snapshot = ReadonlyMap<string, Stored>;

export type BackUp = { readonly version: number; readonly objects: Snapshot; readonly changes: readonly Change[] };

/** The store. Objects are never changed in place. */
export class ObjectHistory {
  #version = 100;
  #compacted = 0;
  #objects = new Map<string, Stored>();
  #changes: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();

  get version(): number {
    return this.#version;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  get(resource: string, key: string): Stored | undefined {
    return this.#objects.get(`${resource} ${key}`);
  }

  /** All objects of a resource, by key; of one namespace where one is given. */
  list(resource: string, namespace?: string): Stored[] {
    return [...this.#objects]
      .filter(([id]) => id.startsWith(`${resource} ${namespace === undefined ? '' : `${namespace}/`}`))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Commits a new state of an object at the next version; `undefined` deletes it. */
  commit(resource: string, key: string, next: ((version: string) => Stored) | undefined): Stored {
    this.#version += 1;
    const version = String(this.#version);
    const before = this.get(resource, key);
    const object = next?.(version);
    const last = object ?? { ...before, metadata: { ...(before?.metadata as Meta), resourceVersion: version } };
    if (object === undefined) this.#objects.delete(`${resource} ${key}`);
    else this.#objects.set(`${resource} ${key}`, object);
    const change = { version: this.#version, resource, key, before, object, last };
    this.#changes.push(change);
    for (const listener of this.#listeners) listener(change);
    return last;
  }

  /** Told of every commit at its moment, and of nothing else. Returns how to stop. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes after a version, in order; undefined when they are not kept any more. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.#compacted) return undefined;
    return this.#changes.filter((change) => change.version > version);
  }

  /** Forgets what was before the present version. */
  compact(): void {
    this.#compacted = this.#version;
  }

  /** The store as it was at a version. */
  at(version: number): ObjectHistory {
    const past = new ObjectHistory();
    past.#version = Math.min(version, this.#version);
    past.#compacted = this.#compacted;
    past.#changes = this.#changes.filter((change) => change.version <= version);
    for (const { resource, key, object } of past.#changes) {
      if (object === undefined) past.#objects.delete(`${resource} ${key}`);
      else past.#objects.set(`${resource} ${key}`, object);
    }
    return past;
  }

  backUp(): BackUp {
    return { version: this.#version, objects: new Map(this.#objects), changes: [...this.#changes] };
  }

  /** etcd is put back: the version too, so that versions are given out a second time. */
  restore({ version, objects, changes }: BackUp): void {
    this.#version = version;
    this.#objects = new Map(objects);
    this.#changes = [...changes];
  }
}
