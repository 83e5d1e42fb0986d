/** How a copy between two LUN files ends when it does not succeed. */

/** The copy was cancelled: its last write has ended and nothing more will be written. */
export class CopyCancelledError extends Error {
  override readonly name = 'CopyCancelledError';

  constructor() {
    super('the copy was cancelled; the target has some of its bytes from before and some from the source');
  }
}

/** The file system or the copy's allowance (maxAllocateBytes) had no room for a block. `offset` is where, in bytes. */
export class OutOfSpaceError extends Error {
  override readonly name = 'OutOfSpaceError';
  readonly path: string;
  readonly offset: number;

  constructor(place: { readonly path: string; readonly offset: number; readonly cause: unknown }) {
    const reason = place.cause instanceof Error ? place.cause.message : String(place.cause);
    super(`no room to write ${place.path} at byte ${place.offset}: ${reason}`, { cause: place.cause });
    this.path = place.path;
    this.offset = place.offset;
  }
}

/** Reading or writing failed, for the reason in `cause`, on the file `path` near byte `offset`. */
export class CopyFailedError extends Error {
  override readonly name = 'CopyFailedError';
  readonly path: string;
  readonly offset: number;

  constructor(place: { readonly path: string; readonly offset: number; readonly cause: unknown }) {
    const reason = place.cause instanceof Error ? place.cause.message : String(place.cause);
    super(`copying failed on ${place.path} near byte ${place.offset}: ${reason}`, { cause: place.cause });
    this.path = place.path;
    this.offset = place.offset;
  }
}
