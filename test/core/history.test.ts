// What the LUNs' runs say outranks what the status remembers, whichever status an old etcd may bring back.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { Lun, Run } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  ARRAY_ID,
  acted,
  afterWrite,
  ago,
  conditionIn,
  GiB,
  lun,
  NOW,
  type ObservationInput,
  observation,
  operation,
  pair,
  reasonIn,
  recorded,
  safetySnapshot,
  settle,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';
import { ending, failed, intended, recordedPair, running } from '../support/statuses.ts';

const second = { operationID: `${UID}.2` };

/** What etcd may remember while the array is at, or past, attempt 2. */
const REMEMBERED: readonly (readonly [string, LunResyncStatus | undefined])[] = [
  ['everything', intended({ startTime: ago(60) }, 2)],
  ['an older attempt', intended()],
  ['an older attempt that was counted', failed()],
  ['no attempt at all', undefined],
];

describe.each(REMEMBERED)('with a status that remembers %s', (_, status) => {
  const world = (over: ObservationInput): Observation =>
    observation({ ...over, ...(status === undefined ? {} : { status }) });

  it('RUNNING is followed, and taken over if it is not known', () => {
    const { o, decision } = settle(world({ luns: [targetWith(second)] }));
    expect(decision.kind).not.toBe('Act');
    const seen = decision.kind === 'Record' ? decision.status : o.resync.status;
    expect(seen).toMatchObject({ attempt: 2, operationID: `${UID}.2`, operationKind: 'Resync', arrayID: ARRAY_ID });
    expect(seen.pairs?.[0]?.target?.generation).toBe(5);
    expect(seen).toMatchObject({ dataState: 'Overwriting', startTime: expect.any(String), arrayName: 'array-a' });
    expect(reasonIn(seen)).toBe('Copying');
  });

  it('RUNNING is cancelled when the object is to be deleted', () => {
    const metadata = { deletionTimestamp: ago(1) };
    const { decision } = settle(world({ metadata, luns: [targetWith(second)], operation: operation(second) }));
    expect(acted(decision, 'Cancel').operationID).toBe(`${UID}.2`);
  });

  it('SUCCEEDED is done, whatever has been written to the LUN since', () => {
    const moved = { contentGeneration: 99, generation: 99 };
    for (const since of [{}, moved]) {
      const { decision } = settle(world({ luns: [targetWith({ ...second, outcome: 'Succeeded' }, since)] }));
      const { status: final, ended } = recorded(decision);
      expect(ended).toBe('Completed');
      expect(final).toMatchObject({ dataState: 'MatchesSource', arrayID: ARRAY_ID, progress: { percent: 100 } });
      expect(final.progress?.display).toBe('100% of 10 GiB');
      expect(conditionIn(final, 'Succeeded')?.message).toMatch(
        /^1 LUN has the content of the source: 10 GiB, verified/,
      );
    }
  });

  it('INTERRUPTED is followed by another attempt under a higher number, after a back-off', () => {
    const o = world({ luns: [targetWith({ ...second, outcome: 'Interrupted' }), safetySnapshot()] });
    const counted = recorded(decide(o));
    expect(reasonIn(counted.status)).toBe('RetryBackoff');
    expect(counted.status).toMatchObject({ attempt: 2, arrayID: ARRAY_ID, arrayName: 'array-a' });
    const later = afterWrite(o, counted, { now: NOW + (counted.lookAgainInMs ?? 0) });
    expect(recorded(decide(later)).status).toMatchObject({ attempt: 3, operationID: `${UID}.3` });
  });

  it('FAILED for good is rolled back and then reported', () => {
    const error = { reason: 'VSS_E_INSUFFICIENT_STORAGE', message: 'pool full', remedy: 'Grow it', lunID: 'vol-1' };
    const luns = [targetWith({ ...second, outcome: 'Failed', error }), safetySnapshot()];
    const { o, decision } = settle(world({ luns }));
    const request = acted(decision, 'Start').request;
    expect(request).toMatchObject({ kind: 'RollBack', operationID: `${UID}.3`, pairs: [{ sourceLunID: 'safe-1' }] });
    const rolledBack = { operationID: `${UID}.3`, kind: 'RollBack', outcome: 'RolledBack', endGeneration: 9 } as const;
    const after = { ...o, view: observation({ luns: [targetWith(rolledBack, { contentGeneration: 9 })] }).view };
    expect(recorded(settle(after).decision)).toMatchObject({
      ended: 'InsufficientStorage',
      status: { dataState: 'RolledBack' },
    });
  });

  it.each(['Failed', 'Cancelled', 'Interrupted'] as const)(
    '%s and written by somebody since is left alone: TargetChanged, and no call but cancel and release',
    (outcome) => {
      const moved = { state: 'Online', contentGeneration: 99, generation: 99 } as const;
      const { decision } = settle(world({ luns: [targetWith({ ...second, outcome }, moved), safetySnapshot()] }));
      const { status: final, ended } = recorded(decision);
      expect(ended).toBe('TargetChanged');
      expect(final.dataState).toBe('Unknown');
      expect(conditionIn(final, 'TargetConsistent')?.status).toBe('Unknown');
    },
  );

  it('ROLLED_BACK ends the run and does not begin it again', () => {
    const back = { operationID: `${UID}.2`, kind: 'RollBack', outcome: 'RolledBack' } as const;
    const { decision } = settle(world({ luns: [targetWith(back)] }));
    expect(recorded(decision)).toMatchObject({ ended: 'BackoffLimitExceeded', status: { dataState: 'RolledBack' } });
  });

  it('ROLLED_BACK and written by somebody since is TargetChanged', () => {
    const back = { operationID: `${UID}.2`, kind: 'RollBack', outcome: 'RolledBack' } as const;
    const { decision } = settle(world({ luns: [targetWith(back, { contentGeneration: 99 })] }));
    expect(recorded(decision)).toMatchObject({ ended: 'TargetChanged', status: { dataState: 'Unknown' } });
  });
});

