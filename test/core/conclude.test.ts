// What the array's answers to our calls mean: which are proof, and what is asked again.
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { cancel, refused, sent, start, unreachable } from '../support/answers.ts';
import {
  acted,
  afterWrite,
  conditionIn,
  lun,
  NOW,
  operation,
  readView,
  reasonIn,
  recorded,
  UID,
} from '../support/observations.ts';
import { ending, intended } from '../support/statuses.ts';

const unauthenticated = { kind: 'NotKnown', cause: 'Unauthenticated', message: 'PERMISSION_DENIED' } as const;

describe('an answer that says nothing', () => {
  it.each([
    ['Start', start(unreachable)],
    ['Cancel', cancel(unreachable)],
  ])('to %s leaves the attempt as it is and is asked for again', (_, decision) => {
    expect(decision).toEqual({ kind: 'Wait', lookAgainInMs: 1_000 });
  });

  it.each([
    ['Start', start(unauthenticated), 'ArrayUnreachable'],
    ['Cancel', cancel(unauthenticated, sent({ status: intended({ ending: ending('Cancelled') }) })), 'Cancelling'],
  ])('to %s because we are not let in calls for a person at once', (_, decision, reason) => {
    const { status } = recorded(decision);
    expect(reasonIn(status)).toBe(reason);
    expect(conditionIn(status, 'Stalled')).toMatchObject({ status: 'True', reason: 'ArrayUnreachable' });
    expect(status.operationID).toBe(`${UID}.1`);
  });
});

describe('STALE', () => {
  const o = sent({ luns: [lun({ generation: 6 })] });
  const write = recorded(start(refused('STALE', 'VSS_E_BAD_STATE'), o));

  it('proves the attempt dead, uses up no try, and another attempt follows with fresh generations', () => {
    expect(write.status).not.toHaveProperty('operationID');
    expect(write.status.failures).toBeUndefined();
    const { status } = recorded(decide(afterWrite(o, write, { now: NOW + 1_000 })));
    expect(status).toMatchObject({ attempt: 2, operationID: `${UID}.2`, pairs: [{ target: { generation: 6 } }] });
  });

  it('is not followed by another attempt as fast as we can', () => {
    expect(decide(afterWrite(o, write, { now: NOW + 10 }))).toEqual({ kind: 'Wait', lookAgainInMs: 990 });
  });
});

describe('BUSY and LUNs in use', () => {
  it.each([
    ['BUSY', 'VSS_E_RESYNC_IN_PROGRESS', 'ResyncInProgress'],
    ['TARGET_PUBLISHED', 'VSS_E_VOLUME_IN_USE', 'TargetInUse'],
    ['SOURCE_PUBLISHED', 'VSS_E_VOLUME_IN_USE', 'SourceInUse'],
    ['SOURCE_INCONSISTENT', 'VSS_E_BAD_STATE', 'BadState'],
  ] as const)(
    '%s: the same id with the same generations is sent again, and given up by a cancel',
    (refusal, code, end) => {
      const first = sent();
      const before = acted(decide(first), 'Start').request;
      const write = recorded(start(refused(refusal, code), first));
      expect(reasonIn(write.status)).toBe('WaitingForTarget');
      expect(write.ended).toBeUndefined();

      const later = afterWrite(first, write, { now: NOW + 299_000 });
      expect(acted(decide(later), 'Start').request).toEqual(before);

      const late = afterWrite(first, write, { now: NOW + 300_000 });
      const given = recorded(start(refused(refusal, code), late));
      expect(given.ended).toBeUndefined();
      expect(given.status.ending?.reason).toBe(end);
      acted(decide(afterWrite(late, given)), 'Cancel');
    },
  );
});

describe('a refusal that another try may help', () => {
  const memory = refused('ARRAY', 'E_OUTOFMEMORY', { remedy: 'Try later' });

  it('is sent again under the same id after the back-off, which doubles', () => {
    const write = recorded(start(memory));
    expect(reasonIn(write.status)).toBe('RetryBackoff');
    expect(write.status).toMatchObject({ failures: 1, operationID: `${UID}.1` });
    expect(write.lookAgainInMs).toBe(10_000);
    expect(decide(afterWrite(sent(), write, { now: NOW + 9_000 }))).toEqual({ kind: 'Wait', lookAgainInMs: 1_000 });
    const second = afterWrite(sent(), write, { now: NOW + 10_000 });
    acted(decide(second), 'Start');
    expect(recorded(start(memory, second)).lookAgainInMs).toBe(20_000);
  });

  it('ends with BackoffLimitExceeded and the code of the array when the tries are used up', () => {
    const o = sent({ status: intended({ failures: 3 }) });
    const write = recorded(start(memory, o));
    expect(write.ended).toBeUndefined();
    expect(write.status.ending).toMatchObject({ reason: 'BackoffLimitExceeded', hresult: 'E_OUTOFMEMORY' });
    const dead = recorded(cancel({ kind: 'Dead' }, afterWrite(o, write)));
    const end = recorded(decide(afterWrite(o, dead)));
    expect(end.ended).toBe('BackoffLimitExceeded');
    expect(end.status.hresult).toEqual({ name: 'E_OUTOFMEMORY', code: '0x8007000E' });
    expect(conditionIn(end.status, 'Succeeded')?.message).toContain('refused 4 times');
  });

  it('observes a change of the spec while it backs off', () => {
    const write = recorded(start(memory));
    const changed = afterWrite(sent(), write, { now: NOW + 1_000 });
    const o = { ...changed, resync: { ...changed.resync, metadata: { ...changed.resync.metadata, generation: 2 } } };
    const next = recorded(decide(o));
    expect(next.status.observedGeneration).toBe(2);
    expect(reasonIn(next.status)).toBe('RetryBackoff');
    expect(decide(afterWrite(o, next))).toEqual({ kind: 'Wait', lookAgainInMs: 9_000 });
  });
});

