// Cancel, release and roll-back: what their answers prove.
import { describe, expect, it } from 'vitest';
import { conclude } from '../../src/core/conclude.ts';
import { decide } from '../../src/core/decide.ts';
import { cancel, error, refused, sent, start, unreachable } from '../support/answers.ts';
import {
  acted,
  afterWrite,
  ago,
  conditionIn,
  lun,
  NOW,
  observation,
  operation,
  reasonIn,
  recorded,
  safetySnapshot,
  settle,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';
import { ending, failed, intended, running, showing } from '../support/statuses.ts';

describe('a cancel', () => {
  const ended = { status: intended({ ending: ending('Cancelled') }), spec: { cancel: true } };

  it('that is answered with DEAD is proof, and the run ends', () => {
    const o = sent(ended);
    acted(decide(o), 'Cancel');
    const write = recorded(cancel({ kind: 'Dead' }, o));
    expect(write.ended).toBeUndefined();
    expect(recorded(decide(afterWrite(o, write))).ended).toBe('Cancelled');
  });

  it('that is answered with STOPPING is asked again and proves nothing', () => {
    expect(cancel({ kind: 'Stopping' }, sent(ended))).toEqual({ kind: 'Wait', lookAgainInMs: 100 });
  });

  it('that is answered with ENDED is looked into: the LUNs say how', () => {
    const o = observation({
      status: running({ ending: ending('Cancelled') }),
      luns: [targetWith()],
      operation: operation(),
    });
    expect(cancel({ kind: 'Ended', outcome: 'Succeeded' }, o)).toEqual({ kind: 'Wait', lookAgainInMs: 0 });
  });

  it('that the array refuses keeps the run, and calls for a person once', () => {
    const o = sent(ended);
    const write = recorded(cancel({ kind: 'Refused', error: error('VSS_E_BAD_STATE') }, o));
    expect(write.ended).toBeUndefined();
    expect(reasonIn(write.status)).toBe('Cancelling');
    expect(conditionIn(write.status, 'Stalled')?.status).toBe('True');
    expect(write.status.operationID).toBe(`${UID}.1`);
    const again = cancel({ kind: 'Refused', error: error('VSS_E_BAD_STATE') }, afterWrite(o, write));
    expect(again).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
  });

  it('names the recorded targets, whatever the names lead to now', () => {
    const o = sent({ ...ended, pairs: [{ ...observation().pairs[0]!, targetLunID: 'vol-9' }] });
    expect(acted(decide(o), 'Cancel').targetLunIDs).toEqual(['vol-1']);
  });
});

describe('success and cancel', () => {
  it('SUCCEEDED after a cancel is a success', () => {
    const status = running({ ending: ending('Cancelled') });
    const o = observation({ status, spec: { cancel: true }, luns: [targetWith({ outcome: 'Succeeded' })] });
    const { status: final, ended } = recorded(decide(o));
    expect(ended).toBe('Completed');
    expect(final.ending).toBeUndefined();
    expect(final.hresult?.name).toBe('VSS_S_ASYNC_FINISHED');
  });

  it('of an earlier attempt makes a later recorded one dead before it is reported', () => {
    const o = observation({ status: intended({}, 2), luns: [targetWith({ outcome: 'Succeeded' })] });
    acted(decide(o), 'Cancel');
    const dead = recorded(cancel({ kind: 'Dead' }, o));
    expect(recorded(decide(afterWrite(o, dead))).ended).toBe('Completed');
  });
});

describe('a release', () => {
  const over = observation({
    status: running(),
    luns: [targetWith({ outcome: 'Succeeded' })],
    operation: operation({ outcome: 'Succeeded' }),
  });

  it('of the record comes before the outcome is written', () => {
    expect(acted(decide(over), 'Release').operationID).toBe(`${UID}.1`);
  });

  it('of a record that was read right before its operation ended comes then too', () => {
    const early = observation({
      status: running(),
      luns: [targetWith({ outcome: 'Succeeded' })],
      operation: operation({ outcome: 'Running' }),
    });
    expect(acted(decide(early), 'Release').operationID).toBe(`${UID}.1`);
    expect(recorded(conclude(early, { to: 'Release', answer: { kind: 'Done' } })).ended).toBe('Completed');
  });

  it.each(['Failed', 'Interrupted'] as const)(
    'of an attempt that ended as %s comes before it is counted',
    (outcome) => {
      const failedAttempt = observation({
        status: running(),
        luns: [targetWith({ outcome })],
        operation: operation({ outcome }),
      });
      expect(acted(decide(failedAttempt), 'Release').operationID).toBe(`${UID}.1`);
      const counted = recorded(conclude(failedAttempt, { to: 'Release', answer: { kind: 'Done' } }));
      expect(counted.status.failures).toBe(1);
      expect(counted.status.operationID).toBeUndefined();
    },
  );

  it.each([
    ['done', { kind: 'Done' }],
    ['refused', { kind: 'Refused', error: error('VSS_E_BAD_STATE') }],
    ['lost', unreachable],
  ] as const)('that is %s is followed by the outcome: the runs outlive the record', (_, answer) => {
    expect(recorded(conclude(over, { to: 'Release', answer })).ended).toBe('Completed');
  });
});

describe('a refused roll-back', () => {
  const wreck = [targetWith({ outcome: 'Failed' }), safetySnapshot()];
  const status = failed({ ending: ending('DeadlineExceeded'), attempt: 2 });
  const rollBack = { ...status, operationID: `${UID}.2`, operationKind: 'RollBack' as const };
  const world = { luns: wreck, status: rollBack };

  it('is counted, keeps its id, and is sent again after a while', () => {
    const o = observation(world);
    const write = recorded(start(refused('ARRAY', 'E_OUTOFMEMORY'), o));
    expect(write.status).toMatchObject({ rollBackFailures: 1, operationID: `${UID}.2` });
    expect(reasonIn(write.status)).toBe('RollingBack');
    expect(decide(afterWrite(o, write))).toEqual({ kind: 'Wait', lookAgainInMs: 10_000 });
    acted(decide(afterWrite(o, write, { now: NOW + 10_000 })), 'Start');
  });

  it('is given up by a cancel after its limit, and the run ends with what it failed from', () => {
    const o = observation({ ...world, status: { ...rollBack, rollBackFailures: 4 } });
    acted(decide(o), 'Cancel');
    const dead = recorded(cancel({ kind: 'Dead' }, o));
    const end = settle(afterWrite(o, dead));
    expect(recorded(end.decision)).toMatchObject({ ended: 'DeadlineExceeded', status: { dataState: 'Inconsistent' } });
  });
});

describe('an answer for a run that has ended meanwhile', () => {
  it('does not write its outcome again', () => {
    const o = observation({ status: showing('Completed', { attempt: 1 }), luns: [source(), lun()] });
    expect(start(refused('STORAGE', 'VSS_E_INSUFFICIENT_STORAGE'), o)).toEqual({ kind: 'Wait', lookAgainInMs: 0 });
    expect(cancel({ kind: 'Dead' }, o)).toEqual({ kind: 'Wait', lookAgainInMs: 0 });
  });

  it('looks again no later than the deadline', () => {
    const status = intended({ startTime: ago(99.5) });
    const o = observation({ status, spec: { activeDeadlineSeconds: 100 } });
    expect(start(unreachable, o)).toEqual({ kind: 'Wait', lookAgainInMs: 500 });
  });
});
