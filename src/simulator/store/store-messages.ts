/**
 * The messages between the array and its store's thread.
 */
import type { Batch } from './batch.ts';

/** What the thread is asked to do; it answers in the order of the requests. */
export type StoreRequest =
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'commit'; readonly batch: Batch }
  | { readonly kind: 'digests'; readonly lunID: string }
  | { readonly kind: 'putDigests'; readonly lunID: string; readonly chunks: Uint8Array }
  | { readonly kind: 'putFault'; readonly id: string; readonly record: Uint8Array | null }
  | { readonly kind: 'close' };

/** An answer: a value, or an error, whose class does not survive the way between threads. */
export type StoreResponse =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly isStoreError: boolean };
