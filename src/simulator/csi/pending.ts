/**
 * Calls that are at work on a name: a second one with the same name is told to come back.
 */
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../rpc/rpc-error.ts';

/** The names that are being worked on. */
export class Pending {
  readonly #keys = new Set<string>();

  /** Takes a name until it is disposed of. Throws ABORTED when somebody has it. Source: CSI specification, "Concurrency". */
  take(what: string, name: string): Disposable {
    const key = `${what} ${name}`;
    if (this.#keys.has(key)) {
      throw new RpcError(status.ABORTED, `An earlier call for ${key} is still at work.`, {
        remedy: 'Call again in a moment.',
      });
    }
    this.#keys.add(key);
    return { [Symbol.dispose]: () => this.#keys.delete(key) };
  }
}
