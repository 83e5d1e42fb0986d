// Copies back from a snapshot of the target of which one hundredth has changed since.
import { settle } from './cp.ts';
import { fill, forgetWrites, type Lab, type Range } from './lab.ts';
import { timeResync } from './timed-resync.ts';

/** Seconds of one round, without verification. */
export type ChangedRound = {
  /** The array knows what was written: one range. */
  readonly inOnePlace: number;
  /** The array knows what was written: pieces of 64 KiB all over the LUN. */
  readonly scattered: number;
  /** The same pieces, but a node had the LUN meanwhile, so that all of it has to be compared. */
  readonly compared: number;
};

const PIECE_BYTES = 64 * 1024;
const ALIGNMENT_BYTES = 512;

/**
 * One round, on two volumes that have a snapshot `<volume>-snapshot` each and are equal to it, and are so again
 * afterwards. Of `known` every write since its snapshot went through the array; of `unknown` that need not be so.
 */
export async function changedRound(
  lab: Lab,
  volumes: { readonly known: string; readonly unknown: string },
  round: number,
): Promise<ChangedRound> {
  const restore = async (volume: string, ranges: readonly Range[]): Promise<number> => {
    await fill(lab, { id: volume, seed: `round ${round}`, ranges });
    await settle(lab);
    const { seconds, writtenBytes } = await timeResync(lab, { source: `${volume}-snapshot`, target: volume });
    checkWritten(volume, ranges, writtenBytes);
    return seconds;
  };
  const pieces = scattered(lab.lunBytes);
  const inOnePlace = await restore(volumes.known, [onePlace(lab.lunBytes)]);
  const inPieces = await restore(volumes.known, pieces);
  await forgetWrites(lab, volumes.unknown);
  return { inOnePlace, scattered: inPieces, compared: await restore(volumes.unknown, pieces) };
}

/** A time means something only if what had changed was written, and little else. */
function checkWritten(volume: string, ranges: readonly Range[], writtenBytes: number): void {
  const changed = ranges.reduce((sum, { length }) => sum + length, 0);
  if (writtenBytes < changed || writtenBytes > 2 * changed + PIECE_BYTES)
    throw new Error(`${changed} bytes of ${volume} had changed and the resync replaced ${writtenBytes}`);
}

function onePlace(sizeBytes: number): Range {
  const length = Math.floor(sizeBytes / 100 / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  return { offset: Math.floor(sizeBytes / 3 / PIECE_BYTES) * PIECE_BYTES, length };
}

function scattered(sizeBytes: number): readonly Range[] {
  const count = Math.floor(sizeBytes / 100 / PIECE_BYTES);
  const stride = Math.floor(sizeBytes / count / PIECE_BYTES) * PIECE_BYTES;
  return Array.from({ length: count }, (_, index) => ({ offset: index * stride, length: PIECE_BYTES }));
}
