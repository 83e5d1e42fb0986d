// The one write that ends a run: what it says, what it keeps, and what people are told.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { Lun } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import type { Problem } from '../../src/core/problem.ts';
import { complete, fail, succeed } from '../../src/core/terminal.ts';
import {
  ARRAY_ID,
  conditionIn,
  GiB,
  type ObservationInput,
  observation,
  operation,
  pair,
  type Recorded,
  recorded,
  safetySnapshot,
  source,
  targetWith,
  twoPairs,
} from '../support/observations.ts';
import { ending, failed, recordedPair, running } from '../support/statuses.ts';

const NO_PROGRESS: Problem = { reason: 'NoProgress', message: 'it stood still', remedy: '' };
const failing = (input: ObservationInput, problem = NO_PROGRESS): LunResyncStatus =>
  recorded(fail(observation(input), problem)).status;
const messageOf = (status: LunResyncStatus): string | undefined => conditionIn(status, 'Succeeded')?.message;
const done = (over: ObservationInput = {}): Observation =>
  observation({ status: running(), luns: [targetWith({ outcome: 'Succeeded' }), safetySnapshot()], ...over });
const wreck = targetWith({ outcome: 'Failed' });
const wreckTwo = targetWith({ outcome: 'Failed', safetySnapshotID: 'safe-2' }, { id: 'vol-2' });

describe('the message of a wreck', () => {
  it('goes on after the remedy of the failure, whose full stop stands once', () => {
    const luns = [targetWith({ outcome: 'Failed' }), safetySnapshot()];
    const problem: Problem = { reason: 'NoProgress', message: 'it stood still', remedy: 'Look at it.' };
    const message = messageOf(failing({ status: failed({ rollBackFailures: 9 }), luns }, problem));
    expect(message).toContain('it stood still. Look at it. Target vol-1 is INCONSISTENT');
  });
});

describe('the message of a success', () => {
  it.each([
    ['one LUN', done(), '1 LUN has the content of the source: 10 GiB, verified, in 1 min 0 s'],
    [
      'several LUNs',
      done({
        pairs: twoPairs,
        luns: [
          source({ id: 'snap-2', sizeBytes: 5 * GiB }),
          targetWith({ outcome: 'Succeeded' }),
          targetWith({ outcome: 'Succeeded', sourceLunID: 'snap-2' }, { id: 'vol-2' }),
        ],
      }),
      '2 LUNs have the content of the source: 15 GiB, verified, in 1 min 0 s',
    ],
    [
      'what was not verified, and not known of before',
      done({ status: {}, spec: { verify: 'None' } }),
      '1 LUN has the content of the source: 10 GiB, not verified, in 0 s',
    ],
  ])('tells how much was copied, and in which time: %s', (_, o, message) => {
    expect(messageOf(recorded(complete(o)).status)).toBe(message);
  });

  it('tells of LUNs whose ids are too long to be recorded', () => {
    const names = Array.from({ length: 64 }, (_, nth) => `p${nth}`);
    const long = (start: string, nth: number): string => `${start}${nth}`.padEnd(128, 'x');
    const pairs = names.map((name, nth) => pair({ name, sourceLunID: long('s', nth), targetLunID: long('t', nth) }));
    const luns = pairs.flatMap(({ sourceLunID, targetLunID }) => [
      source({ id: sourceLunID }),
      targetWith({ outcome: 'Succeeded', sourceLunID }, { id: targetLunID }),
    ]);
    const { status } = recorded(complete(done({ pairs, luns })));
    expect(messageOf(status)).toBe('64 LUNs have the content of the source: 0 B, verified, in 1 min 0 s');
    expect(status.pairs?.[0]).toMatchObject({ name: 'p0', state: 'Succeeded' });
    expect(status.pairs?.every((each) => each.source === undefined && each.target === undefined)).toBe(true);
    const failedLuns = luns.map((each) => ({ ...each, state: 'Inconsistent' as const, runs: [] }));
    const message = messageOf(failing({ pairs, luns: failedLuns }));
    expect(message).toBe('it stood still. Target p0, p1 and 62 more is INCONSISTENT and fenced');
  });

  it('tells what the array did for a run whose status was lost after its grants had been revoked', () => {
    const { status } = recorded(decide(done({ status: {}, pairs: [pair({ sourceNeedsGrant: true })] })));
    expect(status.dataState).toBe('MatchesSource');
    expect(messageOf(status)).toBe('1 LUN has the content of the source: 10 GiB, verified, in 0 s');
  });
});

