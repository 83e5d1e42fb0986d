// A finished object that is let go of: every word of it, since nobody looks again afterwards.
import { describe, expect, it } from 'vitest';
import type { Condition, LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { recordHeldBack, recordSnapshotsDeleted } from '../../src/core/finished.ts';
import type { Observation } from '../../src/core/observation.ts';
import { ago, conditionIn, type ObservationInput, observation, recorded } from '../support/observations.ts';
import { recordedPair, showing } from '../support/statuses.ts';

const AT = '2026-11-24T10:00:00Z';
const kept = recordedPair({ dataState: 'MatchesSource', safetySnapshotID: 'safe-1' });
const wreck = recordedPair({ name: 'logs', dataState: 'Inconsistent' });
const finished = (status: LunResyncStatus, over: ObservationInput = {}): Observation =>
  observation({ status: { ...showing('Completed'), ...status }, view: { state: 'unresolved' }, ...over });
const deleted = (status: LunResyncStatus, over: ObservationInput = {}): Observation =>
  finished(status, { metadata: { deletionTimestamp: ago(1) }, ...over });
const act = (action: object): Decision => ({ kind: 'Act', action }) as Decision;
const removal = (reason?: string, note?: string): Decision =>
  act({
    kind: 'RemoveFinalizer',
    announcements: reason === undefined ? [] : [{ type: 'Warning', reason, action: 'Delete', note }],
  });
const deletion = (arrayID: string): Decision => act({ kind: 'DeleteSafetySnapshots', arrayID });

describe('a finished object that is deleted', () => {
  const abandoned = { policy: { abandoned: true } };
  const status = { arrayID: 'array-1', arrayName: 'array-a' };

  it.each<readonly [string, Observation, Decision]>([
    ['goes without a word where nothing was kept', deleted({ pairs: [recordedPair()] }), removal()],
    ['goes without a word where nothing is known', deleted({}), removal()],
    [
      'goes without a word where the snapshots are deleted',
      deleted({ pairs: [kept], safetySnapshotsDeleted: true }),
      removal(),
    ],
    [
      'has the snapshots of some of its pairs deleted',
      deleted({ ...status, pairs: [recordedPair({ name: 'logs' }), kept] }),
      deletion('array-1'),
    ],
    [
      'has the snapshots deleted where a half-written target has none',
      deleted({ ...status, pairs: [kept, wreck] }),
      deletion('array-1'),
    ],
    ['asks also without an array on record', deleted({ pairs: [kept] }), deletion('')],
    [
      'keeps the only good copy of a half-written target',
      deleted({ pairs: [recordedPair(), { ...wreck, safetySnapshotID: 'safe-2' }] }),
      removal(
        'SafetySnapshotsKept',
        'Safety snapshots safe-2 are kept on array array-a: a target is INCONSISTENT, and they hold what it had',
      ),
    ],
    [
      'lets go of an abandoned array',
      deleted({ pairs: [kept, wreck] }, abandoned),
      removal('Abandoned', 'StorageArray array-a is abandoned: let go without deleting safety snapshots safe-1'),
    ],
    [
      'lets go of an abandoned array where nothing was kept',
      deleted({}, abandoned),
      removal('Abandoned', 'StorageArray array-a is abandoned: let go without deleting safety snapshots (none)'),
    ],
  ])('%s', (_, o, expected) => {
    expect(decide(o)).toEqual(expected);
  });
});

describe('a deletion that is held back', () => {
  const note =
    'Cannot delete the safety snapshots of this run: an undo uses them. Deletion goes on when the array does it; ' +
    'if it never will, set spec.abandoned of StorageArray array-a';
  const stalled: Condition = {
    type: 'Stalled',
    status: 'True',
    reason: 'ResyncInProgress',
    message: note,
    lastTransitionTime: AT,
    observedGeneration: 2,
  };
  const generation = { metadata: { deletionTimestamp: ago(1), generation: 2 } };
  const hold = (status: LunResyncStatus, over: ObservationInput = generation): Decision =>
    recordHeldBack(finished(status, over), 'ResyncInProgress', 'an undo uses them');
  const withStalled = (over: Partial<Condition>): LunResyncStatus => {
    const { conditions = [] } = showing('Completed');
    return { conditions: conditions.map((each) => (each.type === 'Stalled' ? { ...each, ...over } : each)) };
  };

  it('is written in whole, and told', () => {
    const status = { completionTime: ago(60), pairs: [kept] };
    expect(hold({ ...status, conditions: undefined })).toEqual({
      kind: 'Record',
      status: { ...status, observedGeneration: 2, conditions: [stalled] },
      announcements: [{ type: 'Warning', reason: 'DeletionHeldBack', action: 'Delete', note }],
      lookAgainInMs: 5_000,
    });
  });

  it('changes no other condition', () => {
    const before = showing('Completed').conditions ?? [];
    const { conditions } = recorded(hold({})).status;
    expect(conditions).toEqual(before.map((each) => (each.type === 'Stalled' ? stalled : each)));
  });

  it.each<readonly [string, Partial<Condition>, string | undefined]>([
    ['is not written again while it is said', { ...stalled, lastTransitionTime: ago(9) }, undefined],
    ['is written where it was not said', { status: 'False', reason: 'Completed' }, AT],
    [
      'is written where another reason was said',
      { ...stalled, reason: 'ArrayVeto', lastTransitionTime: ago(9) },
      ago(9),
    ],
    [
      'is written where the run itself was stalled',
      { ...stalled, message: 'words', lastTransitionTime: ago(9) },
      ago(9),
    ],
  ])('%s', (_, over, since) => {
    const decision = hold(withStalled(over));
    if (since === undefined) return expect(decision).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
    const { conditions = [] } = recorded(decision).status;
    return expect(conditions.find(({ type }) => type === 'Stalled')).toEqual({ ...stalled, lastTransitionTime: since });
  });

  it('is not said of an object that is not deleted', () => {
    expect(hold({}, {})).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
  });

  it('names a StorageArray that is missing', () => {
    const problem = { reason: 'BadState', message: 'StorageArray array-a does not exist' } as const;
    const array = { state: 'missing', final: false, problem } as const;
    const { status } = recorded(decide(deleted({ pairs: [kept], arrayName: 'array-a' }, { array })));
    expect(conditionIn(status, 'Stalled')).toMatchObject({
      reason: 'ArrayUnreachable',
      message: note.replace('an undo uses them', 'StorageArray array-a does not exist'),
    });
  });

  it('leaves the list of conditions within its bounds', () => {
    const foreign = Array.from({ length: 8 }, (_, nth) => ({ ...stalled, type: `Other${nth}` }));
    expect(recorded(hold({ conditions: foreign, completionTime: ago(60) })).status.conditions).toEqual(foreign);
  });
});

describe('what a finished run says of its undo', () => {
  const undo = (decision: Decision): unknown => conditionIn(recorded(decision).status, 'UndoAvailable');
  const says = (reason: string, lastTransitionTime: string): object =>
    expect.objectContaining({ reason, lastTransitionTime }) as object;
  const next = { metadata: { generation: 2 } };

  it.each<readonly [string, LunResyncStatus, string]>([
    ['safety snapshots', { pairs: [recordedPair({ name: 'logs' }), kept] }, 'SafetySnapshotsKept'],
    ['safety snapshots that are deleted', { pairs: [kept], safetySnapshotsDeleted: true }, 'SafetySnapshotsDeleted'],
    ['no safety snapshots', { pairs: [recordedPair()] }, 'NoSafetySnapshots'],
    ['no pairs', {}, 'NoSafetySnapshots'],
  ])('is that of %s, and moves its time only where it flips', (_, status, reason) => {
    const flips = reason === 'SafetySnapshotsKept';
    const decision = decide(finished(status, next));
    expect(undo(decision)).toEqual(says(reason, flips ? AT : ago(60)));
    expect(recorded(decision).announcements).toEqual([]);
  });

  it('begins now where it was not said before', () => {
    const o = finished({ conditions: undefined, completionTime: ago(60), pairs: [recordedPair()] }, next);
    expect(undo(decide(o))).toEqual(says('NoSafetySnapshots', AT));
  });

  it('is no more once they are deleted', () => {
    const decision = recordSnapshotsDeleted(finished({ pairs: [kept] }));
    expect(undo(decision)).toMatchObject({
      status: 'False',
      message: 'The safety snapshots of this run were deleted',
    });
    expect(recorded(decision)).toMatchObject({ announcements: [], lookAgainInMs: 0 });
  });
});
