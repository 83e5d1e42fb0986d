// status.pairs: what each pair was resolved to, how it stands, and what is on its target.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus, PairStatus } from '../../src/api/lun-resync-status.ts';
import type { Run } from '../../src/core/array.ts';
import { dataStateOf, type Expected, worstDataState } from '../../src/core/data-state.ts';
import { readHistory } from '../../src/core/history.ts';
import { compose } from '../../src/core/status.ts';
import {
  claim,
  GiB,
  lun,
  type ObservationInput,
  OWNER,
  observation,
  operation,
  pair,
  readView,
  source,
  targetWith,
  twoPairs,
  UID,
} from '../support/observations.ts';
import { intended, recordedPair, running } from '../support/statuses.ts';

const pairsIn = (input: ObservationInput): LunResyncStatus['pairs'] =>
  compose(observation(input), { reason: 'Copying', message: '' }).pairs;
const first = (input: ObservationInput): PairStatus | undefined => pairsIn(input)?.[0];
const status = running({ pairs: [recordedPair()] });

describe('a pair', () => {
  it('shows LUNs as they are found, and nothing of them that is not there', () => {
    expect(first({})).toStrictEqual({
      name: 'data',
      source: { lunID: 'snap-1', identifier: '3:6001405snap-1', sizeBytes: 10 * GiB },
      target: { lunID: 'vol-1', identifier: '3:6001405vol-1', sizeBytes: 10 * GiB },
      state: 'Pending',
      dataState: 'Untouched',
    });
    expect(first({ luns: [source({ identifiers: [] })] })).toStrictEqual({
      name: 'data',
      source: { lunID: 'snap-1', sizeBytes: 10 * GiB },
      target: { lunID: 'vol-1' },
      state: 'Pending',
      dataState: 'Untouched',
    });
    const nameless = first({ pairs: [pair({ sourceLunID: '', targetLunID: '' })] });
    expect([nameless?.source, nameless?.target]).toStrictEqual([{}, {}]);
  });

  it('keeps the record of its LUNs, and that of no others', () => {
    const grown = [source({ sizeBytes: 20 * GiB }), lun({ sizeBytes: 20 * GiB })];
    const sizes = (over: Partial<PairStatus>): unknown[] => {
      const each = first({ status: intended({ pairs: [recordedPair(over)] }), luns: grown });
      return [each?.source?.sizeBytes, each?.target?.sizeBytes];
    };
    expect(sizes({})).toEqual([10 * GiB, 10 * GiB]);
    expect(sizes({ source: { lunID: 'snap-9' }, target: { lunID: 'vol-9' } })).toEqual([20 * GiB, 20 * GiB]);
    expect(sizes({ source: undefined, target: undefined })).toEqual([20 * GiB, 20 * GiB]);
  });

  it('says which claim its target is the volume of, as it was at the intent', () => {
    expect(first({ pairs: [pair({ claim: claim() })] })?.target).toMatchObject({
      lunID: 'vol-1',
      claimUID: 'claim-uid',
    });
    expect(first({})?.target).not.toHaveProperty('claimUID');
    const uidAfter = (target: PairStatus['target']): string | undefined =>
      first({ status: intended({ pairs: [recordedPair({ target })] }), pairs: [pair({ claim: claim() })] })?.target
        ?.claimUID;
    expect(uidAfter({ lunID: 'vol-1', claimUID: 'older', generation: 7 })).toBe('older');
    expect(uidAfter({ lunID: 'vol-1', claimUID: 'older' })).toBe('claim-uid');
  });

  it('keeps what is on record of its target, whose LUN is gone, as long as its name leads to the same claim', () => {
    const { target } = recordedPair({ target: { lunID: 'vol-1', sizeBytes: GiB, claimUID: 'claim-uid' } });
    const seen = (uid: string): PairStatus['target'] =>
      first({
        status: intended({ pairs: [recordedPair({ target })] }),
        pairs: [pair({ claim: claim({ uid }) })],
        luns: [],
      })?.target;
    expect(seen('claim-uid')).toEqual(target);
    expect(seen('another')).toEqual({ lunID: 'vol-1', claimUID: 'another' });
  });

  it('tells the size of a target once its run has ended, and as long as the LUN is there', () => {
    const final = (input: ObservationInput): number | undefined => first({ status, ...input })?.target?.finalSizeBytes;
    expect(final({ luns: [targetWith({ outcome: 'Failed' }, { sizeBytes: 20 * GiB })] })).toBe(20 * GiB);
    expect(final({ luns: [targetWith()] })).toBeUndefined();
    expect(final({ luns: [lun()] })).toBeUndefined();
    expect(final({ luns: [] })).toBeUndefined();
  });

  it('names its safety snapshot, as the run has it or as it is on record', () => {
    const id = (safetySnapshotID: string, before?: string): string | undefined => {
      const pairs = [recordedPair(before === undefined ? {} : { safetySnapshotID: before })];
      return first({ status: running({ pairs }), luns: [targetWith({ safetySnapshotID })] })?.safetySnapshotID;
    };
    expect([id('safe-1'), id('safe-1', 'safe-0'), id('', 'safe-0')]).toEqual(['safe-1', 'safe-1', 'safe-0']);
    expect(first({ status, luns: [targetWith({ safetySnapshotID: '' })] })).not.toHaveProperty('safetySnapshotID');
  });

  it.each<readonly [string, ObservationInput, PairStatus['state']]>([
    ['Pending', { luns: [lun()] }, 'Pending'],
    ['Starting', { luns: [targetWith()] }, 'Starting'],
    ['Starting', { luns: [targetWith()], operation: operation({ step: 'Snapshotting' }) }, 'Starting'],
    ['Copying', { luns: [targetWith()], operation: operation({ step: 'Copying' }) }, 'Copying'],
    ['Verifying', { luns: [targetWith()], operation: operation({ step: 'Verifying' }) }, 'Verifying'],
    ['RollingBack', { luns: [targetWith({ kind: 'RollBack' })], operation: operation() }, 'RollingBack'],
    ['Succeeded', { luns: [targetWith({ outcome: 'Succeeded' })] }, 'Succeeded'],
    ['Failed', { luns: [targetWith({ outcome: 'Interrupted' })] }, 'Failed'],
  ])('is %s', (_, input, state) => {
    expect(first({ status, ...input })?.state).toBe(state);
  });
});

