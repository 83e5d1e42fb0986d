/**
 * One state of the model: the array as its own state machine has it, the objects as they are stored, what the operators are
 * in the middle of, and what is on its way. A state is never changed in place.
 */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import type { ArrayAction, Decision } from '../../../src/core/decision.ts';
import type { Observation } from '../../../src/core/observation.ts';
import type { ArrayState } from '../../../src/simulator/state/records.ts';

/**
 * What an operator has decided on what it saw, and not done yet; the world goes on meanwhile. A call that leaves, arrives and is
 * answered is one step: what happens between is as well put before or after it.
 */
export type Activity = { readonly seen: Observation; readonly decision: Decision };

export type Operator = { readonly activities: Readonly<Record<string, Activity | undefined>> };

/** A call that nobody waits for any more, and which may still arrive. */
export type Stray = { readonly action: ArrayAction; readonly owner: string };

/** What is left of everything that may go wrong or be done. */
export type Budget = {
  readonly operatorCrash: number;
  readonly arrayCrash: number;
  readonly loss: number;
  readonly delete: number;
  readonly recreate: number;
  readonly cancel: number;
  readonly suspend: number;
  readonly deadline: number;
  readonly restore: number;
  readonly failure: number;
};

/** What is true, whatever anybody records: kept by the model and looked at by its checks only. */
export type Ghost = {
  /** The content of each LUN, in a word. */
  readonly content: Readonly<Record<string, string>>;
  /** By operation: what its sources held at acceptance, by target. */
  readonly sources: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By uid and target: what was there before the run. */
  readonly before: Readonly<Record<string, string>>;
  /** Uids that had an operation which ended with success. */
  readonly succeeded: readonly string[];
};

export type State = {
  readonly array: ArrayState;
  readonly objects: Readonly<Record<string, LunResync | undefined>>;
  /** The version of the newest write. */
  readonly version: number;
  readonly uids: number;
  readonly operators: readonly Operator[];
  readonly strays: readonly Stray[];
  readonly budget: Budget;
  readonly ghost: Ghost;
  /** Objects whose deadline is over. */
  readonly late: readonly string[];
  /** What etcd may be put back to. */
  readonly backUp: Readonly<Record<string, LunResync | undefined>> | undefined;
};

/** One thing that can happen. A fault is what need not happen: liveness does without it. */
export type Step = { readonly label: string; readonly isFault: boolean; readonly next: State };

/** A check that failed on the way to a state. */
export class Unsafe extends Error {
  override readonly name = 'Unsafe';
}
