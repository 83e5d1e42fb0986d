/** A token bucket for each of many keys, with bounded memory: a key that has its full burst again is forgotten. */
import type { Clock } from './clock.ts';

/** `burst` tokens at once, then one more each `refillMs`. */
export type TokenBucketOptions = { readonly burst: number; readonly refillMs: number; readonly clock: Clock };

const MAX_KEYS = 4_096;

type Bucket = { tokens: number; atMs: number };

/** Limits how often something may happen for one key. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** Takes a token of this key; false when it has none. */
  take(key: string): boolean {
    const { burst, refillMs, clock } = this.#options;
    const now = clock.now();
    const known = this.#buckets.get(key) ?? { tokens: burst, atMs: now };
    const tokens = Math.min(burst, known.tokens + (now - known.atMs) / refillMs);
    const allowed = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: now });
    // The first key of the map is the one used longest ago, so the one whose bucket is fullest.
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > MAX_KEYS && oldest.done !== true) this.#buckets.delete(oldest.value);
    return allowed;
  }
}