describe('the bytes of a pair', () => {
  const bytes = (input: ObservationInput): unknown[] | undefined =>
    pairsIn({ status, ...input })?.map(({ copiedBytes, totalBytes }) => [copiedBytes, totalBytes]);
  const of = (targetLunID: string, copiedBytes: number, totalBytes = 10): ReturnType<typeof operation>['pairs'][0] => ({
    sourceLunID: 'snap-1',
    targetLunID,
    copiedBytes,
    totalBytes,
    safetySnapshotID: '',
  });
  const before = running({ pairs: [recordedPair({ copiedBytes: 6, totalBytes: 10 })] });

  it('are those that the operation reports of its target', () => {
    const luns = [targetWith(), source({ id: 'snap-2' }), targetWith({}, { id: 'vol-2' })];
    const reported = operation({ pairs: [of('vol-2', 2), of('vol-1', 1)] });
    expect(bytes({ pairs: twoPairs, luns, operation: reported })).toEqual([
      [1, 10],
      [2, 10],
    ]);
  });

  it.each<readonly [string, ObservationInput, readonly (number | undefined)[]]>([
    ['none before anything is reported', { luns: [targetWith()] }, [undefined, undefined]],
    [
      'never less than before',
      { status: before, luns: [targetWith()], operation: operation({ pairs: [of('vol-1', 5)] }) },
      [6, 10],
    ],
    ['never more than all', { luns: [targetWith()], operation: operation({ pairs: [of('vol-1', 11)] }) }, [10, 10]],
    ['those on record while nothing is reported', { status: before, luns: [targetWith()] }, [6, 10]],
    ['all after a success', { status: before, luns: [targetWith({ outcome: 'Succeeded' })] }, [10, 10]],
    [
      'all after a roll-back',
      { status: before, luns: [targetWith({ outcome: 'RolledBack', kind: 'RollBack' })] },
      [10, 10],
    ],
    [
      'those of the source after a success that nobody saw',
      { luns: [targetWith({ outcome: 'Succeeded' })] },
      [10 * GiB, 10 * GiB],
    ],
    ['as they were after a failure', { status: before, luns: [targetWith({ outcome: 'Failed' })] }, [6, 10]],
    ['none after a failure that nobody saw', { luns: [targetWith({ outcome: 'Failed' })] }, [undefined, undefined]],
  ])('are %s', (_, input, expected) => {
    expect(bytes(input)).toEqual([expected]);
  });
});

describe('the error of a pair', () => {
  const said = (over: Partial<Run>, lunID: string): unknown[] => {
    const error = { reason: 'E_OUTOFMEMORY', message: 'memory', remedy: '', lunID };
    const each = first({ status, luns: [targetWith({ outcome: 'Failed', error, ...over })] });
    return [each?.reason, each?.message];
  };

  it.each(['', 'vol-1', 'snap-1', 'safe-1'])('is one that names %s', (lunID) => {
    expect(said({}, lunID)).toEqual(['ArrayOutOfMemory', 'memory']);
  });

  it('is none that names a LUN of another pair, and none of what did not fail', () => {
    expect(said({}, 'vol-9')).toEqual([undefined, undefined]);
    expect(said({ outcome: 'Succeeded' }, 'vol-1')).toEqual([undefined, undefined]);
    expect(said({ outcome: 'Running' }, 'vol-1')).toEqual([undefined, undefined]);
  });
});

