/** Breadth first through every state that a scenario has; then backwards from its ends along what is no fault. */

import { arraySteps } from './array-steps.ts';
import { keyOf } from './canonical.ts';
import { isOver } from './checks.ts';
import { operatorSteps } from './operator-steps.ts';
import type { Scenario } from './scenarios.ts';
import { type Budget, type State, type Step, Unsafe } from './state.ts';
import { userSteps } from './user-steps.ts';

export type Exploration = {
  readonly states: number;
  readonly transitions: number;
  readonly seconds: number;
  /** Whether the limit of states was met before all were seen. */
  readonly isCut: boolean;
  /** The first violation, with the shortest way to it. */
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
  /** States from which no end can be reached without further faults. */
  readonly stuck: number;
  readonly stuckTrace?: readonly string[];
};

type Node = { readonly state: State; readonly parent: number; readonly label: string };

export function explore(scenario: Scenario, limit: number): Exploration {
  const started = performance.now();
  const search = new Search(scenario, limit);
  const violation = search.run();
  const seconds = (performance.now() - started) / 1000;
  const { states, transitions, isCut } = search;
  if (violation !== undefined) return { states, transitions, seconds, isCut, violation, stuck: 0 };
  const stuck = isCut ? [] : search.stuck();
  const first = stuck[0];
  return {
    states,
    transitions,
    seconds: (performance.now() - started) / 1000,
    isCut,
    stuck: stuck.length,
    ...(first === undefined ? {} : { stuckTrace: search.traceTo(first) }),
  };
}

class Search {
  readonly #scenario: Scenario;
  readonly #limit: number;
  readonly #index = new Map<string, number>();
  readonly #parents: { readonly parent: number; readonly label: string }[] = [];
  /** Along what is no fault, backwards. */
  readonly #before: number[][] = [];
  readonly #ends: number[] = [];
  #queue: { readonly at: number; readonly state: State }[] = [];
  #full = 0;
  transitions = 0;
  isCut = false;

  constructor(scenario: Scenario, limit: number) {
    this.#scenario = scenario;
    this.#limit = limit;
  }

  get states(): number {
    return this.#parents.length;
  }

  run(): Exploration['violation'] {
    const state = this.#scenario.initial();
    this.#full = sumOf(state.budget);
    this.#add({ state, parent: -1, label: 'start' }, false);
    while (this.#queue.length > 0 && !this.isCut) {
      const level = this.#queue;
      this.#queue = [];
      for (const { at, state } of level) {
        const violation = this.#expand(at, state);
        if (violation !== undefined) return violation;
        if (this.states >= this.#limit) {
          this.isCut = true;
          break;
        }
      }
    }
    return undefined;
  }

  #expand(at: number, state: State): Exploration['violation'] {
    try {
      for (const { label, isFault, next } of stepsOf(state, this.#scenario)) {
        if (isFault && this.#full - sumOf(next.budget) > (this.#scenario.atMost ?? Number.POSITIVE_INFINITY)) continue;
        this.transitions += 1;
        this.#add({ state: next, parent: at, label }, !isFault);
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof Unsafe)) throw error;
      return { what: error.message, trace: this.traceTo(at) };
    }
  }

  #add({ state, parent, label }: Node, isFaultFree: boolean): void {
    const key = keyOf(state);
    let at = this.#index.get(key);
    if (at === undefined) {
      at = this.#parents.length;
      this.#index.set(key, at);
      this.#parents.push({ parent, label });
      this.#before.push([]);
      this.#queue.push({ at, state });
      if (isEnd(state)) this.#ends.push(at);
    }
    if (isFaultFree && at !== parent) this.#before[at]?.push(parent);
  }

  stuck(): number[] {
    const reached = new Uint8Array(this.states);
    const left = [...this.#ends];
    for (const end of left) reached[end] = 1;
    for (let at = left.pop(); at !== undefined; at = left.pop())
      for (const before of this.#before[at] ?? [])
        if (reached[before] === 0) {
          reached[before] = 1;
          left.push(before);
        }
    return [...reached.keys()].filter((at) => reached[at] === 0);
  }

  traceTo(at: number): string[] {
    const trace: string[] = [];
    for (let step = this.#parents[at]; step !== undefined && step.parent >= -1; step = this.#parents[step.parent])
      trace.unshift(step.label);
    return trace;
  }
}

function sumOf(budget: Budget): number {
  return Object.values(budget).reduce((sum, left) => sum + left, 0);
}

function* stepsOf(state: State, scenario: Scenario): Generator<Step> {
  yield* operatorSteps(state, scenario.model);
  yield* arraySteps(state);
  yield* userSteps(state, scenario.recreate);
}

/** Every object is over or gone, and nothing runs. */
function isEnd({ objects, array, operators }: State): boolean {
  const isDone = Object.values(objects).every(
    (resync) => resync === undefined || (isOver(resync) && resync.metadata.deletionTimestamp === undefined),
  );
  const isIdle = operators.every(({ activities }) =>
    Object.values(activities).every((activity) => activity === undefined),
  );
  return isDone && isIdle && [...array.operations.values()].every(({ outcome }) => outcome !== 'RUNNING');
}
