/**
 * Makes a failing scenario small: with its faults written down one by one, whatever is not needed for the violation is left
 * out, halves first, then single pieces.
 */
import { type Outcome, play } from './play.ts';
import type { Scenario } from './scenario.ts';

/** Small enough is small enough: a scenario in which nothing ends takes long to play. */
const MAX_PLAYS = 300;

/** The scenario with its faults written down, if it fails as before without its rates. */
export async function shrink(scenario: Scenario, outcome: Outcome): Promise<Scenario> {
  const rule = outcome.violation?.rule;
  const { rates: _rates, ...fixed } = { ...scenario, faults: outcome.faults };
  let left = MAX_PLAYS;
  const fails = async (candidate: Scenario): Promise<boolean> => {
    left -= 1;
    return left > 0 && (await play(candidate)).violation?.rule === rule;
  };
  if (!(await fails(fixed))) return scenario;
  let small: Scenario = fixed;
  for (;;) {
    const size = sizeOf(small);
    small = await without(small, 'faults', fails);
    small = await without(small, 'actions', fails);
    small = await fewerOperators(small, fails);
    if (sizeOf(small) === size) return small;
  }
}

type Fails = (scenario: Scenario) => Promise<boolean>;

async function without(scenario: Scenario, field: 'faults' | 'actions', fails: Fails): Promise<Scenario> {
  let small = scenario;
  for (let chunk = Math.ceil(small[field].length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let at = 0; at < small[field].length; ) {
      const rest = [...small[field].slice(0, at), ...small[field].slice(at + chunk)];
      const candidate = { ...small, [field]: rest };
      if (await fails(candidate)) small = candidate;
      else at += chunk;
    }
  }
  return small;
}

async function fewerOperators(scenario: Scenario, fails: Fails): Promise<Scenario> {
  let small = scenario;
  while (small.operators.length > 1) {
    const candidate = { ...small, operators: small.operators.slice(0, -1) };
    if (!(await fails(candidate))) return small;
    small = candidate;
  }
  return small;
}

function sizeOf({ faults, actions, operators }: Scenario): number {
  return faults.length + actions.length + operators.length;
}
