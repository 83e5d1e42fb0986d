/** What is left to do for a run that has ended: retention of its safety snapshots, its time to live, its deletion. */
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import { FINALIZER } from '../api/names.ts';
import { arrayName } from './admission.ts';
import { conditionOf, conditionsFor } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { gitOpsTool } from './gitops.ts';
import type { Observation } from './observation.ts';
import { iso } from './progress.ts';
import { isReason } from './reasons.ts';

/** One step for a finished object. Its outcome never changes; only what concerns undo and letting go does. */
export function decideFinished(o: Observation): Decision {
  const { metadata, status } = o.resync;
  const held = (metadata.finalizers ?? []).includes(FINALIZER);
  if (metadata.deletionTimestamp !== undefined) {
    if (!held) return { kind: 'Wait', lookAgainInMs: undefined };
    return letGo(o);
  }
  if (status.observedGeneration !== metadata.generation) return record(o, {}, []);
  const retentionMs = dueIn(o, o.resync.spec.safetySnapshotRetentionSeconds);
  const keeps = keepsSafetySnapshots(status);
  if (keeps && retentionMs === 0) return deleteSafetySnapshots(o);
  const ttlMs = gitOpsTool(o.resync) === undefined ? dueIn(o, o.resync.spec.ttlSecondsAfterFinished) : undefined;
  if (ttlMs === 0) return { kind: 'Act', action: { kind: 'DeleteObject' } };
  return { kind: 'Wait', lookAgainInMs: soonest(keeps ? retentionMs : undefined, ttlMs) };
}

/** The safety snapshots are gone: said before anything else happens. */
export function recordSnapshotsDeleted(o: Observation): Decision {
  if (o.resync.metadata.deletionTimestamp !== undefined) return removeFinalizer([]);
  return record(o, { safetySnapshotsDeleted: true }, []);
}

/** The array would not delete, or gave no answer, while the object is to go: said once, tried again. */
export function recordHeldBack(o: Observation, message: string): Decision {
  const { conditions } = o.resync.status;
  const said = conditionOf(conditions, 'Stalled')?.reason === 'ArrayUnreachable';
  if (said || o.resync.metadata.deletionTimestamp === undefined) return { kind: 'Wait', lookAgainInMs: 5_000 };
  const note = `Cannot delete the safety snapshots of this run: ${message}. Deletion goes on when array ${arrayName(o)} answers; if it never will, set spec.abandoned of its StorageArray`;
  const now = iso(o.now);
  const stalled = (conditions ?? []).map((condition) =>
    condition.type !== 'Stalled'
      ? condition
      : {
          ...condition,
          status: 'True' as const,
          reason: 'ArrayUnreachable',
          message: note.slice(0, 512),
          lastTransitionTime: condition.status === 'True' ? condition.lastTransitionTime : now,
        },
  );
  return {
    kind: 'Record',
    status: { ...o.resync.status, observedGeneration: o.resync.metadata.generation, conditions: stalled },
    announcements: [{ type: 'Warning', reason: 'DeletionHeldBack', action: 'Delete', note }],
    lookAgainInMs: 5_000,
  };
}

function letGo(o: Observation): Decision {
  const { status } = o.resync;
  if (o.array.state === 'found' && o.array.policy.abandoned) {
    const snapshots = (status.pairs ?? []).flatMap((pair) => pair.safetySnapshotID ?? []).join(', ');
    const note = `StorageArray ${arrayName(o)} is abandoned: let go without deleting safety snapshots ${snapshots || '(none)'}`;
    return removeFinalizer([{ type: 'Warning', reason: 'Abandoned', action: 'Delete', note }]);
  }
  return keepsSafetySnapshots(status) ? deleteSafetySnapshots(o) : removeFinalizer([]);
}

/** An unknown array is asked as well: the answer decides, and no answer holds the deletion back. */
function deleteSafetySnapshots(o: Observation): Decision {
  if (o.array.state === 'missing') return recordHeldBack(o, o.array.problem.message);
  return { kind: 'Act', action: { kind: 'DeleteSafetySnapshots', arrayID: o.resync.status.arrayID ?? '' } };
}

function removeFinalizer(announcements: readonly Announcement[]): Decision {
  return { kind: 'Act', action: { kind: 'RemoveFinalizer', announcements } };
}

function keepsSafetySnapshots(status: LunResyncStatus): boolean {
  return status.safetySnapshotsDeleted !== true && (status.pairs ?? []).some((pair) => pair.safetySnapshotID !== undefined);
}

/** Rewrites the conditions of a finished object with the same outcome, for the present generation. */
function record(o: Observation, set: Partial<LunResyncStatus>, announcements: readonly Announcement[]): Decision {
  const status = { ...o.resync.status, ...set, observedGeneration: o.resync.metadata.generation };
  const outcome = conditionOf(status.conditions, 'Succeeded');
  const reason = outcome !== undefined && isReason(outcome.reason) ? outcome.reason : 'UnexpectedArrayError';
  const conditions =
    outcome === undefined
      ? (status.conditions ?? [])
      : conditionsFor({
          previous: status.conditions ?? [],
          generation: o.resync.metadata.generation,
          now: iso(o.now),
          reason,
          message: outcome.message,
          stalled: false,
          dataState: status.dataState ?? 'Untouched',
          undo:
            status.safetySnapshotsDeleted === true
              ? 'SafetySnapshotsDeleted'
              : keepsSafetySnapshots(status)
                ? 'SafetySnapshotsKept'
                : 'NoSafetySnapshots',
        });
  return { kind: 'Record', status: { ...status, conditions }, announcements, lookAgainInMs: 0 };
}

/** Milliseconds until `seconds` after the end; 0 when that has come; undefined when nothing was asked for. */
function dueIn(o: Observation, seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const ended = Date.parse(o.resync.status.completionTime ?? '');
  return Math.max(0, (Number.isNaN(ended) ? o.now : ended) + seconds * 1000 - o.now);
}

function soonest(first: number | undefined, second: number | undefined): number | undefined {
  if (first === undefined) return second;
  return second === undefined ? first : Math.min(first, second);
}
