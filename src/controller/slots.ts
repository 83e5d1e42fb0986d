/**
 * How many operations are under way on each array. What is recorded in the objects counts, and so do intents that are
 * being written at this moment: two workers must not take the last place together.
 */
import type { LunResync } from '../api/lun-resync.ts';
import { keyOfResync } from './world.ts';

export class Slots {
  readonly #list: () => readonly LunResync[];
  readonly #reserved = new Map<string, string>();

  constructor(list: () => readonly LunResync[]) {
    this.#list = list;
  }

  /** Operations on the array, without those of `key`. */
  othersRunning(arrayName: string, key: string): number {
    const running = new Set<string>();
    for (const resync of this.#list()) {
      const { arrayName: name, operationID } = resync.status;
      if (name === arrayName && operationID !== undefined) running.add(keyOfResync(resync));
    }
    for (const [reservedKey, name] of this.#reserved) if (name === arrayName) running.add(reservedKey);
    running.delete(key);
    return running.size;
  }

  /** Holds a place while the intent is being written; dispose it when the write has come back. */
  reserve(arrayName: string, key: string): Disposable {
    this.#reserved.set(key, arrayName);
    return { [Symbol.dispose]: (): void => void this.#reserved.delete(key) };
  }
}
