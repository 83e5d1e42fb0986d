// Roll-back: an operation like any other, begun once when the run is going to end without success.
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  acted,
  afterWrite,
  ago,
  conditionIn,
  NOW,
  type ObservationInput,
  observation,
  operation,
  pair,
  type Recorded,
  readView,
  reasonIn,
  recorded,
  safetySnapshot,
  settle,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';
import { ending, failed, recordedPair, running } from '../support/statuses.ts';

const wreck = [targetWith({ outcome: 'Failed' }), safetySnapshot()];
const ended = (over: ObservationInput = {}): Observation =>
  observation({ status: failed({ ending: ending('NoProgress') }), luns: wreck, ...over });
const intent = { operationID: `${UID}.2`, operationKind: 'RollBack', attempt: 2 } as const;
const rolling = (over: ObservationInput = {}): Observation =>
  observation({ status: failed({ ending: ending('NoProgress'), ...intent }), luns: wreck, ...over });
const back = { kind: 'RollBack', operationID: `${UID}.2`, safetySnapshotID: 'safe-1' } as const;

describe('a run that is going to end without success', () => {
  it('records the roll-back as an attempt of its own before it is started', () => {
    const write = recorded(decide(ended()));
    expect(write.status).toMatchObject({ ...intent, pairs: [{ target: { generation: 7 } }] });
    expect(reasonIn(write.status)).toBe('RollingBack');
    expect(write.announcements).toMatchObject([{ type: 'Warning', reason: 'RollBackStarted' }]);
    expect(acted(decide(afterWrite(ended(), write)), 'Start').request).toMatchObject({
      kind: 'RollBack',
      operationID: `${UID}.2`,
      pairs: [{ sourceLunID: 'safe-1', targetLunID: 'vol-1', ifTargetGeneration: 7, selectedVolumes: [] }],
      sizePolicy: 'MatchSource',
      identityPolicy: 'KeepTarget',
      overwriteUnselectedVolumes: true,
    });
  });

  it.each([
    ['its tries are used up', { status: running({ failures: 3 }) }],
    ['its deadline is over', { status: failed({ startTime: ago(20) }), spec: { activeDeadlineSeconds: 10 } }],
    ['it is cancelled', { status: failed(), spec: { cancel: true } }],
    ['it is deleted', { status: failed(), metadata: { deletionTimestamp: ago(1) } }],
  ] as const)('is rolled back when %s', (_, input) => {
    const { decision } = settle(observation({ luns: wreck, ...input }));
    expect(acted(decision, 'Start').request.kind).toBe('RollBack');
  });

  it.each([
    ['its source has gone', { view: readView({ lunList: wreck }) }, 'ObjectNotFound'],
    ['its grants were revoked', { pairs: [pair({ targetNeedsGrant: true })] }, 'AccessDenied'],
    ['its source stays in another run', { luns: [...wreck, source({ state: 'Resyncing' })] }, 'ResyncInProgress'],
  ] as const)('is rolled back when another attempt cannot be made because %s', (_, input, reason) => {
    const o = observation({ luns: wreck, status: failed(), ...input });
    const waiting = recorded(decide(o));
    const { o: late, decision } = settle(afterWrite(o, waiting, { now: NOW + 301_000 }));
    expect(acted(decision, 'Start').request.kind).toBe('RollBack');
    expect(late.resync.status.ending?.reason).toBe(reason);
  });

  it('is rolled back when another attempt would be refused for good', () => {
    const luns = [targetWith({ outcome: 'Interrupted' }, { volumes: ['theirs'] }), safetySnapshot()];
    const { o, decision } = settle(observation({ luns, status: failed() }));
    expect(acted(decision, 'Start').request.kind).toBe('RollBack');
    expect(o.resync.status.ending?.reason).toBe('UnselectedVolume');
  });

  it.each([
    ['is cancelled', { spec: { cancel: true } }],
    ['is suspended', { spec: { suspend: true } }],
    ['is in maintenance', { policy: { maintenance: true } }],
    ['has lost its grants', { pairs: [pair({ sourceNeedsGrant: true, targetNeedsGrant: true })] }],
    ['has passed its deadline', { spec: { activeDeadlineSeconds: 1 } }],
  ])('is rolled back although it %s', (_, input) => {
    expect(acted(decide(rolling(input)), 'Start').request.kind).toBe('RollBack');
  });

  it.each([
    [
      'nothing was half-written',
      [targetWith({ outcome: 'Failed' }, { state: 'Online' }), safetySnapshot()],
      'Untouched',
    ],
    ['the safety snapshot is gone', [targetWith({ outcome: 'Failed' })], 'Inconsistent'],
    ['no safety snapshot was taken', [targetWith({ outcome: 'Failed', safetySnapshotID: '' })], 'Inconsistent'],
  ])('is not rolled back where %s', (_, luns, dataState) => {
    const { status, ended: reason } = recorded(decide(ended({ luns })));
    expect(reason).toBe('NoProgress');
    expect(status.dataState).toBe(dataState);
  });

  it('lets go of a target that somebody else has written to, and rolls back the half-written rest', () => {
    const pairs = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
    const taken = targetWith({ outcome: 'Failed' }, { id: 'vol-2', state: 'Online', contentGeneration: 99 });
    const others = [source({ id: 'snap-2' }), taken];
    const luns = [...others, ...wreck];
    expect(recorded(decide(ended({ pairs, luns }))).status.operationKind).toBe('RollBack');
    const pairsOnRecord = [
      recordedPair({ target: { lunID: 'vol-1', generation: 7 } }),
      recordedPair({ name: 'logs', target: { lunID: 'vol-2', generation: 7 } }),
    ];
    const status = failed({ ending: ending('NoProgress'), ...intent, pairs: pairsOnRecord });
    const { request } = acted(decide(observation({ status, pairs, luns })), 'Start');
    expect(request.pairs.map(({ targetLunID }) => targetLunID)).toEqual(['vol-1']);
    const rolledBack = targetWith({ outcome: 'RolledBack', kind: 'RollBack', operationID: `${UID}.2` });
    const over = decide(observation({ status, pairs, luns: [...others, rolledBack, safetySnapshot()] }));
    expect(recorded(over).ended).toBe('TargetChanged');
    expect(recorded(over).status.dataState).toBe('Unknown');
  });

  it('is rolled back on the targets that need it only', () => {
    const pairs = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
    const recordedPairs = [
      recordedPair({ target: { lunID: 'vol-1', generation: 7 } }),
      recordedPair({ name: 'logs', target: { lunID: 'vol-2', generation: 7 } }),
    ];
    const luns = [
      source({ id: 'snap-2' }),
      ...wreck,
      targetWith({ outcome: 'Failed' }, { id: 'vol-2', state: 'Online' }),
    ];
    const status = failed({ ending: ending('NoProgress'), ...intent, pairs: recordedPairs });
    const { request } = acted(decide(rolling({ pairs, luns, status })), 'Start');
    expect(request.pairs.map(({ targetLunID }) => targetLunID)).toEqual(['vol-1']);
  });
});