describe('what a run ends with', () => {
  it.each([
    ['is what is on record for that reason', { ending: ending('NoProgress', 'on record') }, 'on record'],
    ['is new where another reason is on record', { ending: ending('Cancelled', 'on record') }, 'it stood still'],
    ['is new where none is on record', {}, 'it stood still'],
  ])('%s', (_, status, message) => {
    const { ending: last } = failing({ status });
    expect(last).toEqual({ reason: 'NoProgress', message, hresult: 'VSS_E_UNEXPECTED' });
  });

  it('is forgotten by a success', () => {
    const status = running({ ending: ending('NoProgress') });
    expect(recorded(complete(done({ status }))).status).not.toHaveProperty('ending');
    expect(recorded(succeed(observation({ status }), 'AlreadyCompleted', 'words')).status).not.toHaveProperty('ending');
  });

  it('names the array where it is known', () => {
    expect(failing({})).toMatchObject({ arrayName: 'array-a', arrayID: ARRAY_ID });
    const problem: Problem = { reason: 'AmbiguousArray', message: 'array-a, array-b' };
    const array = { state: 'missing', final: true, problem } as const;
    const nameless = failing({ array, view: { state: 'unresolved' } }, problem);
    expect(nameless).not.toHaveProperty('arrayName');
    expect(nameless).not.toHaveProperty('arrayID');
    expect(failing({ array, status: { arrayName: 'array-b' } }, problem).arrayName).toBe('array-b');
    expect(failing({ status: { arrayID: 'array-0' } }).arrayID).toBe('array-0');
    expect(failing({ status: { arrayID: 'array-0' }, view: { state: 'unresolved' } }).arrayID).toBe('array-0');
  });

  it('is written after the record at the array was let go of', () => {
    const o = observation({ status: running(), luns: [wreck], operation: operation({ outcome: 'Failed' }) });
    expect(fail(o, NO_PROGRESS)).toEqual({
      kind: 'Act',
      action: { kind: 'Release', arrayID: ARRAY_ID, operationID: operation().operationID },
    });
  });
});

describe('the message of a failure', () => {
  const fenced = 'it stood still. Target vol-1 is INCONSISTENT and fenced';

  it.each<readonly [string, readonly Lun[], string]>([
    ['says nothing of targets that are whole', [targetWith({ outcome: 'Failed' }, { state: 'Online' })], ''],
    ['names what is half-written and what is kept', [wreck, safetySnapshot()], '; safety snapshots safe-1 are kept'],
    ['names no snapshot that is gone', [wreck], ''],
    ['names no snapshot that was not taken', [targetWith({ outcome: 'Failed', safetySnapshotID: '' })], ''],
  ])('%s', (_, luns, kept) => {
    const isWhole = luns[0]?.state === 'Online';
    expect(messageOf(failing({ status: failed(), luns }))).toBe(isWhole ? 'it stood still' : `${fenced}${kept}`);
  });

  it('names the half-written targets of several alone', () => {
    const whole = targetWith({ outcome: 'Failed', safetySnapshotID: 'safe-2' }, { id: 'vol-2', state: 'Online' });
    const luns = [whole, wreck, safetySnapshot(), safetySnapshot({ id: 'safe-2' })];
    const status = failed();
    const one = messageOf(failing({ status, pairs: twoPairs, luns }));
    expect(one).toBe(`${fenced}; safety snapshots safe-1 are kept`);
    const both = messageOf(failing({ status, pairs: twoPairs, luns: [wreckTwo, ...luns.slice(1)] }));
    expect(both).toBe(
      'it stood still. Target vol-1, vol-2 is INCONSISTENT and fenced; safety snapshots safe-1, safe-2 are kept',
    );
  });

  it.each([
    ['safe-1', '; safety snapshots safe-1 are kept'],
    [undefined, ''],
  ])('trusts the record of an array that was not read: %s', (safetySnapshotID, kept) => {
    const pairs = [recordedPair({ dataState: 'Inconsistent', ...(safetySnapshotID && { safetySnapshotID }) })];
    const status = failing({ status: failed({ pairs }), view: { state: 'unresolved' } });
    expect(messageOf(status)).toBe(`${fenced}${kept}`);
  });
});