describe('a refusal for good', () => {
  it.each([
    ['UNSELECTED_VOLUME', 'VSS_E_UNSELECTED_VOLUME', 'UnselectedVolume'],
    ['DISK_SIGNATURE', 'VSS_E_CANNOT_REVERT_DISKID', 'CannotRevertDiskID'],
    ['STORAGE', 'VSS_E_INSUFFICIENT_STORAGE', 'InsufficientStorage'],
    ['IDENTIFIERS', 'VSS_E_VOLUME_NOT_SUPPORTED', 'VolumeNotSupported'],
    ['SAFETY_SNAPSHOT', 'VSS_E_BAD_STATE', 'BadState'],
    ['SAME_LUN', 'E_INVALIDARG', 'InvalidArgument'],
    ['UNKNOWN_LUN', 'VSS_E_OBJECT_NOT_FOUND', 'ObjectNotFound'],
    ['ARRAY', 'VSS_E_PROVIDER_VETO', 'ArrayVeto'],
    ['Unrecognized', 'E_ACCESSDENIED', 'AccessDenied'],
    ['Unrecognized', 'VSS_E_LEGACY_PROVIDER', 'ArrayTooOld'],
    ['Unrecognized', 'E_NOTIMPL', 'NotImplemented'],
    ['Unrecognized', 'VSS_E_SNAPSHOT_NOT_IN_SET', 'SnapshotNotInSet'],
  ] as const)('%s with %s: the id is made dead before the run ends with %s', (refusal, code, reason) => {
    const o = sent();
    const write = recorded(start(refused(refusal, code), o));
    expect(write.ended).toBeUndefined();
    expect(write.status.operationID).toBe(`${UID}.1`);
    const cancelling = afterWrite(o, write);
    expect(acted(decide(cancelling), 'Cancel').targetLunIDs).toEqual(['vol-1']);
    const dead = recorded(cancel({ kind: 'Dead' }, cancelling));
    expect(recorded(decide(afterWrite(o, dead))).ended).toBe(reason);
  });

  it('passes on the remedy of the array, and says of a veto without one that the contract demands it', () => {
    const withRemedy = recorded(start(refused('ARRAY', 'VSS_E_PROVIDER_VETO', { remedy: 'Free the pool' })));
    expect(withRemedy.status.ending?.message).toContain('Free the pool');
    const without = recorded(start(refused('ARRAY', 'VSS_E_PROVIDER_VETO')));
    expect(without.status.ending?.message).toContain('no remedy, which its contract demands');
  });

  it('does not send people to the cluster administrator for a right that the array does not give', () => {
    const { status } = recorded(start(refused('Unrecognized', 'E_ACCESSDENIED')));
    expect(status.ending?.message).toContain('client certificate');
    expect(status.ending?.message).not.toContain('lunGrants');
  });

  it('keeps what an array says to printable text', () => {
    const { status } = recorded(start(refused('STORAGE', 'X\u001b[31m', { message: '\u202eevil\nline' })));
    expect(JSON.stringify(status)).toMatch(/^[ -~]*$/);
  });
});

describe('an answer that the contract forbids', () => {
  it.each([
    ['names no operation', { kind: 'Malformed', message: 'the array accepted an operation and named none' }],
    ['names another operation', { kind: 'Accepted', operation: operation({ operationID: 'other.1' }) }],
  ] as const)('that %s ends the attempt at the array, and then the run', (_, answer) => {
    const o = sent();
    const write = recorded(start(answer, o));
    expect(write.status).toMatchObject({ operationID: `${UID}.1`, ending: { reason: 'ArrayContractViolation' } });
    const dead = recorded(cancel({ kind: 'Dead' }, afterWrite(o, write)));
    const end = recorded(decide(afterWrite(o, dead)));
    expect(end.ended).toBe('ArrayContractViolation');
    expect(end.status.hresult?.name).toBe('VSS_E_UNEXPECTED_PROVIDER_ERROR');
  });

  it('of an operation that its targets have no run of is told, and the operation ended', () => {
    const o = sent({ operation: operation() });
    const write = recorded(decide(o));
    expect(write.status.ending?.reason).toBe('ArrayContractViolation');
    const cancelling = afterWrite(o, write);
    acted(decide(cancelling), 'Cancel');
    const ended = { ...cancelling, view: readView({ operation: operation({ outcome: 'Cancelled' }) }) };
    const dead = recorded(decide(ended));
    expect(dead.status).not.toHaveProperty('operationID');
    expect(recorded(decide(afterWrite(o, dead, { view: readView() }))).ended).toBe('ArrayContractViolation');
  });
});

describe('Accepted', () => {
  it('is no success by itself: the LUNs are looked at', () => {
    expect(start({ kind: 'Accepted', operation: operation() })).toEqual({ kind: 'Wait', lookAgainInMs: 100 });
    const over = operation({ outcome: 'Succeeded' });
    expect(start({ kind: 'Accepted', operation: over })).toEqual({ kind: 'Wait', lookAgainInMs: 0 });
  });
});
