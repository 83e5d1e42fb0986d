// What stands against a new attempt, in whole: what is waited for and how long, what is said, what the run ends with.
import { describe, expect, it } from 'vitest';
import { heldObjection, isStalled } from '../../src/core/admission.ts';
import type { Objection } from '../../src/core/objection.ts';
import type { Problem } from '../../src/core/problem.ts';
import { end, LIMIT, objection, wait } from '../support/objections.ts';
import {
  GiB,
  lun,
  type ObservationInput,
  observation,
  pair,
  readView,
  source,
  twoPairs,
  UNREACHABLE,
} from '../support/observations.ts';
import { intended } from '../support/statuses.ts';

const missing = { state: 'missing', problem: { reason: 'BadState', message: 'there is none' } } as const;
const lost: Problem = { reason: 'ObjectNotFound', message: 'claim logs does not exist' };
const [data, logs] = twoPairs;
const stands = (arrayID: string | undefined): NonNullable<ObservationInput['array']> => {
  const { array } = observation();
  return array.state === 'found' ? { ...array, arrayID } : array;
};
const speaking = (over: object, lunList = [source(), lun()]): ObservationInput => {
  const view = readView({ lunList });
  return { view: { ...view, identity: { ...view.identity, ...over } } };
};
const unreachable = { ...UNREACHABLE, message: 'UNAVAILABLE' } as const;
const lockedOut = { ...unreachable, cause: 'Unauthenticated' } as const;
const noAnswer = (
  message: string,
  remedy = 'Start the array, or correct spec.endpoint of the StorageArray',
): Problem => ({
  reason: 'BadState',
  message: `StorageArray array-a gives no answer: ${message}`,
  remedy,
});

describe('an attempt that is held back', () => {
  it.each<readonly [string, ObservationInput, Objection]>([
    [
      'suspended',
      { spec: { suspend: true } },
      wait('Suspended', { reason: 'BadState', message: 'spec.suspend is true: nothing new is started', remedy: '' }),
    ],
    [
      'in maintenance',
      { policy: { maintenance: true } },
      wait('Maintenance', {
        reason: 'BadState',
        message: 'StorageArray array-a is in maintenance: nothing is started (VSS_E_BAD_STATE)',
        remedy: 'It goes on when spec.maintenance of the StorageArray is false',
      }),
    ],
    [
      'on an abandoned array',
      { policy: { abandoned: true } },
      wait('Maintenance', {
        reason: 'BadState',
        message: 'StorageArray array-a is abandoned: no run is begun on it',
        remedy: 'Set spec.abandoned of the StorageArray to false',
      }),
    ],
  ])('waits without a limit: %s', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
    expect(heldObjection(observation(input))).toEqual(expected);
  });

  it('is held by nobody where there is no StorageArray', () => {
    expect(heldObjection(observation({ array: { ...missing, final: false } }))).toBeUndefined();
    expect(heldObjection(observation())).toBeUndefined();
  });

  it('waits for room where the limit is reached, and does without one where there is none', () => {
    const policy = { maxConcurrentOperations: 2 };
    const message = 'array array-a has as many operations as its maxConcurrentOperations allows: 2';
    expect(objection({ policy, othersRunning: 2 })).toEqual(
      wait('Pending', { reason: 'BadState', message, remedy: 'It starts when one of them has ended' }),
    );
    expect(objection({ policy, othersRunning: 1 })).toBeUndefined();
    expect(objection({ othersRunning: 100 })).toBeUndefined();
  });
});

describe('a reference', () => {
  it.each<readonly [string, ObservationInput, Objection]>([
    ['no StorageArray yet', { array: { ...missing, final: false } }, wait('Pending', missing.problem, LIMIT)],
    [
      'no StorageArray that could be meant',
      { array: { ...missing, final: true } },
      { kind: 'End', problem: missing.problem },
    ],
    [
      'a name that leads nowhere yet, in the second pair',
      { pairs: [data, { ...logs, problem: lost }] },
      wait('Pending', { ...lost, message: 'pair logs: claim logs does not exist' }, LIMIT),
    ],
    [
      'a name that can never be right',
      { pairs: [{ ...logs, problem: lost, final: true }] },
      { kind: 'End', problem: { ...lost, message: 'pair logs: claim logs does not exist' } },
    ],
    [
      'a LUN that does not exist, even where targets would have to be resized',
      speaking({ capabilities: ['Resync', 'RollBack', 'Verify'] }, [source()]),
      wait('Pending', { reason: 'ObjectNotFound', message: 'LUN vol-1 does not exist on array array-a' }, LIMIT),
    ],
    [
      'a source that does not exist, even where targets would have to be resized',
      speaking({ capabilities: ['Resync', 'RollBack', 'Verify'] }, [lun()]),
      wait('Pending', { reason: 'ObjectNotFound', message: 'LUN snap-1 does not exist on array array-a' }, LIMIT),
    ],
    [
      'a grant that is missing',
      { pairs: [pair({ targetNeedsGrant: true })] },
      wait(
        'Pending',
        {
          reason: 'AccessDenied',
          message: 'pair data: namespace shop has no grant for LUN vol-1 as a target',
          remedy:
            'Ask the cluster administrator for a grant with access Target in spec.lunGrants of StorageArray array-a',
        },
        LIMIT,
      ),
    ],
  ])('is waited for, or ends the run: %s', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
  });
});

