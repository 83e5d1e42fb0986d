/**
 * Walks over the parts of one or two files that hold data, in bounded pieces with a bounded number in flight, so that a
 * sparse LUN of any size costs as much as its data.
 */
import { runBlockTask } from './worker-pool.ts';

/** A range of bytes. */
export type Extent = { readonly offset: number; readonly length: number };

/** A region of a scan, and which of the scanned files (in their order) have data anywhere in it. */
export type Region = Extent & { readonly dataIn: readonly boolean[] };

/** What a scan walks over and what it calls. */
export type Scan = {
  /** Data in any of these files makes a region. */
  readonly fds: readonly number[];
  readonly range: Extent;
  /** How large a piece may be at most; asked again for every region, since a changed rate changes it. */
  readonly pieceBytes: () => number;
  /** Awaited before each piece begins: the place to pause, to slow down and, by rejecting, to stop. */
  readonly admit: (bytes: number) => Promise<void>;
  /** Told of bytes that are a hole in all files; no piece covers them. */
  readonly skipped: (bytes: number) => void;
  readonly work: (piece: Region) => Promise<void>;
};

const MAX_REGIONS_PER_MAP = 256;
const MAX_PIECES_IN_FLIGHT = 4;

/**
 * Resolves when every piece has been worked on. After the first failure, of a piece or of `admit`, no further piece begins;
 * it rejects with that failure only when all pieces in flight have ended.
 */
export async function scanRegions(scan: Scan): Promise<void> {
  const flight = new Flight();
  try {
    const end = scan.range.offset + scan.range.length;
    let offset = scan.range.offset;
    while (offset < end) {
      const range = { offset, length: end - offset };
      const map = await runBlockTask({ kind: 'map', fds: scan.fds, range, maxRegions: MAX_REGIONS_PER_MAP });
      for (const region of map.regions) {
        await workOnRegion(scan, flight, region);
      }
      const dataBytes = map.regions.reduce((sum, region) => sum + region.length, 0);
      scan.skipped(map.nextOffset - offset - dataBytes);
      offset = map.nextOffset;
    }
  } finally {
    await flight.landed();
  }
  flight.throwIfFailed();
}

async function workOnRegion(scan: Scan, flight: Flight, region: Region): Promise<void> {
  const end = region.offset + region.length;
  let offset = region.offset;
  while (offset < end) {
    const piece = { offset, length: Math.min(scan.pieceBytes(), end - offset), dataIn: region.dataIn };
    await scan.admit(piece.length);
    await flight.begin(() => scan.work(piece));
    offset += piece.length;
  }
}

/** Pieces that run at the same time, at most MAX_PIECES_IN_FLIGHT, and the first failure among them. */
class Flight {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= MAX_PIECES_IN_FLIGHT) {
      await Promise.race(this.#running);
    }
    this.throwIfFailed();
    const piece = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(piece));
    this.#running.add(piece);
  }

  async landed(): Promise<void> {
    await Promise.all(this.#running);
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }
}
