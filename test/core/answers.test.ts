// What is written after an answer of the array, word by word, and when it is asked again.
import { describe, expect, it } from 'vitest';
import { conclude } from '../../src/core/conclude.ts';
import { cancel, error, refused, sent, start } from '../support/answers.ts';
import {
  conditionIn,
  observation,
  operation,
  recorded,
  safetySnapshot,
  targetWith,
  UID,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, intended, running } from '../support/statuses.ts';
import { told } from '../support/told.ts';

const lockedOut = { kind: 'NotKnown', cause: 'Unauthenticated', message: 'PERMISSION_DENIED' } as const;
const memory = refused('ARRAY', 'E_OUTOFMEMORY', { remedy: 'Try later' });

describe('an array that does not let the operator in', () => {
  it.each([
    ['an attempt', intended(), 'ArrayUnreachable'],
    ['an attempt that ends', intended({ ending: ending('Cancelled') }), 'Cancelling'],
    ['a roll-back', intended({ ending: ending('Cancelled'), operationKind: 'RollBack' }), 'RollingBack'],
    ['a roll-back without a reason', intended({ operationKind: 'RollBack' }), 'ArrayUnreachable'],
  ])('is told of %s', (_, status, reason) => {
    const write = recorded(start(lockedOut, sent({ status })));
    expect(told(write)).toBe(`${reason}: Array array-a does not let the operator in: PERMISSION_DENIED`);
    expect(write.status.waitingSince).toBe('2026-11-24T10:00:00.000Z');
    expect(conditionIn(write.status, 'Stalled')).toMatchObject({ status: 'True', reason: 'ArrayUnreachable' });
  });
});

describe('a start', () => {
  it('that is answered with another operation ends the attempt', () => {
    const answer = { kind: 'Accepted', operation: operation({ operationID: 'other.1' }) } as const;
    expect(told(start(answer))).toBe(
      'Cancelling: Ending the attempt at the array: the array answered with operation other.1 instead of the one that was asked for',
    );
  });

  it('that is refused for now is announced with the time of the next one', () => {
    const write = recorded(start(memory));
    const note = 'Refused: LUN vol-1: no (E_OUTOFMEMORY); asked again in 10 s';
    expect(told(write)).toBe(`RetryBackoff: ${note}`);
    expect(write.announcements).toEqual([{ type: 'Warning', reason: 'AttemptFailed', action: 'Retry', note }]);
    expect(write.status.retryTime).toBe('2026-11-24T10:00:10.000Z');
  });

  it.each([
    [2, 'RetryBackoff: Refused: LUN vol-1: no (E_OUTOFMEMORY); asked again in 40 s'],
    [
      3,
      'Cancelling: Ending the attempt at the array: the array refused 4 times, at last because LUN vol-1: no (E_OUTOFMEMORY)',
    ],
  ])('that was refused %s times before, of three, is told', (failures, words) => {
    expect(told(start(memory, sent({ status: intended({ failures }) })))).toBe(words);
  });

  it('of a roll-back that is refused is announced and counted', () => {
    const status = failed({
      ending: ending('NoProgress'),
      attempt: 2,
      operationID: `${UID}.2`,
      operationKind: 'RollBack',
    });
    const o = observation({ status, luns: [targetWith({ outcome: 'Failed' }), safetySnapshot()] });
    const write = recorded(start(memory, o));
    const note = 'Roll-back refused: LUN vol-1: no (E_OUTOFMEMORY)';
    expect(told(write)).toBe(`RollingBack: ${note}`);
    expect(write.announcements).toEqual([{ type: 'Warning', reason: 'RollBackFailed', action: 'RollBack', note }]);
    expect(write.status).toMatchObject({ attempt: 2, operationID: `${UID}.2`, operationKind: 'RollBack' });
  });
});

describe('an attempt that is proven dead', () => {
  it.each([
    ['is ending, is decided on at once', intended({ ending: ending('Cancelled'), retryTime: undefined }), undefined, 0],
    ['goes on, waits a moment', intended(), '2026-11-24T10:00:01.000Z', 1_000],
  ])('in a run that %s', (_, status, retryTime, lookAgainInMs) => {
    const write = recorded(cancel({ kind: 'Dead' }, sent({ status })));
    expect(write).toMatchObject({ announcements: [], lookAgainInMs });
    expect(write.status.retryTime).toBe(retryTime);
    expect(write.status).not.toHaveProperty('operationKind');
  });
});

describe('a cancel', () => {
  const ended = { kind: 'Ended', outcome: 'Cancelled' } as const;
  const refusal = { kind: 'Refused', error: error('VSS_E_BAD_STATE') } as const;

  it.each([
    ['its record was seen, is looked into at once', sent({ operation: operation() }), 0],
    ['no record was seen, is looked into after a moment', sent(), 100],
    ['nothing was read, is looked into after a moment', sent({ view: UNREACHABLE }), 100],
  ])('that is answered with ENDED, when %s', (_, o, lookAgainInMs) => {
    expect(cancel(ended, o)).toEqual({ kind: 'Wait', lookAgainInMs });
  });

  it('that is refused is told, and its reason recorded where there is none', () => {
    const write = recorded(cancel(refusal));
    expect(told(write)).toBe('Cancelling: The array refuses to cancel: LUN vol-1: no (VSS_E_BAD_STATE)');
    expect(write.status.ending).toMatchObject({ reason: 'BadState', hresult: 'VSS_E_BAD_STATE' });
    expect(write.status.waitingSince).toBeDefined();
  });

  it('that is refused leaves the reason on record as it is', () => {
    const status = intended({ ending: ending('NoProgress') });
    expect(recorded(cancel(refusal, sent({ status }))).status.ending).toEqual(ending('NoProgress'));
  });
});

describe('a release', () => {
  it('after which nothing is known of the LUNs is followed by a look at them', () => {
    const o = observation({ status: running(), view: UNREACHABLE });
    expect(conclude(o, { to: 'Release', answer: { kind: 'Done' } })).toEqual({ kind: 'Wait', lookAgainInMs: 0 });
  });
});
