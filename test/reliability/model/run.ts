/** Runs scenarios and ablations, each in a thread of its own. */
import { runPart } from '../../support/parts.ts';
import type { Ablation } from './ablations.ts';
import type { Exploration } from './explore.ts';
import type { Task } from './worker.ts';

const WORKER = new URL('./worker.ts', import.meta.url);
const MEMORY_MIB = 7_000;
/** More states than any ablation needed to be caught. */
const ABLATION_LIMIT = 250_000;
const NO_LIMIT = 20_000_000;

export type Caught = {
  readonly ablation: Ablation;
  /** Undefined: nothing went wrong without the rule. */
  readonly by:
    | { readonly scenario: string; readonly what: string; readonly steps: number; readonly trace: readonly string[] }
    | undefined;
  readonly states: number;
  readonly seconds: number;
};

export function runScenario(scenario: string): Promise<Exploration> {
  return runTask({ scenario, limit: NO_LIMIT });
}

/** Looks for what goes wrong without the rule, scenario by scenario. */
export async function runAblation(ablation: Ablation): Promise<Caught> {
  let states = 0;
  let seconds = 0;
  for (const scenario of ablation.scenarios) {
    const result = await runTask({ scenario, ablation: ablation.name, limit: ABLATION_LIMIT });
    states += result.states;
    seconds += result.seconds;
    const found =
      result.violation ?? (result.stuckTrace && { what: 'no end can be reached', trace: result.stuckTrace });
    if (found !== undefined)
      return {
        ablation,
        states,
        seconds,
        by: { scenario, what: found.what, steps: found.trace.length, trace: found.trace },
      };
  }
  return { ablation, states, seconds, by: undefined };
}

function runTask(task: Task): Promise<Exploration> {
  return runPart<Exploration>(WORKER, { part: 0, parts: 1, input: task }, MEMORY_MIB);
}
