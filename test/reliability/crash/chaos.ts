/** Faults that are written down: each at one effect, by its key. */
import type { Chaos, Effect, Fault } from '../world/effects.ts';

/** One fault at one effect. */
export type Planned = { readonly key: string; readonly fault: Fault };

/** Exactly these faults. `kept` says how much of what may be lost at a crash is kept. */
export function planned(faults: readonly Planned[], kept: 'none' | 'all' | 'some' = 'some'): Chaos {
  const byKey = new Map(faults.map(({ key, fault }) => [key, fault]));
  return {
    faultOf: ({ key }: Effect) => byKey.get(key),
    latencyOf: () => [1, 1],
    choice: (name) => (kept === 'some' ? fraction(name) : kept === 'all' ? 0 : 0.999),
  };
}

/** A number in [0, 1) that depends on the text alone (FNV-1a, then one mixing step). */
export function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
