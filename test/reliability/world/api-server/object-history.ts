/** Every version of every object, in the order of the commits: what etcd keeps, and what checkers want to see. */

export type Json = { readonly [field: string]: unknown };

export type Meta = Json & {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Custom resources only. */
  readonly generation?: number;
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

/** The whole state of an etcd at a moment. */
export type BackUp = {
  readonly version: number;
  readonly compacted: number;
  readonly objects: Snapshot;
  readonly changes: readonly Change[];
};

/** The store. Objects are never changed in place. */
export class ObjectHistory {
  #version = 100;
  #compacted = 0;
  #objects = new Map<string, Stored>();
  /** What led to the present state; a restored one has others. */
  #changes: Change[] = [];
  readonly #log: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();

  get version(): number {
    return this.#version;
  }

  /** Every commit that there ever was, also those that a restore has undone. */
  get log(): readonly Change[] {
    return this.#log;
  }

  get(resource: string, key: string): Stored | undefined {
    return this.#objects.get(`${resource} ${key}`);
  }

  /** All objects of a resource, by key; of one namespace where one is given. */
  list(resource: string, namespace?: string): Stored[] {
    const prefix = `${resource} ${namespace === undefined ? '' : `${namespace}/`}`;
    return [...this.#objects]
      .filter(([id]) => id.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Commits a new state of an object at the next version; `undefined` deletes it. */
  commit(resource: string, key: string, next: Stored | undefined): Stored {
    this.#version += 1;
    const before = this.get(resource, key);
    const state = next ?? before;
    if (state === undefined) throw new TypeError(`${resource} ${key} is deleted that is not there`);
    const last = { ...state, metadata: { ...state.metadata, resourceVersion: String(this.#version) } };
    const object = next === undefined ? undefined : last;
    if (object === undefined) this.#objects.delete(`${resource} ${key}`);
    else this.#objects.set(`${resource} ${key}`, object);
    const change = { version: this.#version, resource, key, before, object, last };
    this.#changes.push(change);
    this.#log.push(change);
    for (const listener of this.#listeners) listener(change);
    return last;
  }

  /** Told of every commit at its moment, and of nothing else. Returns how to stop. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes after a version, in order. */
  since(version: number): readonly Change[] {
    return this.#changes.filter((change) => change.version > version);
  }

  /** Whether the state at a version can still be read. */
  isKept(version: number): boolean {
    return version >= this.#compacted;
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
    const objects = new Map(this.#objects);
    return { version: this.#version, compacted: this.#compacted, objects, changes: [...this.#changes] };
  }

  /** etcd is put back: the version too, so that versions are given out a second time. */
  restore({ version, compacted, objects, changes }: BackUp): void {
    this.#version = version;
    this.#compacted = compacted;
    this.#objects = new Map(objects);
    this.#changes = [...changes];
  }
}
