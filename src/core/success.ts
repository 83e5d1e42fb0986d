/** An operation says that it succeeded: what has to be true before that is believed. */
import { digestsAgree } from './data-state.ts';
import type { Decision } from './decision.ts';
import { failureOf } from './failure.ts';
import type { History, PastOperation, TargetHistory } from './history.ts';
import type { Observation } from './observation.ts';
import { complete, fail } from './terminal.ts';

/**
 * `MatchesSource` means verified: the run of every target says so, for the source of its pair and with the generation
 * of the intent. What the LUNs' generations are now is not compared: with two objects on one target that would throw
 * away each other's successes for ever.
 */
export function afterSuccess(o: Observation, history: History, newest: PastOperation): Decision {
  const wrong = history.targets.map((target) => whatIsWrong(o, target, newest)).find((what) => what !== undefined);
  if (wrong !== undefined) return violation(o, newest, wrong);
  if (o.resync.spec.verify === 'None' || newest.runs.every(digestsAgree)) return complete(o);
  if (newest.runs.some((run) => run.sourceDigest === '' || run.targetDigest === ''))
    return violation(o, newest, 'without the digests that were asked for');
  return fail(o, failureOf(newest).problem);
}

function whatIsWrong(o: Observation, target: TargetHistory, newest: PastOperation): string | undefined {
  const { pair, run } = target;
  if (newest.kind !== 'Resync') return 'as a roll-back, which ends with ROLLED_BACK';
  if (run?.sourceLunID !== pair.sourceLunID) return `but not with LUN ${pair.sourceLunID} over LUN ${pair.targetLunID}`;
  if (run.pairsDigest !== o.pairsDigest) return 'for other pairs than those of the object';
  const intended = intendedGeneration(o, pair.name);
  if (o.resync.status.operationID !== newest.operationID || run.intentGeneration === intended) return undefined;
  return `for generation ${run.intentGeneration} of LUN ${pair.targetLunID}, and ${intended ?? 'none'} was intended`;
}

function intendedGeneration(o: Observation, pairName: string): number | undefined {
  return o.resync.status.pairs?.find(({ name }) => name === pairName)?.target?.generation;
}

function violation(o: Observation, { operationID }: PastOperation, what: string): Decision {
  return fail(o, {
    reason: 'ArrayContractViolation',
    message: `operation ${operationID} ended with SUCCEEDED, ${what}`,
  });
}