describe('a roll-back that runs', () => {
  it('is shown as RollingBack and is not cancelled by anything', () => {
    const o = rolling({
      luns: [targetWith(back), safetySnapshot()],
      operation: operation(back),
      spec: { cancel: true },
      metadata: { deletionTimestamp: ago(1) },
    });
    const { status, ended: reason } = recorded(decide(o));
    expect(reasonIn(status)).toBe('RollingBack');
    expect(status.pairs?.[0]?.state).toBe('RollingBack');
    expect(reason).toBeUndefined();
  });
});

describe('a roll-back that is over', () => {
  it('ends the run with the reason of the original failure and RolledBack', () => {
    const o = rolling({ luns: [targetWith({ ...back, outcome: 'RolledBack' }), safetySnapshot()] });
    const { status, ended: reason } = recorded(decide(o));
    expect(reason).toBe('NoProgress');
    expect(status.dataState).toBe('RolledBack');
    expect(conditionIn(status, 'TargetConsistent')?.status).toBe('True');
  });

  it.each([
    ['no digests', { sourceDigest: '', targetDigest: '' }],
    ['digests that differ', { targetDigest: 'bb'.repeat(32) }],
  ])('that ended with %s is not believed where proof was asked for', (_, digests) => {
    const luns = [targetWith({ ...back, outcome: 'RolledBack', ...digests }), safetySnapshot()];
    const { status } = recorded(settle(rolling({ luns })).decision);
    expect(reasonIn(status)).toBe('ArrayContractViolation');
    expect(status.dataState).toBe('Unknown');
    expect(conditionIn(status, 'Succeeded')).toMatchObject({ message: expect.stringContaining('NoProgress') });
    const unproven = recorded(settle(rolling({ luns, spec: { verify: 'None' } })).decision).status;
    expect([reasonIn(unproven), unproven.dataState]).toEqual(['NoProgress', 'RolledBack']);
  });

  it('without success is tried again under another id, after a back-off', () => {
    const o = rolling({ luns: [targetWith({ ...back, outcome: 'Interrupted' }), safetySnapshot()] });
    const write = recorded(decide(o));
    expect(write.status).toMatchObject({ rollBackFailures: 1, attempt: 2 });
    expect(write.status).not.toHaveProperty('operationID');
    expect(decide(afterWrite(o, write))).toEqual({ kind: 'Wait', lookAgainInMs: 10_000 });
    expect(recorded(decide(afterWrite(o, write, { now: NOW + 10_000 }))).status).toMatchObject({
      attempt: 3,
      operationKind: 'RollBack',
    });
  });

  it('without success too often ends the run as Inconsistent, and the message names what is kept', () => {
    const status = failed({ ending: ending('NoProgress'), attempt: 2, rollBackFailures: 4 });
    const luns = [targetWith({ ...back, outcome: 'Failed' }), safetySnapshot()];
    const { status: final, ended: reason } = recorded(decide(rolling({ status, luns })));
    expect(reason).toBe('NoProgress');
    expect(final.dataState).toBe('Inconsistent');
    expect(conditionIn(final, 'Succeeded')?.message).toContain('Target vol-1 is INCONSISTENT and fenced');
    expect(conditionIn(final, 'Succeeded')?.message).toContain('safety snapshots safe-1 are kept');
    expect(conditionIn(final, 'UndoAvailable')?.status).toBe('True');
  });

  it('does not say of snapshots that are gone that they are kept', () => {
    const status = failed({ ending: ending('NoProgress'), attempt: 2, rollBackFailures: 4 });
    const { status: final } = recorded(decide(rolling({ status, luns: [targetWith({ ...back, outcome: 'Failed' })] })));
    expect(final.dataState).toBe('Inconsistent');
    expect(conditionIn(final, 'UndoAvailable')?.reason).toBe('SafetySnapshotsDeleted');
    expect(conditionIn(final, 'Succeeded')?.message).toContain('Target vol-1 is INCONSISTENT and fenced');
    expect(conditionIn(final, 'Succeeded')?.message).not.toContain('are kept');
  });

  it('keeps the names of what is kept when the message is long', () => {
    const long = ending('NoProgress', 'x'.repeat(512));
    const status = failed({ ending: long, attempt: 2, rollBackFailures: 4 });
    const luns = [targetWith({ ...back, outcome: 'Failed' }), safetySnapshot()];
    const { message } = conditionIn(recorded(decide(rolling({ status, luns }))).status, 'Succeeded') ?? {};
    expect(message).toHaveLength(512);
    expect(message).toContain('safe-1 are kept');
  });

  it('is tried at least three times more, and more often where attempts are', () => {
    const luns = [targetWith({ ...back, outcome: 'Failed' }), safetySnapshot()];
    const after = (rollBackFailures: number, backoffLimit: number): Recorded => {
      const status = failed({ ending: ending('NoProgress'), attempt: 2, rollBackFailures });
      return recorded(decide(rolling({ status, luns, spec: { backoffLimit } })));
    };
    expect(after(3, 0).ended).toBeUndefined();
    expect(after(4, 0).ended).toBe('NoProgress');
    expect(after(10, 10).ended).toBeUndefined();
    expect(after(11, 10).ended).toBe('NoProgress');
  });

  it('leaves a target that was half-written before the run as it was', () => {
    const pairs = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
    const luns = [
      source({ id: 'snap-2' }),
      safetySnapshot(),
      targetWith({ ...back, outcome: 'RolledBack' }),
      targetWith({ outcome: 'Failed', safetySnapshotID: '' }, { id: 'vol-2' }),
    ];
    const { status, ended: reason } = recorded(decide(rolling({ pairs, luns })));
    expect(reason).toBe('NoProgress');
    expect(status.pairs?.map(({ dataState }) => dataState)).toEqual(['RolledBack', 'Inconsistent']);
  });

  it('of some targets may follow one of others that failed', () => {
    const pairs = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
    const luns = [
      source({ id: 'snap-2' }),
      targetWith({ ...back, operationID: `${UID}.3`, outcome: 'RolledBack' }),
      targetWith({ ...back, outcome: 'Failed', safetySnapshotID: 'gone' }, { id: 'vol-2' }),
    ];
    const status = failed({ ending: ending('NoProgress'), ...intent, operationID: `${UID}.3`, attempt: 3 });
    expect(recorded(decide(rolling({ pairs, luns, status }))).ended).toBe('NoProgress');
  });

  it('is not begun again after STALE by another kind of attempt', () => {
    const { operationID: _id, operationKind: _kind, ...dead } = failed({ ending: ending('NoProgress'), ...intent });
    expect(recorded(decide(rolling({ status: dead }))).status).toMatchObject({ attempt: 3, operationKind: 'RollBack' });
  });
});
