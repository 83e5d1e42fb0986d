/**
 * Who may touch the bytes of a LUN: many host writes at a time, or one that needs it still.
 *
 * The records decide whether something may begin; a gate is how to wait until what has begun before is over.
 */

type Waiting = { readonly isExclusive: boolean; readonly enter: () => void };
type Gate = { writers: number; isHeld: boolean; readonly queue: Waiting[] };

/** Leaves a gate; disposed of once. */
export type Pass = Disposable;

/** One gate for each LUN, first come, first served. */
export class LunGates {
  readonly #gates = new Map<string, Gate>();

  /** Enters together with others. */
  async share(lunID: string): Promise<Pass> {
    return this.#enter(lunID, false);
  }

  /** Waits until nobody else is inside, and keeps all others out. */
  async hold(lunIDs: readonly string[]): Promise<Pass> {
    const passes: Pass[] = [];
    // Always in the same order, so that two callers never wait for each other.
    for (const lunID of [...new Set(lunIDs)].toSorted()) {
      passes.push(await this.#enter(lunID, true));
    }
    return { [Symbol.dispose]: () => passes.forEach((pass) => pass[Symbol.dispose]()) };
  }

  /** Resolves when everything that was inside has left. */
  async pass(lunIDs: readonly string[]): Promise<void> {
    using _held = await this.hold(lunIDs);
  }

  async #enter(lunID: string, isExclusive: boolean): Promise<Pass> {
    const gate = this.#gates.get(lunID) ?? { writers: 0, isHeld: false, queue: [] };
    this.#gates.set(lunID, gate);
    await new Promise<void>((resolve) => {
      gate.queue.push({ isExclusive, enter: resolve });
      this.#admit(lunID, gate);
    });
    return { [Symbol.dispose]: () => this.#leave(lunID, gate, isExclusive) };
  }

  #admit(lunID: string, gate: Gate): void {
    for (let next = gate.queue[0]; next !== undefined; next = gate.queue[0]) {
      if (gate.isHeld || (next.isExclusive && gate.writers > 0)) {
        return;
      }
      gate.queue.shift();
      if (next.isExclusive) {
        gate.isHeld = true;
      } else {
        gate.writers += 1;
      }
      next.enter();
    }
    if (!gate.isHeld && gate.writers === 0) {
      this.#gates.delete(lunID);
    }
  }

  #leave(lunID: string, gate: Gate, isExclusive: boolean): void {
    if (isExclusive) {
      gate.isHeld = false;
    } else {
      gate.writers -= 1;
    }
    this.#admit(lunID, gate);
  }
}
