/** What is left to do for a run that has ended: retention of its safety snapshots, its time to live, its deletion. */
import { MAX_CONDITION_MESSAGE, MAX_CONDITIONS } from '../api/condition.ts';
import type { Condition, LunResyncStatus } from '../api/lun-resync-status.ts';
import { FINALIZER } from '../api/names.ts';
import { statusText } from '../api/size.ts';
import { conditionOf, type Undo, undoVerdict } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { formatNames } from './format.ts';
import { gitOpsTool } from './gitops.ts';
import { arrayName, type Observation, policyOf } from './observation.ts';
import { iso } from './progress.ts';
import type { ReasonName } from './reasons.ts';

/** Timers of the platform hold 2^31 ms; a day is often enough for what is due in years. */
const LONGEST_MS = 24 * 3600 * 1000;

/** One step for a finished object. Its outcome never changes; only what concerns undo and letting go does. */
export function decideFinished(o: Observation): Decision {
  const { metadata, status, spec } = o.resync;
  const held = (metadata.finalizers ?? []).includes(FINALIZER);
  if (metadata.deletionTimestamp !== undefined) return held ? letGo(o) : { kind: 'Wait', lookAgainInMs: undefined };
  if (status.observedGeneration !== metadata.generation) return recordUndo(o, {});
  const retentionMs = hasSnapshotsToDelete(status) ? dueIn(o, spec.safetySnapshotRetentionSeconds) : undefined;
  if (retentionMs === 0) return deleteSafetySnapshots(o);
  const ttlMs = gitOpsTool(o.resync) === undefined ? dueIn(o, spec.ttlSecondsAfterFinished) : undefined;
  if (ttlMs === 0) return { kind: 'Act', action: { kind: 'DeleteObject' } };
  const due = [retentionMs, ttlMs].filter((ms) => ms !== undefined);
  return { kind: 'Wait', lookAgainInMs: due.length === 0 ? undefined : Math.min(...due, LONGEST_MS) };
}

/** The safety snapshots are gone: said before anything else happens. */
export function recordSnapshotsDeleted(o: Observation): Decision {
  return recordUndo(o, { safetySnapshotsDeleted: true });
}

/** The array would not delete, or gave no answer, while the object is to go: said once, tried again. */
export function recordHeldBack(o: Observation, reason: ReasonName, message: string): Decision {
  const { conditions = [] } = o.resync.status;
  const before = conditionOf(conditions, 'Stalled');
  const said = before?.status === 'True' && before.reason === reason && before.message.startsWith(HELD_BACK);
  if (said || o.resync.metadata.deletionTimestamp === undefined) return { kind: 'Wait', lookAgainInMs: 5_000 };
  const way = `if it never will, set spec.abandoned of StorageArray ${arrayName(o)}`;
  const note = `${HELD_BACK}${statusText(message, 200)}. Deletion goes on when the array does it; ${way}`;
  const stalled: Condition = {
    type: 'Stalled',
    status: 'True',
    reason,
    message: statusText(note, MAX_CONDITION_MESSAGE),
    lastTransitionTime: before?.status === 'True' ? before.lastTransitionTime : iso(o.now),
    observedGeneration: o.resync.metadata.generation,
  };
  return {
    kind: 'Record',
    status: {
      ...o.resync.status,
      observedGeneration: o.resync.metadata.generation,
      conditions: replaced(conditions, stalled),
    },
    announcements: [{ type: 'Warning', reason: 'DeletionHeldBack', action: 'Delete', note }],
    lookAgainInMs: 5_000,
  };
}

const HELD_BACK = 'Cannot delete the safety snapshots of this run: ';

function letGo(o: Observation): Decision {
  const { status } = o.resync;
  const snapshots = formatNames((status.pairs ?? []).flatMap((pair) => pair.safetySnapshotID ?? []));
  if (policyOf(o)?.abandoned) {
    const kept = snapshots || '(none)';
    const note = `StorageArray ${arrayName(o)} is abandoned: let go without deleting safety snapshots ${kept}`;
    return removeFinalizer([{ type: 'Warning', reason: 'Abandoned', action: 'Delete', note }]);
  }
  if (hasSnapshotsToDelete(status)) return deleteSafetySnapshots(o);
  if (!holdsLastCopy(status)) return removeFinalizer([]);
  const why = 'a target is INCONSISTENT, and they hold what it had';
  const note = `Safety snapshots ${snapshots} are kept on array ${arrayName(o)}: ${why}`;
  return removeFinalizer([{ type: 'Warning', reason: 'SafetySnapshotsKept', action: 'Delete', note }]);
}

/** An unknown array is asked as well: the answer decides, and no answer holds the deletion back. */
function deleteSafetySnapshots(o: Observation): Decision {
  if (o.array.state === 'missing') return recordHeldBack(o, 'ArrayUnreachable', o.array.problem.message);
  return { kind: 'Act', action: { kind: 'DeleteSafetySnapshots', arrayID: o.resync.status.arrayID ?? '' } };
}

function removeFinalizer(announcements: readonly Announcement[]): Decision {
  return { kind: 'Act', action: { kind: 'RemoveFinalizer', announcements } };
}

function keepsSafetySnapshots(status: LunResyncStatus): boolean {
  return (
    status.safetySnapshotsDeleted !== true && (status.pairs ?? []).some((pair) => pair.safetySnapshotID !== undefined)
  );
}

/** A half-written target that could not be rolled back: its safety snapshot is the only good copy there is. */
function holdsLastCopy(status: LunResyncStatus): boolean {
  const wrecks = (status.pairs ?? []).filter((pair) => pair.dataState === 'Inconsistent');
  return keepsSafetySnapshots(status) && wrecks.some((pair) => pair.safetySnapshotID !== undefined);
}

function hasSnapshotsToDelete(status: LunResyncStatus): boolean {
  return keepsSafetySnapshots(status) && !holdsLastCopy(status);
}

/** Writes what is known of the safety snapshots, for the present generation. No other condition's status changes. */
function recordUndo(o: Observation, set: Partial<LunResyncStatus>): Decision {
  const { generation } = o.resync.metadata;
  const status = { ...o.resync.status, ...set, observedGeneration: generation };
  const verdict = undoVerdict(undoOf(status));
  const before = conditionOf(status.conditions, 'UndoAvailable');
  const undo: Condition = {
    type: 'UndoAvailable',
    ...verdict,
    lastTransitionTime:
      before !== undefined && before.status === verdict.status ? before.lastTransitionTime : iso(o.now),
  };
  const conditions = replaced(status.conditions ?? [], undo).map((condition) => ({
    ...condition,
    observedGeneration: generation,
  }));
  return { kind: 'Record', status: { ...status, conditions }, announcements: [], lookAgainInMs: 0 };
}

function undoOf(status: LunResyncStatus): Undo {
  if (status.safetySnapshotsDeleted === true) return 'SafetySnapshotsDeleted';
  return keepsSafetySnapshots(status) ? 'SafetySnapshotsKept' : 'NoSafetySnapshots';
}

function replaced(conditions: readonly Condition[], by: Condition): Condition[] {
  if (conditionOf(conditions, by.type) === undefined) return [...conditions, by].slice(0, MAX_CONDITIONS);
  return conditions.map((condition) => (condition.type === by.type ? by : condition));
}

/** Milliseconds until `seconds` after the end; 0 when that has come; undefined when nothing was asked for. */
function dueIn(o: Observation, seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const ended = Date.parse(o.resync.status.completionTime ?? '');
  return Math.max(0, (Number.isNaN(ended) ? o.now : ended) + seconds * 1000 - o.now);
}