describe('no run on the targets', () => {
  it('means that the intent was never accepted: the same id is sent', () => {
    expect(acted(decide(observation({ status: intended({}, 2) })), 'Start').request.operationID).toBe(`${UID}.2`);
  });

  it('of a run that had been accepted means that others were there since: nothing is started again', () => {
    const { decision } = settle(observation({ status: failed() }));
    expect(recorded(decision)).toMatchObject({ ended: 'TargetChanged', status: { dataState: 'Unknown' } });
    const alive = observation({ status: running() });
    expect(recorded(decide(alive)).status.ending?.reason).toBe('TargetChanged');
  });
});

const two = {
  pairs: [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })],
  status: running({
    pairs: [
      recordedPair(),
      recordedPair({ name: 'logs', source: { lunID: 'snap-2' }, target: { lunID: 'vol-2', generation: 5 } }),
    ],
  }),
};
const other = (over: Partial<Run>, lunOver: Partial<Lun> = {}): Lun =>
  targetWith({ sourceLunID: 'snap-2', safetySnapshotID: 'safe-2', ...over }, { id: 'vol-2', ...lunOver });

describe('targets that disagree', () => {
  it.each([
    ['one has the run and the other has none', targetWith({ outcome: 'Failed' }), lun({ id: 'vol-2' })],
    ['one ended and the other succeeded', targetWith({ outcome: 'Failed' }), other({ outcome: 'Succeeded' })],
    ['one had a later operation', targetWith({ outcome: 'Failed' }), other({ outcome: 'Failed', ...second })],
    ['one succeeded and the other has none', targetWith({ outcome: 'Succeeded' }), lun({ id: 'vol-2' })],
  ])('are let go of: %s', (_, first, last) => {
    const luns = [source(), source({ id: 'snap-2' }), first, last, safetySnapshot(), safetySnapshot({ id: 'safe-2' })];
    const { decision } = settle(observation({ ...two, luns }));
    const { status, ended } = recorded(decision);
    expect(ended).toBe('TargetChanged');
    expect(['Unknown', 'Inconsistent']).toContain(status.dataState);
    expect(status.pairs?.map(({ dataState }) => dataState)).not.toContain('Untouched');
    expect(status.pairs?.map(({ dataState }) => dataState)).not.toContain('MatchesSource');
  });

  it('are let go of when one of them is gone', () => {
    const { decision } = settle(observation({ ...two, luns: [targetWith({ outcome: 'Failed' })] }));
    expect(recorded(decision)).toMatchObject({ ended: 'TargetChanged' });
  });

  it('are not let go of while one of them runs', () => {
    const luns = [source(), targetWith({ outcome: 'Failed', ...second }), other({ operationID: `${UID}.1` })];
    const decision = decide(observation({ ...two, luns }));
    expect(decision.kind === 'Record' ? decision.ended : undefined).toBeUndefined();
  });

  it('are no parts of one history only where a roll-back took those that needed it', () => {
    const back = { ...second, kind: 'RollBack', outcome: 'RolledBack' } as const;
    const whole = other({ outcome: 'Failed' }, { state: 'Online' });
    const status = { ...two.status, ending: ending('NoProgress') };
    const { decision } = settle(observation({ ...two, status, luns: [targetWith(back), whole] }));
    const { ended, status: final } = recorded(decision);
    expect(ended).toBe('NoProgress');
    expect(final.pairs?.map(({ dataState }) => dataState)).toEqual(['RolledBack', 'Untouched']);
    // All have what they had, but not all were left alone.
    expect(final.dataState).toBe('RolledBack');
  });
});