describe('an array without an answer', () => {
  it.each<readonly [string, ObservationInput, Objection]>([
    ['is unreachable', { view: unreachable }, wait('ArrayUnreachable', noAnswer('UNAVAILABLE'), LIMIT)],
    [
      'is unreachable for five minutes',
      { view: unreachable, unreachableMs: 300_000 },
      wait('ArrayUnreachable', noAnswer('UNAVAILABLE'), { ...LIMIT, stalled: true }),
    ],
    [
      'refuses our credentials',
      { view: lockedOut },
      wait(
        'ArrayUnreachable',
        noAnswer('UNAVAILABLE', 'Correct the Secret that spec.tlsSecretName of the StorageArray names'),
        { ...LIMIT, stalled: true },
      ),
    ],
    [
      'was not asked yet',
      { view: { state: 'unresolved' } },
      wait('Validating', noAnswer('it has not been asked yet'), LIMIT),
    ],
    [
      'is waited for without a limit after an attempt',
      { view: unreachable, status: intended() },
      wait('ArrayUnreachable', noAnswer('UNAVAILABLE')),
    ],
  ])('%s', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
  });

  it('calls for a person after five minutes, or at once where it does not let us in', () => {
    const stalled = (input: ObservationInput): boolean => isStalled(observation(input));
    expect(stalled({})).toBe(false);
    expect(stalled({ view: { state: 'unresolved' } })).toBe(false);
    expect(stalled({ view: unreachable, unreachableMs: 299_999 })).toBe(false);
    expect(stalled({ view: unreachable, unreachableMs: 300_000 })).toBe(true);
    expect(stalled({ view: lockedOut })).toBe(true);
  });
});

describe('an array', () => {
  it('that is not the one that the StorageArray stands for is waited for before the first attempt', () => {
    const message = 'StorageArray array-a stands for array array-2, its endpoint leads to array array-1';
    const expected = wait('Pending', { reason: 'ArrayChanged', message }, LIMIT);
    expect(objection({ array: stands('array-2') })).toEqual(expected);
    expect(objection({ array: stands('array-2'), status: intended() })).toBeUndefined();
    expect(objection({ array: stands('array-1') })).toBeUndefined();
    expect(objection({ array: stands(undefined) })).toBeUndefined();
  });

  it.each<readonly [string, ObservationInput, Objection]>([
    [
      'speaks an older contract',
      speaking({ contractVersion: 0 }),
      end('ArrayTooOld', 'the array speaks version 0 of the contract, not 1'),
    ],
    ['cannot resync', speaking({ capabilities: [] }), end('NotImplemented', 'the array cannot resync')],
    [
      'cannot roll back',
      speaking({ capabilities: ['Resync', 'Verify'] }),
      end('NotImplemented', 'the array cannot take safety snapshots (spec.safetySnapshot: Never does without)'),
    ],
    [
      'cannot verify',
      speaking({ capabilities: ['Resync', 'RollBack'] }),
      end('NotImplemented', 'the array cannot verify (spec.verify: None does without)'),
    ],
    [
      'cannot revert disk signatures',
      { ...speaking({ capabilities: ['Resync', 'RollBack', 'Verify'] }), spec: { identityPolicy: 'RevertToOriginal' } },
      end('NotImplemented', 'the array cannot revert disk signatures'),
    ],
  ])('that %s ends the run', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
  });

  it.each([
    ['MatchSource', 10, true],
    ['MatchSource', 9, false],
    ['MatchSource', 11, false],
    ['KeepLarger', 10, true],
    ['KeepLarger', 9, false],
    ['KeepLarger', 11, true],
  ] as const)('that cannot resize does under %s for a target of %s GiB: %s', (sizePolicy, size, isEnough) => {
    const lunList = [source(), source({ id: 'snap-2' }), lun(), lun({ id: 'vol-2', sizeBytes: size * GiB })];
    const input = { ...speaking({ capabilities: ['Resync', 'RollBack', 'Verify'] }, lunList), pairs: twoPairs };
    const expected = end('NotImplemented', 'the array cannot resize, and a target has another size than its source');
    expect(objection({ ...input, spec: { sizePolicy } })).toEqual(isEnough ? undefined : expected);
  });
});

describe('nothing', () => {
  it('stands against pairs that are found, free and fit', () => {
    expect(objection({})).toBeUndefined();
    expect(
      objection({ pairs: twoPairs, luns: [lun(), source({ id: 'snap-2' }), lun({ id: 'vol-2' })] }),
    ).toBeUndefined();
  });
});
