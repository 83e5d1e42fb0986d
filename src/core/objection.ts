/** What stands against a new attempt: something to wait for, a reason to end the run, or that it was done before. */
import type { TargetUser } from '../api/lun-resync-status.ts';
import type { Observation, TargetClaim } from './observation.ts';
import type { Problem } from './problem.ts';
import type { ReasonName } from './reasons.ts';

/** Wait: `reason` is shown meanwhile; after `limitMs` (undefined: never) the run ends with `end`. */
export type Objection =
  | {
      readonly kind: 'Wait';
      readonly reason: ReasonName;
      readonly end: Problem;
      readonly limitMs: number | undefined;
      readonly stalled: boolean;
      /** Of condition Stalled, where it is another one than `reason`. */
      readonly stalledReason?: ReasonName;
      readonly users: readonly TargetUser[];
    }
  | { readonly kind: 'End'; readonly problem: Problem }
  | { readonly kind: 'AlreadyCompleted' };

/** No objection but a step before the attempt: a claim's request is raised to so many bytes. */
export type Raise = { readonly kind: 'Raise'; readonly claim: TargetClaim; readonly requestBytes: number };

/** A wait for something that may still appear. Bounded by the operator's reference timeout. */
export function pending(o: Observation, end: Problem): Objection {
  return { ...hold('Pending', end), limitMs: o.settings.referenceTimeoutMs };
}

/** A wait without a limit of its own. */
export function hold(reason: ReasonName, end: Problem): Extract<Objection, { kind: 'Wait' }> {
  return { kind: 'Wait', reason, end, limitMs: undefined, stalled: false, users: [] };
}

/** A wait for a LUN that is in use. Bounded by spec.targetInUseTimeoutSeconds. */
export function untilFree(
  o: Observation,
  end: Problem,
  users: readonly TargetUser[] = [],
): Extract<Objection, { kind: 'Wait' }> {
  return { ...hold('WaitingForTarget', end), limitMs: o.resync.spec.targetInUseTimeoutSeconds * 1000, users };
}

/** What cannot become right. */
export function ends(reason: ReasonName, message: string): Objection {
  return { kind: 'End', problem: { reason, message } };
}
