// What ends a run, and how often an attempt is made again.
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
  readView,
  reasonIn,
  recorded,
  safetySnapshot,
  settle,
  source,
  targetWith,
  UID,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, intended, running, showing } from '../support/statuses.ts';

const copying = (over: ObservationInput = {}): Observation =>
  observation({ status: running(), luns: [targetWith()], operation: operation(), ...over });
describe('the deadline', () => {
  const spec = { activeDeadlineSeconds: 100 };

  it('records why the run ends, then cancels, and reports DeadlineExceeded', () => {
    const o = copying({ spec, status: running({ startTime: ago(100) }) });
    const write = recorded(decide(o));
    expect(write.status.ending?.reason).toBe('DeadlineExceeded');
    expect(reasonIn(write.status)).toBe('Cancelling');
    acted(decide(afterWrite(o, write)), 'Cancel');
    const luns = [source(), targetWith({ outcome: 'Cancelled', safetySnapshotID: '' }, { state: 'Online' })];
    const { decision } = settle(afterWrite(o, write, { view: readView({ lunList: luns }) }));
    const { status, ended } = recorded(decision);
    expect(ended).toBe('DeadlineExceeded');
    expect(status.hresult?.name).toBe('VSS_E_UNEXPECTED');
  });

  it('does not come before its time', () => {
    expect(decide(copying({ spec, status: running({ startTime: ago(99), progress: {} }) })).kind).not.toBe('Act');
    const { status } = recorded(decide(copying({ spec, status: running({ startTime: ago(99) }) })));
    expect(status.ending).toBeUndefined();
  });

  it.each([
    ['is looked at in time while a copy runs', copying({ spec, status: running({ startTime: ago(99.6) }) })],
    [
      'is looked at in time while an attempt is backed off from',
      observation({
        spec,
        status: failed({ startTime: ago(99.6), retryTime: new Date(NOW + 60_000).toISOString() }),
        luns: [targetWith({ outcome: 'Interrupted' })],
      }),
    ],
    [
      'is looked at in time while the array gives no answer',
      observation({ spec, status: running({ startTime: ago(99.6) }), view: UNREACHABLE }),
    ],
  ])('%s', (_, o) => {
    const decision = decide(o);
    expect(decision.kind !== 'Act' && decision.lookAgainInMs).toBe(400);
  });

  it('does not count time that was suspended or in maintenance', () => {
    const paused = running({ startTime: ago(150), pausedSeconds: 51 });
    expect(recorded(decide(copying({ spec, status: paused }))).status.ending).toBeUndefined();
    const held = failed({ ...showing('Suspended'), startTime: ago(150), pausedSince: ago(60) });
    const o = observation({
      spec: { ...spec, suspend: true },
      status: held,
      luns: [targetWith({ outcome: 'Interrupted' })],
    });
    expect(settle(o).o.resync.status.ending).toBeUndefined();
  });

  it('stands still from the write that suspends to the one that goes on', () => {
    const luns = [targetWith({ outcome: 'Interrupted' }), safetySnapshot()];
    const o = observation({ spec: { ...spec, suspend: true }, status: failed({ startTime: ago(50) }), luns });
    const write = recorded(decide(o));
    expect(write.status.pausedSince).toBe('2026-11-24T10:00:00.000Z');
    const resumed = afterWrite(o, write, { now: NOW + 30_000 });
    const next = recorded(
      decide({ ...resumed, resync: { ...resumed.resync, spec: { ...o.resync.spec, suspend: false } } }),
    );
    expect(next.status).toMatchObject({ pausedSeconds: 30, attempt: 2 });
    expect(next.status.pausedSince).toBeUndefined();
  });

  it('stands still while the array gives no answer to a suspended run', () => {
    const { status } = recorded(decide(observation({ spec: { suspend: true }, status: failed(), view: UNREACHABLE })));
    expect(reasonIn(status)).toBe('Suspended');
    expect(status.pausedSince).toBeDefined();
  });

  it('does not exist before the first acceptance', () => {
    const o = observation({ spec, status: showing('Pending', { waitingSince: ago(200) }), luns: [] });
    expect(recorded(decide(o)).ended).toBeUndefined();
  });
});

describe('an array that reports no change', () => {
  it('ends the run with NoProgress after the stall timeout', () => {
    const o = copying({ idleMs: 300_000 });
    const write = recorded(decide(o));
    expect(write.status.ending).toMatchObject({ reason: 'NoProgress' });
    expect(write.status.ending?.message).toContain('5 min 0 s');
    acted(decide(afterWrite(o, write)), 'Cancel');
  });

  it('does not end it before', () => {
    expect(recorded(decide(copying({ idleMs: 299_999 }))).status.ending).toBeUndefined();
  });

  it('does not end a roll-back, which nothing could replace', () => {
    const back = { kind: 'RollBack', operationID: `${UID}.2` } as const;
    const status = running({
      operationKind: 'RollBack',
      operationID: `${UID}.2`,
      attempt: 2,
      ending: ending('Cancelled'),
    });
    const o = copying({ status, luns: [targetWith(back)], operation: operation(back), idleMs: 10_000_000 });
    expect(reasonIn(recorded(decide(o)).status)).toBe('RollingBack');
  });
});

