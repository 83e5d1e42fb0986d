/**
 * What is true of the LUNs' content, kept beside the array and without believing a word of it: which LUN is half-written,
 * what the source of an operation held when it was accepted, and what a target held before its run.
 */
import type { OperationRecord, PairRecord } from '../../../src/simulator/state/records.ts';
import type { ArrayMachine } from './array-machine.ts';

type Accepted = { readonly source: Buffer; readonly owner: string };

export class Ghosts {
  /** Half-written LUNs, and the operation that did it. */
  readonly #dirty = new Map<string, string>();
  readonly #sources = new Map<string, Accepted>();
  /** By owner and LUN: the content before the owner's first operation on it that found it whole. */
  readonly #before = new Map<string, Buffer>();
  readonly #written = new Set<string>();

  dirtied(lunID: string, operation: OperationRecord): void {
    this.#dirty.set(lunID, operation.operationID);
    this.#written.add(operation.owner.split('/').at(-1) ?? '');
  }

  /** It counts as whole from now on, whatever it holds. */
  forced(lunID: string): void {
    this.#dirty.delete(lunID);
  }

  isDirty(lunID: string): boolean {
    return this.#dirty.has(lunID);
  }

  /** Whether an operation of an object with that uid ever wrote a block. */
  wasEverWrittenBy(uid: string): boolean {
    return this.#written.has(uid);
  }

  /** An operation was accepted: its sources are what they are now. */
  accepted(machine: ArrayMachine, operation: OperationRecord): void {
    for (const pair of operation.pairs) {
      const source = Buffer.from(machine.disk.read(pair.sourceLunID).subarray(0, pair.totalBytes));
      this.#sources.set(keyOf(operation, pair), { source, owner: operation.owner });
      const before = `${operation.owner} ${pair.targetLunID}`;
      if (!this.#dirty.has(pair.targetLunID) && !this.#before.has(before))
        this.#before.set(before, Buffer.from(machine.disk.read(pair.targetLunID)));
    }
  }

  /**
   * An operation says that it succeeded; the sentence says what is wrong with that. Of one that was accepted right before a
   * crash nobody knows what the source was.
   */
  succeeded(machine: ArrayMachine, operation: OperationRecord, pair: PairRecord): string | undefined {
    this.#dirty.delete(pair.targetLunID);
    const source = this.#sources.get(keyOf(operation, pair))?.source;
    const target = machine.disk.read(pair.targetLunID);
    if (source === undefined) return undefined;
    if (!target.subarray(0, source.length).equals(source))
      return `${pair.targetLunID} has not what ${pair.sourceLunID} had at acceptance`;
    if (target.subarray(source.length).some((byte) => byte !== 0))
      return `${pair.targetLunID} is not zero behind the source's ${source.length} bytes`;
    return undefined;
  }

  /** The same for a roll-back. */
  rolledBack(machine: ArrayMachine, operation: OperationRecord, pair: PairRecord): string | undefined {
    this.#dirty.delete(pair.targetLunID);
    const before = this.#before.get(`${operation.owner} ${pair.targetLunID}`);
    if (before?.equals(machine.disk.read(pair.targetLunID)) === true) return undefined;
    return `${pair.targetLunID} was rolled back to something else than it had before the run`;
  }
}

function keyOf(operation: OperationRecord, pair: PairRecord): string {
  return `${operation.operationID} ${pair.targetLunID}`;
}
