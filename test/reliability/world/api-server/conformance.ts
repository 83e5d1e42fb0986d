/**
 * One script that asks the model and the real kube-apiserver the same: every behaviour that the simulation relies on, and
 * the corners where a model is easily wrong. Where the two differ, the model is wrong.
 */
import { CHANGE_STEPS } from './conformance/change-steps.ts';
import { CREATION_STEPS } from './conformance/creation-steps.ts';
import { DELETION_STEPS } from './conformance/deletion-steps.ts';
import { HISTORY_STEPS } from './conformance/history-steps.ts';
import { normalised, type Outcome, refusalOf } from './conformance/normalise.ts';
import { OTHER_KIND_STEPS } from './conformance/other-kind-steps.ts';
import { Session } from './conformance/session.ts';
import { STATUS_STEPS } from './conformance/status-steps.ts';
import type { Step } from './conformance/steps.ts';
import type { Subject } from './conformance/subject.ts';
import { VALIDATION_STEPS } from './conformance/validation-steps.ts';
import { WATCH_STEPS } from './conformance/watch-steps.ts';

/** The whole script, in its order. The steps of HISTORY_STEPS restart the server. */
export const STEPS: readonly Step[] = [
  ...CREATION_STEPS,
  ...VALIDATION_STEPS,
  ...CHANGE_STEPS,
  ...STATUS_STEPS,
  ...DELETION_STEPS,
  ...WATCH_STEPS,
  ...OTHER_KIND_STEPS,
  ...HISTORY_STEPS,
];

/** What the subject answers to each step, so that two subjects can be compared. STEPS are for a new subject. */
export async function outcomesOf(subject: Subject, steps: readonly Step[], namespace?: string): Promise<Outcome[]> {
  const session = new Session(subject, namespace);
  const outcomes: Outcome[] = [];
  for (const { name, act } of steps) {
    const answer = await act(session).catch(refusalOf);
    outcomes.push({ name, era: session.era, answer });
  }
  return normalised(outcomes);
}
