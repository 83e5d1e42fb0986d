/** An expected failure as a value: which reason, what happened. What to do stands in the reason's row unless given. */
import { MAX_CONDITION_MESSAGE } from '../api/condition.ts';
import { statusText } from '../api/size.ts';
import { type ReasonName, reasonOf } from './reasons.ts';

export type Problem = {
  readonly reason: ReasonName;
  /** What happened, with the values; no full stop at the end. */
  readonly message: string;
  /** One imperative sentence that fits this case better than the reason's own remedy; empty: none. */
  readonly remedy?: string;
};

/** `message. remedy`: what a person reads in a condition, within the bounds of one. */
export function sentence(problem: Problem): string {
  const remedy = problem.remedy ?? reasonOf(problem.reason).remedy;
  return statusText(remedy === '' ? problem.message : `${problem.message}. ${remedy}`, MAX_CONDITION_MESSAGE);
}
