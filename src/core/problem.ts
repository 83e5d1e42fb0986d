/** An expected failure as a value: which reason, what happened. What to do stands in the reason's row unless given. */
import { type ReasonName, reasonOf } from './reasons.ts';

export type Problem = {
  readonly reason: ReasonName;
  /** What happened, with the values; no full stop at the end. */
  readonly message: string;
  /** One imperative sentence that fits this case better than the reason's own remedy. */
  readonly remedy?: string;
};

/** `message. remedy`: what a person reads in a condition. At most 512 characters, the bound of a condition's message. */
export function sentence(problem: Problem): string {
  const remedy = problem.remedy ?? reasonOf(problem.reason).remedy;
  return clip(remedy === '' ? problem.message : `${problem.message}. ${remedy}`, 512);
}

/** `text` cut to `limit` characters, with an ellipsis where something was cut. */
export function clip(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
