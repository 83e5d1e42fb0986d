// What stands against an attempt, and builders of what is expected of it.
import { objectionTo } from '../../src/core/admission.ts';
import type { Objection, Raise } from '../../src/core/objection.ts';
import type { Problem } from '../../src/core/problem.ts';
import { type ObservationInput, observation } from './observations.ts';

type Wait = Extract<Objection, { kind: 'Wait' }>;

export const objection = (input: ObservationInput): Objection | Raise | undefined => objectionTo(observation(input));
/** Without a limit, unless `over` says so. */
export const wait = (reason: Wait['reason'], end: Problem, over: Partial<Wait> = {}): Objection => ({
  kind: 'Wait',
  reason,
  end,
  limitMs: undefined,
  stalled: false,
  users: [],
  ...over,
});
export const end = (reason: Problem['reason'], message: string): Objection => ({
  kind: 'End',
  problem: { reason, message },
});
/** The limit of every wait by default. */
export const LIMIT = { limitMs: 300_000 };
