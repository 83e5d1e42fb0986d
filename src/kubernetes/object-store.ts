/** The objects that a reflector has seen, and the observers that are told of each change, once, in order. */
import { isDeepStrictEqual } from 'node:util';
import { isLater, keyOf, type ObjectMeta, type ObjectName, type StoredObject } from './stored-object.ts';

/**
 * Told of changes; an object that was deleted and created again is `onDelete`, then `onAdd`. `isRelisted`: a new list has
 * another state of the object than the known one, which may be an earlier one.
 */
export type Observer<T> = {
  readonly onAdd?: (object: T) => void;
  readonly onUpdate?: (before: T, after: T, isRelisted: boolean) => void;
  readonly onDelete?: (object: T) => void;
};

/** Objects by key. `onObserverError` gets what an observer threw; the other observers are told all the same. */
export class ObjectStore<T extends StoredObject> {
  readonly #objects = new Map<string, T>();
  readonly #observers = new Set<Observer<T>>();
  readonly #onObserverError: (error: unknown) => void;
  /** Objects that our own writes returned since the list that is being read began: that list may lack them. */
  readonly #writtenDuringList = new Set<string>();

  constructor(onObserverError: (error: unknown) => void) {
    this.#onObserverError = onObserverError;
  }

  /** Adds an observer, tells it of every object that is there already, and gives the function that removes it. */
  observe(observer: Observer<T>): () => void {
    this.#observers.add(observer);
    for (const object of this.#objects.values()) this.#tell(observer, undefined, object);
    return (): void => {
      this.#observers.delete(observer);
    };
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Whether this state of the object is later than the known one; asked before an object is read, which costs more. */
  isNews(metadata: ObjectMeta): boolean {
    const known = this.#objects.get(keyOf(metadata));
    return known === undefined || isLater(metadata.resourceVersion, known.metadata.resourceVersion);
  }

  /** Takes an added or changed object. One that is no later than what is known is ignored: a write's answer was faster. */
  put(object: T): void {
    if (this.isNews(object.metadata)) this.#set(this.#objects.get(keyOf(object.metadata)), object);
  }

  /** Takes a deletion; ignored when what is known is later, that is, created again. */
  remove(name: ObjectName & { readonly resourceVersion: string }): void {
    const known = this.#objects.get(keyOf(name));
    if (known === undefined || isLater(known.metadata.resourceVersion, name.resourceVersion)) return;
    this.#delete(known);
  }

  /**
   * Takes the object that our own write returned, so that the next look does not see the state before it. Ignored for an
   * object that is not known: it may have been deleted since.
   */
  seen(object: T): void {
    const key = keyOf(object.metadata);
    const known = this.#objects.get(key);
    if (known === undefined || known.metadata.uid !== object.metadata.uid) return;
    if (!isLater(object.metadata.resourceVersion, known.metadata.resourceVersion)) return;
    this.#writtenDuringList.add(key);
    this.#set(known, object);
  }

  /** To be called before a list is requested whose outcome will be given to `replace`. */
  listBegins(): void {
    this.#writtenDuringList.clear();
  }

  /**
   * Takes a complete list: what is not in it is deleted. Its versions count even where they are lower, since an etcd may
   * have been restored from a backup. `present` names objects that are in the list but could not be read.
   */
  replace(objects: Iterable<T>, present: ReadonlySet<string>): void {
    const fresh = new Map<string, T>();
    for (const object of objects) fresh.set(keyOf(object.metadata), object);
    for (const [key, known] of this.#objects) {
      if (!fresh.has(key) && !present.has(key)) this.#delete(known);
    }
    for (const [key, object] of fresh) this.#replaceOne(this.#objects.get(key), object);
    this.#writtenDuringList.clear();
  }

  #replaceOne(known: T | undefined, object: T): void {
    if (known !== undefined && known.metadata.uid === object.metadata.uid) {
      const version = object.metadata.resourceVersion;
      // An etcd that was put back gives versions out again: the same version may be another state.
      if (version === known.metadata.resourceVersion && isDeepStrictEqual(known, object)) return;
      const written = this.#writtenDuringList.has(keyOf(object.metadata));
      if (written && isLater(known.metadata.resourceVersion, version)) return;
    }
    this.#set(known, object, true);
  }

  #set(known: T | undefined, object: T, isRelisted = false): void {
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) {
      this.#delete(known);
      this.#set(undefined, object);
      return;
    }
    this.#objects.set(keyOf(object.metadata), object);
    for (const observer of this.#observers) this.#tell(observer, known, object, isRelisted);
  }

  #delete(known: T): void {
    this.#objects.delete(keyOf(known.metadata));
    for (const observer of this.#observers) this.#tell(observer, known, undefined);
  }

  #tell(observer: Observer<T>, before: T | undefined, after: T | undefined, isRelisted = false): void {
    try {
      if (before === undefined && after !== undefined) observer.onAdd?.(after);
      else if (before !== undefined && after !== undefined) observer.onUpdate?.(before, after, isRelisted);
      else if (before !== undefined) observer.onDelete?.(before);
    } catch (error) {
      this.#onObserverError(error);
    }
  }
}
