// What is left to do for a run that has ended. Its outcome never changes.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { DoneAnswer } from '../../src/core/array.ts';
import { conclude } from '../../src/core/conclude.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Observation } from '../../src/core/observation.ts';
import { REASONS, type ReasonName } from '../../src/core/reasons.ts';
import {
  ARRAY_ID,
  acted,
  afterWrite,
  ago,
  conditionIn,
  type ObservationInput,
  observation,
  recorded,
  safetySnapshot,
  settle,
  source,
  targetWith,
} from '../support/observations.ts';
import { recordedPair, running, showing } from '../support/statuses.ts';

const done = (over: LunResyncStatus = {}): LunResyncStatus =>
  showing('Completed', {
    attempt: 1,
    arrayName: 'array-a',
    arrayID: ARRAY_ID,
    completionTime: ago(60),
    dataState: 'MatchesSource',
    pairs: [recordedPair({ dataState: 'MatchesSource', safetySnapshotID: 'safe-1' })],
    ...over,
  });
const finished = (over: ObservationInput = {}): Observation =>
  observation({ status: done(), view: { state: 'unresolved' }, ...over });
const deleted = { metadata: { deletionTimestamp: ago(1) } };
const answered = (o: Observation, answer: DoneAnswer): Decision => conclude(o, { to: 'DeleteSafetySnapshots', answer });
const unreachable = { kind: 'NotKnown', cause: 'Unreachable', message: 'UNAVAILABLE' } as const;
const inUse = {
  kind: 'Refused',
  error: { reason: 'VSS_E_RESYNC_IN_PROGRESS', message: 'an undo uses it', remedy: '', lunID: '' },
} as const;

describe('a finished run', () => {
  it('is left alone, and never looked at again by itself', () => {
    expect(decide(finished())).toEqual({ kind: 'Wait', lookAgainInMs: undefined });
  });

  it.each(['Completed', 'Cancelled', 'TargetChanged', 'AlreadyCompleted'] as const)(
    'keeps its outcome when its spec changes, and observes the change: %s',
    (reason) => {
      const status = done({ ...showing(reason), completionTime: ago(60) });
      const o = finished({ status, metadata: { generation: 2 } });
      const write = recorded(decide(o));
      expect(write.status.observedGeneration).toBe(2);
      expect(write.status.conditions?.map(({ observedGeneration }) => observedGeneration)).toEqual(Array(6).fill(2));
      for (const type of ['Succeeded', 'Ready', 'Reconciling', 'Stalled'])
        expect(conditionIn(write.status, type)?.status).toBe(conditionIn(status, type)?.status);
      expect(write.ended).toBeUndefined();
      expect(decide(afterWrite(o, write)).kind).toBe('Wait');
    },
  );

  it('keeps an outcome that was written by another version with a word that is not known', () => {
    const status = done();
    const conditions = status.conditions?.map((condition) => ({ ...condition, reason: 'FromTheFuture' }));
    const o = finished({ status: { ...status, conditions: conditions ?? [] }, metadata: { generation: 2 } });
    expect(conditionIn(recorded(decide(o)).status, 'Succeeded')).toMatchObject({
      status: 'True',
      reason: 'FromTheFuture',
    });
  });

  it.each(['suspend', 'cancel'] as const)('is not touched by %s', (field) => {
    expect(decide(finished({ spec: { [field]: true } })).kind).toBe('Wait');
  });
});

