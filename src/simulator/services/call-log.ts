/**
 * One JSON line for every call of LunArray and CSI.
 */
import { openSync, writeSync } from 'node:fs';

export type CallLogLine = {
  readonly time: string;
  readonly method: string;
  readonly owner: string;
  readonly operationID: string;
  /** The name of the gRPC status, or what became of the call when it got no answer. */
  readonly code: string;
  /** The HRESULT's name; empty on success. */
  readonly reason: string;
  readonly milliseconds: number;
};

/** Appends lines to a file, or to the standard output when no file is named. */
export class CallLog {
  readonly #descriptor: number;

  constructor(path: string | undefined) {
    this.#descriptor = path === undefined ? process.stdout.fd : openSync(path, 'a', 0o600);
  }

  /** Written before it returns, so that a crash loses no line. */
  write(line: CallLogLine): void {
    try {
      writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
    } catch (error) {
      // A pipe whose reader is slow or gone must not stop the array.
      if (!(error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EPIPE'))) {
        throw error;
      }
    }
  }
}
