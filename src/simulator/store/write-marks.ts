/**
 * Which granules of a volume were written in which epoch: what a copy from one of its snapshots has to look at.
 */
import type { Mark } from '../state/draft.ts';
import { granuleBytes } from '../state/granules.ts';
import type { MarkPage } from './batch.ts';

const pageGranules = 1024;

/** A range of bytes. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** All marks, in memory; the store has the same pages. A granule without a mark has epoch 0. */
export class WriteMarks {
  readonly #pages = new Map<string, Map<number, Uint32Array>>();

  constructor(pages: readonly MarkPage[]) {
    this.install(pages);
  }

  /** Whether every granule of [from, to) is marked with this epoch or a later one. */
  isMarked(mark: Mark): boolean {
    for (let granule = mark.from; granule < mark.to; granule += 1) {
      if (this.#epochOf(mark.lunID, granule) < mark.epoch) {
        return false;
      }
    }
    return true;
  }

  /** Ranges of a LUN within [0, endBytes) that were written in an epoch after the given one, in order. */
  changedSince(lunID: string, epoch: number, endBytes: number): ByteRange[] {
    const ranges: { offset: number; length: number }[] = [];
    const pages = [...(this.#pages.get(lunID) ?? [])].toSorted(([a], [b]) => a - b);
    for (const [page, epochs] of pages) {
      for (const [index, marked] of epochs.entries()) {
        const offset = (page * pageGranules + index) * granuleBytes;
        if (marked > epoch && offset < endBytes) {
          extend(ranges, { offset, length: Math.min(granuleBytes, endBytes - offset) });
        }
      }
    }
    return ranges;
  }

  /** The pages as they will be with these marks; nothing is changed until they are installed. */
  pagesWith(marks: readonly Mark[]): MarkPage[] {
    const changed = new Map<string, { lunID: string; page: number; epochs: Uint32Array }>();
    for (const { lunID, from, to, epoch } of marks) {
      for (let page = Math.floor(from / pageGranules); page * pageGranules < to; page += 1) {
        const key = `${page} ${lunID}`;
        const epochs = changed.get(key)?.epochs ?? new Uint32Array(this.#page(lunID, page));
        const first = page * pageGranules;
        const [start, end] = [Math.max(0, from - first), Math.min(pageGranules, to - first)];
        for (let index = start; index < end; index += 1) {
          epochs[index] = Math.max(epochs[index] ?? 0, epoch);
        }
        changed.set(key, { lunID, page, epochs });
      }
    }
    return [...changed.values()].map(({ lunID, page, epochs }) => ({
      lunID,
      page,
      epochs: new Uint8Array(epochs.buffer, epochs.byteOffset, epochs.byteLength),
    }));
  }

  /** Takes over pages that have been committed. */
  install(pages: readonly MarkPage[]): void {
    for (const { lunID, page, epochs } of pages) {
      const byPage = this.#pages.get(lunID) ?? new Map<number, Uint32Array>();
      byPage.set(page, new Uint32Array(epochs.slice().buffer));
      this.#pages.set(lunID, byPage);
    }
  }

  /** Drops the marks of a deleted LUN. */
  forget(lunID: string): void {
    this.#pages.delete(lunID);
  }

  #epochOf(lunID: string, granule: number): number {
    return this.#page(lunID, Math.floor(granule / pageGranules))[granule % pageGranules] ?? 0;
  }

  #page(lunID: string, page: number): Uint32Array {
    return this.#pages.get(lunID)?.get(page) ?? new Uint32Array(pageGranules);
  }
}

function extend(ranges: { offset: number; length: number }[], range: ByteRange): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.offset + last.length === range.offset) {
    last.length += range.length;
    return;
  }
  ranges.push({ ...range });
}
