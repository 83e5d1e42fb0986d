// The array's answers to our calls, and what is concluded from them for an attempt that was sent.
import type { ArrayError, CancelAnswer, Refusal, StartAnswer } from '../../src/core/array.ts';
import { conclude } from '../../src/core/conclude.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Observation } from '../../src/core/observation.ts';
import { type ObservationInput, observation } from './observations.ts';
import { intended } from './statuses.ts';

export const error = (reason: string, over: Partial<ArrayError> = {}): ArrayError => ({
  reason,
  message: 'no',
  remedy: '',
  lunID: 'vol-1',
  ...over,
});
export const refused = (refusal: Refusal, reason: string, over: Partial<ArrayError> = {}): StartAnswer => ({
  kind: 'Refused',
  refusal,
  error: error(reason, over),
});
export const sent = (over: ObservationInput = {}): Observation => observation({ status: intended(), ...over });
export const start = (answer: StartAnswer, o = sent()): Decision => conclude(o, { to: 'Start', answer });
export const cancel = (answer: CancelAnswer, o = sent()): Decision => conclude(o, { to: 'Cancel', answer });
export const unreachable = { kind: 'NotKnown', cause: 'Unreachable', message: 'UNAVAILABLE' } as const;
