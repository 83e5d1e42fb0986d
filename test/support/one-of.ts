/** A choice among some things by a number that was drawn elsewhere. */

/** The item that `at`, a number in [0, 1), stands for. Throws when there is none to choose. */
export function oneOf<T>(items: readonly T[], at: number): T {
  const index = Math.floor(at * items.length);
  if (index >= items.length) throw new RangeError(`${at} chooses none of ${items.length} items`);
  return items[index] as T;
}
