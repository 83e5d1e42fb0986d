/** What looking something up gives: the thing, or what stands in the way. */
import type { Problem } from './problem.ts';
import type { ReasonName } from './reasons.ts';

/** `final`: waiting cannot help. */
export type Finding<T> =
  | { readonly kind: 'Found'; readonly value: T }
  | { readonly kind: 'Missing'; readonly problem: Problem; readonly final: boolean };

export function found<T>(value: T): Finding<T> {
  return { kind: 'Found', value };
}

/** What may still appear. */
export function lacking(message: string): Finding<never> {
  return { kind: 'Missing', problem: { reason: 'ObjectNotFound', message }, final: false };
}

/** What cannot become right. */
export function ends(reason: ReasonName, message: string): Finding<never> {
  return { kind: 'Missing', problem: { reason, message }, final: true };
}
