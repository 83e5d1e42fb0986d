/**
 * States that differ only in the values of counters are one: generations, versions and ids are replaced by their order. What
 * no rule decides on (texts, times, progress) is left out.
 */
import { createHash } from 'node:crypto';
import type { LunResync } from '../../../src/api/lun-resync.ts';
import type { ArrayAction } from '../../../src/core/decision.ts';
import type { Observation } from '../../../src/core/observation.ts';
import type { LunRecord, OperationRecord, RunRecord } from '../../../src/simulator/state/records.ts';
import type { Activity, State } from './state.ts';

/** The key of a state: equal for states from which the same can happen. */
export function keyOf(state: State): string {
  const text = textOf(state);
  return createHash('md5').update(text).digest('base64');
}

/** For people who look at why two states are not one. */
export function textOf(state: State): string {
  const numbers = new Numbers();
  const parts = [
    [...state.array.luns.values()].map((lun) => lunPart(lun, numbers)),
    [...state.array.operations.values()].map((operation) => operationPart(operation, numbers)),
    Object.values(state.objects).map((resync) => (resync === undefined ? 0 : objectPart(resync, numbers))),
    state.operators.map(({ activities }) =>
      Object.entries(activities).map(([name, activity]) => [name, activityPart(activity, numbers)]),
    ),
    state.strays.map(({ action, owner }) => [actionPart(action, numbers), owner]),
    state.budget,
    state.ghost.content,
    state.ghost.before,
    state.ghost.succeeded,
    Object.entries(state.ghost.sources).filter(([id]) => state.array.operations.get(id)?.outcome === 'RUNNING'),
    state.late,
    state.backUp === undefined
      ? 0
      : Object.values(state.backUp).map((resync) => (resync === undefined ? 0 : objectPart(resync, numbers))),
  ];
  return numbers.ranked(JSON.stringify(parts));
}

/** Marks numbers in the text, to be replaced by their rank among all that occur. */
class Numbers {
  readonly #seen = new Set<number>();

  mark(value: number | undefined): string {
    if (value === undefined || value === 0) return '0';
    this.#seen.add(value);
    return `~${value}~`;
  }

  ranked(text: string): string {
    const ranks = new Map([...this.#seen].toSorted((a, b) => a - b).map((value, rank) => [String(value), rank]));
    return text.replaceAll(/~(\d+)~/g, (_, value: string) => String(ranks.get(value)));
  }
}

function lunPart(lun: LunRecord, numbers: Numbers): unknown {
  const { id, state, safetyOwner, runs } = lun;
  return [
    id,
    state,
    numbers.mark(lun.generation),
    numbers.mark(lun.contentGeneration),
    safetyOwner,
    runs.map((run) => runPart(run, numbers)),
  ];
}

function runPart(run: RunRecord, numbers: Numbers): unknown {
  const { operationID, outcome, kind, safetySnapshotID } = run;
  return [
    operationID,
    outcome,
    kind,
    safetySnapshotID,
    numbers.mark(run.intentGeneration),
    numbers.mark(run.endGeneration),
  ];
}

function operationPart(operation: OperationRecord, numbers: Numbers): unknown {
  const { operationID, outcome, step, isCancelRequested, isReleased, pairs } = operation;
  const each = pairs.map((pair) => [pair.isTouched, pair.stateBefore, numbers.mark(pair.intentGeneration)]);
  return [operationID, outcome, step, isCancelRequested, isReleased, each];
}

function objectPart({ metadata, spec, status }: LunResync, numbers: Numbers): unknown {
  const { uid, resourceVersion, deletionTimestamp, finalizers, generation } = metadata;
  const succeeded = status.conditions?.find(({ type }) => type === 'Succeeded');
  return [
    [
      uid,
      `v${numbers.mark(1e12 + Number(resourceVersion))}`,
      deletionTimestamp === undefined,
      finalizers,
      spec.cancel,
      spec.suspend,
    ],
    [
      status.attempt,
      status.operationID,
      status.operationKind,
      status.failures,
      status.rollBackFailures,
      status.ending?.reason,
    ],
    [succeeded?.reason, status.startTime === undefined, status.completionTime === undefined, status.dataState],
    [status.observedGeneration === generation, status.safetySnapshotsDeleted, status.waitingSince === undefined],
    status.pairs?.map(({ target, safetySnapshotID }) => [numbers.mark(target?.generation), safetySnapshotID]),
  ];
}

function activityPart(activity: Activity | undefined, numbers: Numbers): unknown {
  if (activity === undefined) return 0;
  const { decision, seen } = activity;
  if (decision.kind === 'Act') return [actionPart(decision.action, numbers), seenPart(seen, numbers)];
  // A status that is to be written depends on nothing that was seen any more but the version.
  return decision.kind === 'Record' ? objectPart({ ...seen.resync, status: decision.status }, numbers) : 0;
}

/** What `conclude` and the write may still depend on. */
function seenPart({ resync, view }: Observation, numbers: Numbers): unknown {
  const operation = view.state === 'read' ? view.operation : undefined;
  const luns = view.state === 'read' ? [...view.luns.values()] : [];
  return [
    objectPart(resync, numbers),
    operation === undefined ? 0 : [operation.operationID, operation.outcome],
    luns.map((lun) => [
      lun.state,
      numbers.mark(lun.contentGeneration),
      lun.runs.map(({ operationID, outcome }) => [operationID, outcome]),
    ]),
  ];
}

function actionPart(action: { readonly kind: string } | ArrayAction, numbers: Numbers): unknown {
  if (!('operationID' in action) && !('request' in action)) return action.kind;
  if ('operationID' in action) return [action.kind, action.operationID];
  const { operationID, pairs } = action.request;
  return [action.kind, operationID, pairs.map((pair) => numbers.mark(pair.ifTargetGeneration))];
}
