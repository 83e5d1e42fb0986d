/**
 * The six conditions, written together. `Succeeded` is the summary and never changes once True or False; `Reconciling`
 * and `Stalled` are what kstatus reads, and are never both True.
 * Source: Kubernetes API conventions, "Typical status properties"; kstatus, `Compute`.
 */
import { MAX_CONDITION_MESSAGE } from '../api/condition.ts';
import type { Condition, DataState } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import { type ReasonName, reasonOf } from './reasons.ts';

export type ConditionInput = {
  readonly previous: readonly Condition[];
  readonly generation: number;
  /** RFC 3339. */
  readonly now: string;
  readonly reason: ReasonName;
  readonly message: string;
  /** While active: a person has to act. Set as well when a finished object cannot be let go of. */
  readonly stalled: boolean;
  /** Of Stalled, where it is another one than that of the rest. */
  readonly stalledReason?: ReasonName | undefined;
  readonly dataState: DataState;
  readonly undo: Undo;
};

export type Undo = 'NotFinished' | 'SafetySnapshotsKept' | 'SafetySnapshotsDeleted' | 'NoSafetySnapshots';

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/** All six conditions; `lastTransitionTime` moves only where `status` flips. */
export function conditionsFor(input: ConditionInput): Condition[] {
  const { kind } = reasonOf(input.reason);
  const { reason } = input;
  const message = statusText(input.message, MAX_CONDITION_MESSAGE);
  const stalled = input.stalled || kind === 'Failure';
  const active = kind === 'Active';
  const verdicts: Readonly<Record<string, Verdict>> = {
    Succeeded: { status: active ? 'Unknown' : kind === 'Success' ? 'True' : 'False', reason, message },
    Ready: { status: kind === 'Success' ? 'True' : 'False', reason, message },
    Reconciling: { status: active && !input.stalled ? 'True' : 'False', reason, message },
    Stalled: { status: stalled ? 'True' : 'False', reason: (stalled && input.stalledReason) || reason, message },
    UndoAvailable: undoVerdict(input.undo),
    TargetConsistent: consistency(input.dataState),
  };
  return Object.entries(verdicts).map(([type, verdict]) => withTransition(type, verdict, input));
}

/** The condition of that type, if it was written. */
export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function withTransition(type: string, verdict: Verdict, input: ConditionInput): Condition {
  const before = conditionOf(input.previous, type);
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : input.now;
  return { type, ...verdict, lastTransitionTime, observedGeneration: input.generation };
}

const UNDO: Readonly<Record<Undo, string>> = {
  NotFinished: 'The run has not finished',
  SafetySnapshotsKept: 'A LunResync whose sources are undoOf this one puts the safety snapshots of this run back',
  SafetySnapshotsDeleted: 'The safety snapshots of this run were deleted',
  NoSafetySnapshots: 'This run took no safety snapshots',
};

/** What UndoAvailable says. */
export function undoVerdict(undo: Undo): Verdict {
  return { status: undo === 'SafetySnapshotsKept' ? 'True' : 'False', reason: undo, message: UNDO[undo] };
}

const CONSISTENCY: Readonly<Record<DataState, readonly [Condition['status'], string]>> = {
  Inconsistent: ['False', 'A target is half-written, and the array keeps it from being published'],
  Unknown: [
    'Unknown',
    'The content of a target is not known: somebody else wrote to it, it is gone, or the array did not answer',
  ],
  Overwriting: ['False', 'The targets are being overwritten'],
  Untouched: ['True', 'No target was changed'],
  RolledBack: ['True', 'The targets have the content that they had before the run'],
  Copied: ['True', 'The targets have the content of their sources, by word of the array'],
  MatchesSource: ['True', 'The targets have the content of their sources, as read back from them'],
};

function consistency(dataState: DataState): Verdict {
  const [status, message] = CONSISTENCY[dataState];
  return { status, reason: dataState, message };
}
