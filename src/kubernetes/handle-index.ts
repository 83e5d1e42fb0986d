/** Which objects are of a LUN: PersistentVolumes or VolumeSnapshotContents by driver and handle, kept as a copy changes. */
import type { Reflector } from './reflector.ts';
import type { StoredObject } from './stored-object.ts';

/** What has a handle of a CSI driver. The driver of an object that is not CSI's is empty. */
type Handled = StoredObject & { readonly driver: string; readonly handle: string };

/** So that a look at one LUN does not go through all objects of the cluster. */
export class HandleIndex<T extends Handled> {
  readonly #byHandle = new Map<string, Map<string, T>>();

  constructor(reflector: Reflector<T>) {
    reflector.observe({
      onAdd: (object) => this.#add(object),
      onUpdate: (before, after) => {
        this.#remove(before);
        this.#add(after);
      },
      onDelete: (object) => this.#remove(object),
    });
  }

  /** All objects of that driver with that handle. */
  of(driver: string, handle: string): readonly T[] {
    return [...(this.#byHandle.get(keyOf({ driver, handle }))?.values() ?? [])];
  }

  #add(object: T): void {
    if (object.driver === '') return;
    const key = keyOf(object);
    const objects = this.#byHandle.get(key) ?? new Map<string, T>();
    objects.set(object.metadata.name, object);
    this.#byHandle.set(key, objects);
  }

  #remove(object: T): void {
    const key = keyOf(object);
    const objects = this.#byHandle.get(key);
    objects?.delete(object.metadata.name);
    if (objects?.size === 0) this.#byHandle.delete(key);
  }
}

function keyOf({ driver, handle }: Pick<Handled, 'driver' | 'handle'>): string {
  return `${driver}\n${handle}`;
}
