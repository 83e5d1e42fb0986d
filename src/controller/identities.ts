/** Who the arrays are, asked anew every few seconds or when another array answers: it changes as good as never. */
import type { ArrayIdentity, NotKnown } from '../core/array.ts';
import type { ArrayClient } from './ports.ts';

const FRESH_MS = 5_000;

export class Identities {
  readonly #monotonic: () => number;
  readonly #known = new WeakMap<ArrayClient, { readonly identity: ArrayIdentity; readonly atMs: number }>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /**
   * The identity of the array that answered with `arrayID`. When the endpoint has led to two arrays in a row nothing is
   * known: the answer is not to be taken for one of either.
   */
  async of(client: ArrayClient, arrayID: string, signal: AbortSignal): Promise<ArrayIdentity | NotKnown> {
    const known = this.#known.get(client);
    if (known?.identity.arrayID === arrayID && this.#monotonic() - known.atMs < FRESH_MS) return known.identity;
    const identity = await client.identity(signal);
    if ('kind' in identity) return identity;
    if (identity.arrayID !== arrayID)
      return { kind: 'NotKnown', cause: 'Unreachable', message: 'the endpoint led to two different arrays in a row' };
    this.#known.set(client, { identity, atMs: this.#monotonic() });
    return identity;
  }
}
