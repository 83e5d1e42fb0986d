/**
 * Everything that the operator and the array do to the world passes one gate, which names it. What goes wrong is decided
 * by that name, and not by how many random numbers were drawn before: a fault can then be left out without moving others.
 */

/** What may happen around one effect. */
export type Fault =
  /** The process dies before the effect, when its answer is on the way, or right after the answer. */
  | { readonly kind: 'Crash'; readonly point: CrashPoint; readonly recovery?: Recovery }
  /** The request never arrives; the sender finds out by its deadline. */
  | { readonly kind: 'LoseRequest' }
  | { readonly kind: 'LoseAnswer' }
  /** The request arrives so much later, whatever the sender has done meanwhile. */
  | { readonly kind: 'Late'; readonly delayMs: number }
  /** The request arrives once more, so much later. */
  | { readonly kind: 'Duplicate'; readonly delayMs: number }
  /** The other side answers with this instead, with the effect or without. */
  | { readonly kind: 'Refuse'; readonly code: number; readonly isApplied: boolean };

export type CrashPoint = 'before' | 'lost' | 'after';

/** What else happens when the operator has died. */
export type Recovery = 'Restart' | 'TakeOver' | 'ArrayRestart' | 'Delete' | 'Recreate';

/** One effect: who does it, what it is, what it is done to, and the how manieth of this name it is. */
export type Effect = {
  readonly actor: string;
  /** The closed name of the kind of effect: `status lunresyncs`, `StartOperation`, `commit`. */
  readonly name: string;
  readonly subject: string;
  readonly key: string;
};

/** Decides what goes wrong, from the effect's key. */
export type Chaos = {
  readonly faultOf: (effect: Effect) => Fault | undefined;
  /** How long the request takes, and its answer, in milliseconds. */
  readonly latencyOf: (effect: Effect) => readonly [number, number];
  /** A number in [0, 1) for the choice of that name. */
  readonly choice: (name: string) => number;
};

/** Nothing goes wrong, and everything takes a millisecond. */
export const calm: Chaos = { faultOf: () => undefined, latencyOf: () => [1, 1], choice: () => 0.5 };

/** Counts and names effects. */
export class EffectLog {
  readonly #counts = new Map<string, number>();
  readonly #listener: (effect: Effect, fault: Fault | undefined) => void;
  readonly #chaos: () => Chaos;

  constructor(chaos: () => Chaos, listener: (effect: Effect, fault: Fault | undefined) => void) {
    this.#chaos = chaos;
    this.#listener = listener;
  }

  /** Names the effect that is about to happen and says what goes wrong with it. */
  enter(actor: string, name: string, subject: string): { readonly effect: Effect; readonly fault: Fault | undefined } {
    const kind = `${actor} ${name} ${subject}`.trimEnd();
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const effect = { actor, name, subject, key: `${kind} #${count}` };
    const fault = this.#chaos().faultOf(effect);
    this.#listener(effect, fault);
    return { effect, fault };
  }
}

/** A promise for what a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