describe('a success', () => {
  const done = (over: Partial<Run> = {}, lunOver: Partial<Lun> = {}): Observation =>
    observation({
      status: running(),
      luns: [targetWith({ outcome: 'Succeeded', ...over }, lunOver), safetySnapshot()],
    });

  it('is Completed with 100 %, the new size, and all conditions', () => {
    const { status } = recorded(decide(done({}, { sizeBytes: 12 * GiB })));
    expect(status).toMatchObject({
      progress: { percent: 100, copiedBytes: 10 * GiB, totalBytes: 10 * GiB },
      pairsSummary: '1/1',
      dataState: 'MatchesSource',
      completionTime: '2026-11-24T10:00:00Z',
      pairs: [{ state: 'Succeeded', copiedBytes: 10 * GiB, target: { sizeBytes: 10 * GiB, finalSizeBytes: 12 * GiB } }],
    });
    expect(conditionIn(status, 'UndoAvailable')).toMatchObject({ status: 'True', reason: 'SafetySnapshotsKept' });
    expect(conditionIn(status, 'TargetConsistent')).toMatchObject({ status: 'True', reason: 'MatchesSource' });
  });

  it('is Copied where no verification was asked for', () => {
    const o = observation({
      status: running(),
      spec: { verify: 'None' },
      luns: [targetWith({ outcome: 'Succeeded', sourceDigest: '', targetDigest: '' })],
    });
    const { status, ended } = recorded(decide(o));
    expect(ended).toBe('Completed');
    expect(status.dataState).toBe('Copied');
    expect(conditionIn(status, 'Succeeded')?.message).toContain('not verified');
  });

  it('of equal digests only: others are VerificationFailed, and the content is unknown', () => {
    const { status, ended } = recorded(decide(done({ targetDigest: 'bb' })));
    expect(ended).toBe('VerificationFailed');
    expect(status).toMatchObject({ dataState: 'Unknown', hresult: { name: 'VSS_E_UNEXPECTED_PROVIDER_ERROR' } });
  });

  it.each([
    ['without digests', { sourceDigest: '', targetDigest: '' }],
    ['with one digest', { targetDigest: '' }],
    ['for another source', { sourceLunID: 'snap-9' }],
    ['for other pairs', { pairsDigest: 'other' }],
    ['for another generation than that of the intent', { intentGeneration: 4 }],
    ['as a roll-back', { kind: 'RollBack' }],
  ] as const)('%s is a violation of the contract', (_, over) => {
    const { status, ended } = recorded(decide(done(over)));
    expect(ended).toBe('ArrayContractViolation');
    expect(status.dataState).toBe('Unknown');
  });

  it('of an attempt that is not on record is believed without its generations', () => {
    const luns = [targetWith({ ...second, outcome: 'Succeeded', intentGeneration: 4 })];
    expect(recorded(settle(observation({ status: intended(), luns })).decision).ended).toBe('Completed');
  });

  it('is checked pair by pair: sources that changed places are no success', () => {
    const luns = [
      source(),
      source({ id: 'snap-2' }),
      targetWith({ outcome: 'Succeeded', sourceLunID: 'snap-2' }),
      other({ outcome: 'Succeeded', sourceLunID: 'snap-1' }),
    ];
    expect(recorded(decide(observation({ ...two, luns }))).ended).toBe('ArrayContractViolation');
  });

  it('is checked pair by pair: generations that changed places are no success', () => {
    const [first, last] = two.status.pairs ?? [];
    const pairs = [first, { ...last, name: 'logs', target: { lunID: 'vol-2', generation: 8 } }];
    const status = { ...two.status, pairs: pairs as typeof two.status.pairs };
    const luns = [
      source(),
      source({ id: 'snap-2' }),
      targetWith({ outcome: 'Succeeded', intentGeneration: 8 }),
      other({ outcome: 'Succeeded', intentGeneration: 5 }),
    ];
    expect(recorded(decide(observation({ ...two, status: status as LunResyncStatus, luns }))).ended).toBe(
      'ArrayContractViolation',
    );
  });
});

describe('an outcome that cannot be', () => {
  it.each([
    ['is not known to us', { outcome: 'Unrecognized' }],
    ['says that a resync was rolled back', { outcome: 'RolledBack', kind: 'Resync' }],
  ] as const)('is a violation of the contract: it %s', (_, over) => {
    const { status, ended } = recorded(settle(observation({ status: running(), luns: [targetWith(over)] })).decision);
    expect(ended).toBe('ArrayContractViolation');
    expect(['Unknown', 'Inconsistent']).toContain(status.dataState);
  });
});

describe('data state', () => {
  it('is Inconsistent for a target that was half-written before the run, whether anything was started or not', () => {
    const o = observation({ luns: [lun({ state: 'Inconsistent' })], spec: { cancel: true } });
    const { status } = recorded(decide(o));
    expect(status.dataState).toBe('Inconsistent');
    expect(conditionIn(status, 'TargetConsistent')?.status).toBe('False');
  });

  it('is Untouched after a run that ended before its first block', () => {
    const luns = [targetWith({ outcome: 'Cancelled', safetySnapshotID: '' }, { state: 'Online' })];
    const o = observation({ status: running({ ending: ending('Cancelled') }), spec: { cancel: true }, luns });
    expect(recorded(settle(o).decision).status.dataState).toBe('Untouched');
  });

  it('is that of the worst pair', () => {
    const status = { ...two.status, ending: ending('Cancelled') };
    const luns = [targetWith({ outcome: 'Failed' }), other({ outcome: 'Failed' }, { state: 'Online' })];
    const { decision } = settle(observation({ ...two, status, luns }));
    expect(recorded(decision).status.dataState).toBe('Inconsistent');
  });
});
