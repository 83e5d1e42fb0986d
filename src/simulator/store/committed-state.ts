/**
 * The array's state: read at once from memory, changed one transition after another, each committed before anybody sees
 * or answers it.
 */

import type { ArrayStore } from '../ports.ts';
import { applyChanges, type Changes, isEmpty, type Transition } from '../state/draft.ts';
import type { ArrayState } from '../state/records.ts';
import { batchOf } from './batch.ts';
import type { WriteMarks } from './write-marks.ts';

/** Told of every commit, right after it, in order. */
export type CommitListener = (before: ArrayState, changes: Changes) => void;

/** The state that is durable. */
export class CommittedState {
  readonly marks: WriteMarks;
  readonly #store: ArrayStore;
  readonly #listeners = new Set<CommitListener>();
  readonly #onLost: (error: unknown) => void;
  #state: ArrayState;
  #last: Promise<unknown> = Promise.resolve();

  /** @param onLost called when a commit failed: nobody knows what is on disk, so the process must end. */
  constructor(
    opened: { readonly store: ArrayStore; readonly state: ArrayState; readonly marks: WriteMarks },
    onLost: (error: unknown) => void,
  ) {
    this.#store = opened.store;
    this.#state = opened.state;
    this.marks = opened.marks;
    this.#onLost = onLost;
  }

  /** The state after the last commit. */
  get state(): ArrayState {
    return this.#state;
  }

  /**
   * Applies a transition to the newest state and commits it; resolves with its result once that is durable.
   *
   * @param transition pure: it may be given a state and must do nothing else.
   */
  async update<R>(transition: (state: ArrayState) => Transition<R>, isFlushed = true): Promise<R> {
    const turn = this.#last.then(() => this.#commit(transition, isFlushed));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Calls a listener after every commit from now on; returns how to stop. */
  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #commit<R>(transition: (state: ArrayState) => Transition<R>, isFlushed: boolean): Promise<R> {
    const before = this.#state;
    const { changes, result } = transition(before);
    if (isEmpty(before, changes)) {
      return result;
    }
    const marks = this.marks.pagesWith(changes.marks);
    try {
      await this.#store.commit(batchOf(before, changes, { marks, isFlushed }));
    } catch (error) {
      this.#onLost(error);
      throw error;
    }
    this.marks.install(marks);
    for (const id of changes.retiredIDs) {
      this.marks.forget(id);
    }
    this.#state = applyChanges(before, changes);
    for (const listener of this.#listeners) {
      listener(before, changes);
    }
    return result;
  }
}