describe('safetySnapshotRetentionSeconds', () => {
  it('deletes the safety snapshots when it is over, and says that there is no undo any more', () => {
    const o = finished({ spec: { safetySnapshotRetentionSeconds: 60 } });
    expect(acted(decide(o), 'DeleteSafetySnapshots').arrayID).toBe(ARRAY_ID);
    const write = recorded(answered(o, { kind: 'Done' }));
    expect(write.status.safetySnapshotsDeleted).toBe(true);
    expect(conditionIn(write.status, 'UndoAvailable')).toMatchObject({
      status: 'False',
      reason: 'SafetySnapshotsDeleted',
    });
    expect(conditionIn(write.status, 'Succeeded')?.status).toBe('True');
    expect(decide(afterWrite(o, write)).kind).toBe('Wait');
  });

  it('is waited for, a day at most at a time', () => {
    expect(decide(finished({ spec: { safetySnapshotRetentionSeconds: 90 } }))).toEqual({
      kind: 'Wait',
      lookAgainInMs: 30_000,
    });
    const years = finished({ spec: { safetySnapshotRetentionSeconds: 2_000_000_000 } });
    expect(decide(years)).toEqual({ kind: 'Wait', lookAgainInMs: 86_400_000 });
  });

  it.each([
    ['gives no answer', unreachable],
    ['has an operation that uses them', inUse],
  ])('is tried again without a word while the array %s', (_, answer) => {
    const o = finished({ spec: { safetySnapshotRetentionSeconds: 60 } });
    expect(answered(o, answer)).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
  });

  it('has nothing to delete where none were taken', () => {
    const o = finished({ status: done({ pairs: [recordedPair()] }), spec: { safetySnapshotRetentionSeconds: 0 } });
    expect(decide(o)).toEqual({ kind: 'Wait', lookAgainInMs: undefined });
  });
});

describe('ttlSecondsAfterFinished', () => {
  it('deletes the object when it is over, and not before', () => {
    acted(decide(finished({ spec: { ttlSecondsAfterFinished: 60 } })), 'DeleteObject');
    expect(decide(finished({ spec: { ttlSecondsAfterFinished: 61 } }))).toEqual({ kind: 'Wait', lookAgainInMs: 1_000 });
  });

  it.each([
    ['Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } }],
    ['Argo CD', { labels: { 'argocd.argoproj.io/instance': 'x' } }],
    ['Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } }],
    ['Flux', { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } }],
    ['Helm', { annotations: { 'meta.helm.sh/release-name': 'x' } }],
    ['Helm', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }],
  ])('does not delete what %s would create again, and says so once', (tool, metadata) => {
    const spec = { ttlSecondsAfterFinished: 60 };
    expect(decide(finished({ spec, metadata }))).toEqual({ kind: 'Wait', lookAgainInMs: undefined });
    const ends = observation({
      spec,
      metadata,
      status: showing('Copying', { attempt: 1, arrayID: ARRAY_ID }),
      luns: [targetWith({ outcome: 'Succeeded' })],
    });
    const notes = recorded(decide(ends)).announcements.filter(({ reason }) => reason === 'TTLIgnored');
    expect(notes).toHaveLength(1);
    expect(notes[0]?.note).toContain(tool);
  });
});