describe('what is on a target', () => {
  const DIGEST: Expected = { verify: 'Digest', wasAccepted: true, isDoubted: false };
  const NONE: Expected = { ...DIGEST, verify: 'None' };
  const DOUBTED: Expected = { ...NONE, isDoubted: true };
  const NEW: Expected = { ...DIGEST, wasAccepted: false };
  const other = lun({ id: 'vol-2' });
  const unequal = { sourceDigest: 'a', targetDigest: 'b' };
  const rolledBack = { outcome: 'RolledBack', kind: 'RollBack' } as const;

  it.each([
    ['Overwriting', 'while an operation runs', targetWith(), DIGEST],
    ['Inconsistent', 'after a failure that left it fenced', targetWith({ outcome: 'Failed' }), DIGEST],
    [
      'Untouched',
      'after a failure before its first block',
      targetWith({ outcome: 'Failed' }, { state: 'Online' }),
      DIGEST,
    ],
    [
      'Unknown',
      'after a failure with a state that is none of an end',
      targetWith({ outcome: 'Failed' }, { state: 'Resyncing' }),
      DIGEST,
    ],
    [
      'Unknown',
      'after a failure, written by others',
      targetWith({ outcome: 'Failed' }, { state: 'Online', contentGeneration: 9 }),
      DIGEST,
    ],
    [
      'Unknown',
      'after an outcome that is not known',
      targetWith({ outcome: 'Unrecognized' }, { state: 'Online' }),
      DIGEST,
    ],
    ['MatchesSource', 'after a success with equal digests', targetWith({ outcome: 'Succeeded' }), DIGEST],
    ['Unknown', 'after a success with other digests', targetWith({ outcome: 'Succeeded', ...unequal }), DIGEST],
    ['Copied', 'after a success that was not verified', targetWith({ outcome: 'Succeeded', ...unequal }), NONE],
    ['Unknown', 'after a success of an array that is not believed', targetWith({ outcome: 'Succeeded' }), DOUBTED],
    ['Unknown', 'after a success of a roll-back', targetWith({ outcome: 'Succeeded', kind: 'RollBack' }), NONE],
    [
      'Copied',
      'after a success that others have half overwritten since',
      targetWith({ outcome: 'Succeeded' }, { state: 'Inconsistent' }),
      NONE,
    ],
    ['RolledBack', 'after a roll-back with equal digests', targetWith(rolledBack), DIGEST],
    ['Unknown', 'after a roll-back with other digests', targetWith({ ...rolledBack, ...unequal }), DIGEST],
    ['RolledBack', 'after a roll-back that was not verified', targetWith({ ...rolledBack, ...unequal }), NONE],
    ['Unknown', 'after a roll-back of an array that is not believed', targetWith(rolledBack), DOUBTED],
    ['Unknown', 'after a roll-back by a resync', targetWith({ outcome: 'RolledBack' }), NONE],
    ['Inconsistent', 'without a run, half-written before', lun({ state: 'Inconsistent' }), NEW],
    ['Untouched', 'without a run', lun(), NEW],
    ['Unknown', 'without the run that was accepted', lun(), DIGEST],
    ['Untouched', 'that is not there before anything was accepted', other, NEW],
    ['Unknown', 'that is gone', other, DIGEST],
  ] as const)('is %s %s', (expected, _, target, rules) => {
    const history = readHistory(OWNER, [pair()], readView({ lunList: [source(), target] }));
    const [only] = history.targets;
    expect(only && dataStateOf(only, history, rules)).toBe(expected);
  });

  it.each([
    ['Inconsistent', { state: 'Inconsistent' }],
    ['Unknown', { state: 'Online' }],
  ] as const)('is %s where the targets disagree on what was done', (expected, over) => {
    const lunList = [
      targetWith({ outcome: 'Succeeded' }, over),
      targetWith({ operationID: `${UID}.2` }, { id: 'vol-2' }),
    ];
    const ended = lunList.map((each) => ({
      ...each,
      runs: each.runs.map((run) => ({ ...run, outcome: 'Succeeded' as const })),
    }));
    const history = readHistory(OWNER, twoPairs, readView({ lunList: ended }));
    const [one] = history.targets;
    expect(one && dataStateOf(one, history, NEW)).toBe(expected);
  });

  it('is, of several, the worst, and RolledBack where the others were left alone', () => {
    expect(worstDataState([])).toBe('Untouched');
    expect(worstDataState(['Copied', 'Inconsistent', 'Unknown'])).toBe('Inconsistent');
    expect(worstDataState(['RolledBack', 'Untouched'])).toBe('RolledBack');
    expect(worstDataState(['Copied', 'Untouched'])).toBe('Untouched');
  });
});