describe('several ends at once', () => {
  const late = { activeDeadlineSeconds: 1, cancel: true, suspend: true };

  it.each([
    ['delete comes first', { spec: late, metadata: { deletionTimestamp: ago(1) } }, 'being deleted'],
    ['then cancel', { spec: late }, 'spec.cancel'],
    ['then the deadline', { spec: { ...late, cancel: false } }, 'activeDeadlineSeconds'],
  ])('%s', (_, input, words) => {
    expect(recorded(decide(copying(input))).status.ending?.message).toContain(words);
  });

  it('a copy that runs goes on while the object is suspended', () => {
    const decision = decide(copying({ spec: { suspend: true }, status: intended() }));
    expect(reasonIn(recorded(decision).status)).toBe('Copying');
  });

  it('the one on record stays', () => {
    const o = copying({ status: running({ ending: ending('NoProgress') }), spec: { cancel: true } });
    acted(decide(o), 'Cancel');
    const luns = [targetWith({ outcome: 'Cancelled' }, { state: 'Online' })];
    const over = observation({ status: running({ ending: ending('NoProgress') }), spec: { cancel: true }, luns });
    expect(recorded(settle(over).decision).ended).toBe('NoProgress');
  });

  it('an ending that is no failure cannot make a success of the run', () => {
    const o = observation({ status: failed({ ending: { ...ending('Completed'), hresult: 'S_OK' } }) });
    const { status, ended } = recorded(
      settle({
        ...o,
        view: readView({ lunList: [source(), targetWith({ outcome: 'Cancelled' }, { state: 'Online' })] }),
      }).decision,
    );
    expect(ended).toBe('UnexpectedArrayError');
    expect(conditionIn(status, 'Succeeded')?.status).toBe('False');
  });
});

describe('cancel before anything was started', () => {
  it.each([
    ['spec.cancel', { spec: { cancel: true } }],
    ['deletion', { metadata: { deletionTimestamp: ago(1) } }],
  ])('by %s ends at once as Cancelled, the targets untouched', (_, input) => {
    const { status, ended } = recorded(decide(observation(input)));
    expect(ended).toBe('Cancelled');
    expect(status).toMatchObject({ dataState: 'Untouched', hresult: { name: 'VSS_S_ASYNC_CANCELLED' } });
  });

  it('ends at once with the array away as well, and does not claim to know what is on the targets', () => {
    const seen = observation({ spec: { cancel: true }, view: UNREACHABLE, status: { dataState: 'Untouched' } });
    const { status, ended } = recorded(decide(seen));
    expect([ended, status.dataState]).toEqual(['Cancelled', 'Unknown']);
    expect(conditionIn(status, 'TargetConsistent')).toMatchObject({ status: 'Unknown', reason: 'Unknown' });
  });

  it('of an intent that the array may not know yet makes it dead first', () => {
    const o = observation({ status: intended(), spec: { cancel: true } });
    const { decision } = settle(o);
    expect(acted(decision, 'Cancel').operationID).toBe(`${UID}.1`);
  });
});

describe('attempts', () => {
  const luns = [targetWith({ outcome: 'Interrupted' }), safetySnapshot()];

  it.each([
    [0, 10_000],
    [1, 20_000],
    [4, 160_000],
    [5, 300_000],
    [20, 300_000],
  ])('after %s failures the next one waits %s ms', (failures, expected) => {
    const o = observation({ status: running({ failures }), spec: { backoffLimit: 100 }, luns });
    const { lookAgainInMs, announcements } = recorded(decide(o));
    expect(lookAgainInMs).toBe(expected);
    expect(announcements.map(({ reason }) => reason)).toEqual(['AttemptFailed']);
  });

  it('are as many more as the back-off limit says', () => {
    const last = recorded(decide(observation({ status: running({ failures: 2 }), luns })));
    expect(last.status.ending).toBeUndefined();
    const over = recorded(decide(observation({ status: running({ failures: 3 }), luns })));
    expect(over.status.ending).toMatchObject({ reason: 'BackoffLimitExceeded' });
    expect(over.status.ending?.message).toContain('4 attempts failed, the last one because');
  });

  it('of a spec without retries are one', () => {
    const { status } = recorded(decide(observation({ status: running(), spec: { backoffLimit: 0 }, luns })));
    expect(status.ending?.message).toContain('1 attempt failed');
  });

  it('are not repeated where the array read back something else', () => {
    const mismatch = targetWith({ outcome: 'Failed', sourceDigest: 'aa', targetDigest: 'bb' });
    const { status } = recorded(decide(observation({ status: running(), luns: [mismatch] })));
    expect(status.ending?.reason).toBe('VerificationFailed');
  });

  it.each(['Suspended', 'Maintenance'] as const)('wait while the run is held: %s', (reason) => {
    const held = reason === 'Suspended' ? { spec: { suspend: true } } : { policy: { maintenance: true } };
    expect(reasonIn(recorded(decide(observation({ ...held, status: failed(), luns }))).status)).toBe(reason);
  });

  it('end with what their error says, never with a code that is none of an error', () => {
    const error = { reason: 'S_OK', message: 'fine', remedy: '', lunID: '' };
    const o = observation({ status: running(), luns: [targetWith({ outcome: 'Failed', error })] });
    const { status, ended } = recorded(settle(o).decision);
    expect(ended).toBe('UnexpectedArrayError');
    expect(status.hresult?.name).toBe('VSS_E_UNEXPECTED_PROVIDER_ERROR');
  });

  it('blame the pair whose LUN the error names', () => {
    const error = { reason: 'E_OUTOFMEMORY', message: 'memory', remedy: '', lunID: 'vol-1' };
    const { status } = recorded(
      decide(observation({ status: running(), luns: [targetWith({ outcome: 'Failed', error })] })),
    );
    expect(status.pairs?.[0]).toMatchObject({ reason: 'ArrayOutOfMemory', message: 'memory', state: 'Failed' });
    const elsewhere = targetWith({ outcome: 'Failed', error: { ...error, lunID: 'vol-9' } });
    const other = recorded(decide(observation({ status: running(), luns: [elsewhere] })));
    expect(other.status.pairs?.[0]?.reason).toBeUndefined();
  });
});