describe('deletion of a finished run', () => {
  it('deletes its safety snapshots, records that, and lets go', () => {
    const o = finished(deleted);
    acted(decide(o), 'DeleteSafetySnapshots');
    const write = recorded(answered(o, { kind: 'Done' }));
    acted(decide(afterWrite(o, write)), 'RemoveFinalizer');
  });

  it('without safety snapshots lets go at once', () => {
    acted(decide(finished({ ...deleted, status: done({ pairs: [recordedPair()] }) })), 'RemoveFinalizer');
  });

  it('leaves alone what goes without our finalizer', () => {
    const o = finished({ metadata: { deletionTimestamp: ago(1), finalizers: ['other'] } });
    expect(decide(o)).toEqual({ kind: 'Wait', lookAgainInMs: undefined });
  });

  it.each([
    ['gives no answer', unreachable, 'ArrayUnreachable'],
    ['has an operation that uses the snapshots', inUse, 'ResyncInProgress'],
  ])('is held back while the array %s, with one Warning', (_, answer, reason) => {
    const o = finished(deleted);
    const write = recorded(answered(o, answer));
    expect(conditionIn(write.status, 'Stalled')).toMatchObject({ status: 'True', reason });
    expect(conditionIn(write.status, 'Succeeded')?.status).toBe('True');
    expect(write.announcements).toMatchObject([{ type: 'Warning', reason: 'DeletionHeldBack' }]);
    expect(answered(afterWrite(o, write), answer)).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
  });

  it('is held back while the StorageArray is missing', () => {
    const problem = { reason: 'BadState', message: 'StorageArray array-a does not exist' } as const;
    const o = finished({ ...deleted, array: { state: 'missing', final: false, problem } });
    expect(recorded(decide(o)).announcements).toMatchObject([{ reason: 'DeletionHeldBack' }]);
  });

  it('lets go of an abandoned array with an Event that names the snapshots', () => {
    const { announcements } = acted(decide(finished({ ...deleted, policy: { abandoned: true } })), 'RemoveFinalizer');
    expect(announcements).toMatchObject([{ type: 'Warning', reason: 'Abandoned' }]);
    expect(announcements[0]?.note).toContain('safe-1');
  });

  it('of an object that only an older status knew as running deletes at the array that it ran on', () => {
    const { o } = settle(observation({ luns: [targetWith({ outcome: 'Succeeded' }), safetySnapshot()] }));
    const next = { ...o, resync: { ...o.resync, metadata: { ...o.resync.metadata, deletionTimestamp: ago(1) } } };
    expect(acted(decide(next), 'DeleteSafetySnapshots').arrayID).toBe(ARRAY_ID);
  });
});

describe('a half-written target whose roll-back failed', () => {
  const wreck = done({
    ...showing('NoProgress'),
    completionTime: ago(60),
    dataState: 'Inconsistent',
    pairs: [recordedPair({ dataState: 'Inconsistent', safetySnapshotID: 'safe-1' })],
  });

  it('keeps its safety snapshot past the retention: it is the only good copy', () => {
    const o = finished({ status: wreck, spec: { safetySnapshotRetentionSeconds: 0 } });
    expect(decide(o)).toEqual({ kind: 'Wait', lookAgainInMs: undefined });
  });

  it('keeps it when the object is deleted, and an Event names it', () => {
    const { announcements } = acted(decide(finished({ ...deleted, status: wreck })), 'RemoveFinalizer');
    expect(announcements).toMatchObject([{ type: 'Warning', reason: 'SafetySnapshotsKept' }]);
    expect(announcements[0]?.note).toContain('safe-1');
  });
});

describe('deletion with an array that is abandoned', () => {
  it('lets go of a run without the word of the array, with an Event that names operation and LUNs', () => {
    const status = showing('Copying', { attempt: 1, operationID: 'uid.1', arrayID: ARRAY_ID, pairs: [recordedPair()] });
    const o = observation({ ...deleted, status, policy: { abandoned: true }, view: { state: 'unresolved' } });
    const { announcements } = acted(decide(o), 'RemoveFinalizer');
    expect(announcements[0]?.note).toContain('operation uid.1 on LUNs vol-1');
  });
});

describe('whatever reason it ended with', () => {
  const final = (Object.keys(REASONS) as ReasonName[]).filter((name) => REASONS[name].kind !== 'Active');

  it.each(final)('%s: nothing is ever started again', (reason) => {
    const o = finished({ status: done({ ...showing(reason) }), view: observation({ luns: [source()] }).view });
    expect(decide(o).kind).toBe('Wait');
  });
});

describe('a success that an older status did not know', () => {
  it('cannot be undone where its safety snapshots are gone, as those of an object that was deleted before', () => {
    const { status } = recorded(
      decide(observation({ status: running(), luns: [targetWith({ outcome: 'Succeeded' })] })),
    );
    expect(conditionIn(status, 'UndoAvailable')).toMatchObject({ status: 'False', reason: 'SafetySnapshotsDeleted' });
    expect(status.safetySnapshotsDeleted).toBe(true);
  });
});
