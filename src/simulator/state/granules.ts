/**
 * The unit in which the array remembers which blocks were written.
 */

/** Bytes of one granule: 64 KiB. */
export const granuleBytes = 64 * 1024;

/** The granules [from, to) that a range of bytes touches. */
export function markedGranules(range: { readonly offset: number; readonly length: number }): {
  readonly from: number;
  readonly to: number;
} {
  return {
    from: Math.floor(range.offset / granuleBytes),
    to: Math.ceil((range.offset + range.length) / granuleBytes),
  };
}
