/**
 * The ways in which an operation stops before it is done.
 */
import { CopyFailedError, OutOfSpaceError } from '../blocks/copy-errors.ts';
import type { OperationError } from '../state/records.ts';

/** The operation ends FAILED with this error. */
export class OperationFailure extends Error {
  override readonly name = 'OperationFailure';
  readonly failure: OperationError;

  constructor(failure: OperationError, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** The operation was asked to cancel. */
export class OperationCancelled extends Error {
  override readonly name = 'OperationCancelled';
}

/** The process is stopping: the operation is left as it is, and found INTERRUPTED at the next start. */
export class ArrayStopping extends Error {
  override readonly name = 'ArrayStopping';
}

/** The pool of a target is full. */
export function poolFull(lunID: string, pool: string, cause?: unknown): OperationFailure {
  return new OperationFailure(
    {
      reason: 'VSS_E_INSUFFICIENT_STORAGE',
      message: `Pool ${pool} ran out of room while LUN ${lunID} was written.`,
      remedy: 'Free room in the pool or enlarge it, then start a new operation.',
      lunID,
    },
    { cause },
  );
}

/** What to report for an error that ended an operation. */
export function failureOf(error: unknown): OperationError {
  if (error instanceof OperationFailure) {
    return error.failure;
  }
  const message = error instanceof Error ? error.message : String(error);
  const isSpace = error instanceof OutOfSpaceError;
  return {
    reason: isSpace ? 'VSS_E_INSUFFICIENT_STORAGE' : 'VSS_E_UNEXPECTED_PROVIDER_ERROR',
    message: message.slice(0, 512),
    remedy: isSpace
      ? 'Free room where the array keeps its data, then start a new operation.'
      : error instanceof CopyFailedError
        ? "Check the disks that hold the array's data, then start a new operation."
        : 'Look into the log of the array.',
    lunID: '',
  };
}