describe('undo after the end', () => {
  const two = [targetWith({ outcome: 'Succeeded' }), targetWith({ outcome: 'Succeeded' }, { id: 'vol-2' })];
  const [first, second] = [two[0], targetWith({ outcome: 'Succeeded', safetySnapshotID: 'safe-2' }, { id: 'vol-2' })];

  it.each([
    [
      'NoSafetySnapshots',
      two.map((each) => ({ ...each, runs: each.runs.map((r) => ({ ...r, safetySnapshotID: '' })) })),
    ],
    ['SafetySnapshotsKept', [first, second, safetySnapshot(), safetySnapshot({ id: 'safe-2' })]],
    ['SafetySnapshotsKept', [first, second, safetySnapshot({ id: 'safe-2' })]],
    ['SafetySnapshotsDeleted', [first, second]],
  ] as const)('is %s by what is on the array', (reason, luns) => {
    const status = failing({ status: failed({ pairs: [] }), pairs: twoPairs, luns: luns as readonly Lun[] });
    expect(conditionIn(status, 'UndoAvailable')?.reason).toBe(reason);
    expect(status.safetySnapshotsDeleted).toBe(reason === 'SafetySnapshotsDeleted' ? true : undefined);
  });

  it('is what is on record where the array was not read', () => {
    const view = { state: 'unresolved' } as const;
    const pairs = [recordedPair({ safetySnapshotID: 'safe-1' })];
    expect(conditionIn(failing({ status: failed({ pairs }), view }), 'UndoAvailable')?.status).toBe('True');
    expect(conditionIn(failing({ view }), 'UndoAvailable')?.reason).toBe('NoSafetySnapshots');
  });
});

describe('the announcement of the end', () => {
  const note = (write: Recorded): Recorded['announcements'] => write.announcements;

  it.each([
    ['Planned', 'Normal', 'ResyncCompleted', succeed(observation(), 'Planned', 'words')],
    [
      'Cancelled',
      'Normal',
      'ResyncCancelled',
      fail(observation(), { reason: 'Cancelled', message: 'words', remedy: '' }),
    ],
    ['NoProgress', 'Warning', 'ResyncFailed', fail(observation(), { ...NO_PROGRESS, message: 'words' })],
  ] as const)('of %s is a %s event', (word, type, reason, decision) => {
    expect(note(recorded(decision))).toEqual([{ type, reason, action: 'Finish', note: `${word}: words` }]);
    expect(recorded(decision)).toMatchObject({ ended: word, lookAgainInMs: 0 });
  });

  it('is the only one of a run that ends in order', () => {
    const { announcements, status } = recorded(complete(done()));
    expect(announcements.map(({ reason }) => reason)).toStrictEqual(['ResyncCompleted']);
    expect(status).not.toHaveProperty('users');
    expect(failing({})).not.toHaveProperty('users');
  });

  it('warns of a time to live that is not kept, and only where there is one', () => {
    const metadata = { labels: { 'app.kubernetes.io/managed-by': 'Helm' } };
    const notes = (ttlSecondsAfterFinished?: number): Recorded['announcements'] => {
      const spec = ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished };
      return note(recorded(fail(observation({ metadata, spec }), NO_PROGRESS))).slice(1);
    };
    expect(notes()).toEqual([]);
    expect(notes(60)).toEqual([
      {
        type: 'Warning',
        reason: 'TTLIgnored',
        action: 'Finish',
        note:
          'Helm manages this object and would create it again, which repeats the run: ' +
          'it is not deleted after its TTL',
      },
    ]);
  });
});
