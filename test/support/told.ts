// What people are told by a decision, in one line.
import type { Decision } from '../../src/core/decision.ts';
import { conditionIn, recorded } from './observations.ts';

/** `Reason: message` of the condition Succeeded that the decision writes. */
export function told(decision: Decision): string {
  const { reason, message } = conditionIn(recorded(decision).status, 'Succeeded') ?? {};
  return `${reason}: ${message}`;
}
