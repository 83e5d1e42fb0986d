// What is recorded for an attempt, and the calls that are made of the record.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { StartRequest } from '../../src/core/array.ts';
import { cancelAttempt, recordIntent, releaseFirst, startRequest } from '../../src/core/attempt.ts';
import {
  ARRAY_ID,
  conditionIn,
  DIGEST,
  lun,
  type ObservationInput,
  OWNER,
  observation,
  operation,
  pair,
  recorded,
  safetySnapshot,
  targetWith,
  twoPairs,
  UID,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, intended, recordedPair } from '../support/statuses.ts';

const logs = recordedPair({ name: 'logs', source: { lunID: 'snap-2' }, target: { lunID: 'vol-2', generation: 8 } });
const missing = {
  state: 'missing',
  final: false,
  problem: { reason: 'ObjectNotFound', message: 'there is none' },
} as const;

describe('the intent', () => {
  it('of a first attempt is told, with the array and what is copied over what', () => {
    const { status, announcements } = recorded(recordIntent(observation({ pairs: twoPairs }), 'Resync'));
    expect(conditionIn(status, 'Succeeded')).toMatchObject({
      reason: 'Starting',
      message: 'Starting attempt 1 on array array-a',
    });
    const note = 'Started on array array-a: snap-1 over vol-1, snap-2 over vol-2';
    expect(announcements).toEqual([{ type: 'Normal', reason: 'ResyncStarted', action: 'Start', note }]);
  });

  it('of a later attempt is shown, and not told again', () => {
    const { status, announcements } = recorded(recordIntent(observation({ status: failed() }), 'Resync'));
    expect(conditionIn(status, 'Succeeded')?.message).toBe('Starting attempt 2 on array array-a');
    expect(announcements).toEqual([]);
  });

  it.each([
    ['the recorded reason', failed({ ending: ending('NoProgress') }), 'NoProgress'],
    ['an error where none is on record', failed(), 'an error'],
  ])('of a roll-back is told with %s', (_, status, cause) => {
    const luns = [targetWith({ outcome: 'Failed' }), safetySnapshot()];
    const write = recorded(recordIntent(observation({ status, luns }), 'RollBack'));
    expect(conditionIn(write.status, 'Succeeded')).toMatchObject({
      reason: 'RollingBack',
      message: 'Putting the safety snapshots back on array array-a',
    });
    const note = `The run ends with ${cause}; its half-written targets get back what they had`;
    expect(write.announcements).toEqual([{ type: 'Warning', reason: 'RollBackStarted', action: 'RollBack', note }]);
  });

  it('holds no generation of a LUN that the array does not know', () => {
    const o = observation({ pairs: twoPairs, luns: [lun({ generation: 9 })] });
    const targets = recorded(recordIntent(o, 'Resync')).status.pairs?.map(({ target }) => target);
    expect(targets?.map((target) => target?.generation)).toEqual([9, undefined]);
  });
});

describe('the request', () => {
  const request = (input: ObservationInput = {}): StartRequest | undefined =>
    startRequest(observation({ status: intended(), ...input }));
  const usual: StartRequest = {
    arrayID: ARRAY_ID,
    operationID: `${UID}.1`,
    owner: OWNER,
    kind: 'Resync',
    pairs: [{ sourceLunID: 'snap-1', targetLunID: 'vol-1', ifTargetGeneration: 5, selectedVolumes: [] }],
    sizePolicy: 'MatchSource',
    identityPolicy: 'KeepTarget',
    overwriteUnselectedVolumes: false,
    verify: 'Digest',
    safetySnapshot: 'Always',
    runID: '',
    pairsDigest: DIGEST,
    maxBytesPerSecond: 0,
  };

  it('of a spec that names nothing more asks for the safest', () => {
    expect(request()).toEqual(usual);
  });

  it('holds everything that the spec and the administrator ask for', () => {
    const spec = {
      sizePolicy: 'KeepLarger',
      identityPolicy: 'RevertToOriginal',
      unselectedVolumePolicy: 'Overwrite',
      verify: 'None',
      safetySnapshot: 'Never',
      runID: 'nightly',
    } as const;
    const pairs = [pair({ selectedVolumes: ['pv-1'] })];
    expect(request({ spec, pairs, policy: { maxCopyBytesPerSecond: 1_000 } })).toEqual({
      ...usual,
      pairs: [{ sourceLunID: 'snap-1', targetLunID: 'vol-1', ifTargetGeneration: 5, selectedVolumes: ['pv-1'] }],
      sizePolicy: 'KeepLarger',
      identityPolicy: 'RevertToOriginal',
      overwriteUnselectedVolumes: true,
      verify: 'None',
      safetySnapshot: 'Never',
      runID: 'nightly',
      maxBytesPerSecond: 1_000,
    });
  });

  it('has no limit of speed where the StorageArray is gone', () => {
    expect(request({ array: missing })?.maxBytesPerSecond).toBe(0);
  });

  it('is one of a resync where the record does not say of which kind it is', () => {
    const { operationKind: _, ...status } = intended();
    expect(request({ status })).toEqual(usual);
  });

  it('takes each pair from the record of that name', () => {
    const pairs = request({ pairs: twoPairs, status: intended({ pairs: [logs, recordedPair()] }) })?.pairs;
    expect(pairs).toEqual([
      { sourceLunID: 'snap-1', targetLunID: 'vol-1', ifTargetGeneration: 5, selectedVolumes: [] },
      { sourceLunID: 'snap-2', targetLunID: 'vol-2', ifTargetGeneration: 8, selectedVolumes: [] },
    ]);
  });

  const recordWithout = (field: 'operationID' | 'arrayID' | 'pairs'): LunResyncStatus => {
    const { [field]: _, ...status } = intended();
    return status;
  };
  it.each<readonly [string, LunResyncStatus]>([
    ['no id', recordWithout('operationID')],
    ['no array', recordWithout('arrayID')],
    ['no pairs', recordWithout('pairs')],
    ['no source', intended({ pairs: [{ name: 'data', target: { lunID: 'vol-1', generation: 5 } }] })],
    ['no target', intended({ pairs: [{ name: 'data', source: { lunID: 'snap-1' } }] })],
    ['another target', intended({ pairs: [recordedPair({ target: { lunID: 'vol-9', generation: 5 } })] })],
    ['a target without its generation', intended({ pairs: [recordedPair({ target: { lunID: 'vol-1' } })] })],
  ])('is not made of a record with %s', (_, status) => {
    expect(request({ status })).toBeUndefined();
  });

  it('is made of all pairs or not at all', () => {
    expect(request({ pairs: twoPairs })).toBeUndefined();
    expect(request({ pairs: twoPairs, status: intended({ pairs: [recordedPair(), logs] }) })?.pairs).toHaveLength(2);
  });
});

describe('the request of a roll-back', () => {
  const status = intended({
    operationKind: 'RollBack',
    pairs: [recordedPair({ target: { lunID: 'vol-1', generation: 7 } })],
  });
  const wreck = targetWith({ outcome: 'Failed' });
  const request = (input: ObservationInput): StartRequest | undefined =>
    startRequest(observation({ status, luns: [wreck, safetySnapshot()], ...input }));

  it('puts the safety snapshot back over the target as it was recorded', () => {
    expect(request({})?.pairs).toEqual([
      { sourceLunID: 'safe-1', targetLunID: 'vol-1', ifTargetGeneration: 7, selectedVolumes: [] },
    ]);
  });

  it.each<readonly [string, ObservationInput]>([
    [
      'there is nothing to put back',
      { luns: [targetWith({ outcome: 'Failed' }, { state: 'Online' }), safetySnapshot()] },
    ],
    ['the pair is not on record', { status: { ...status, pairs: [logs] } }],
    ['the record has no target', { status: { ...status, pairs: [{ name: 'data' }] } }],
    [
      'the record is of another target',
      { pairs: [pair({ targetLunID: 'vol-2' })], luns: [{ ...wreck, id: 'vol-2' }, safetySnapshot()] },
    ],
  ])('is not made where %s', (_, input) => {
    expect(request(input)).toBeUndefined();
  });
});

describe('the cancel', () => {
  const byClaim: ObservationInput['spec'] = {
    pairs: [
      { name: 'data', source: { lunID: 'snap-1' }, target: { persistentVolumeClaimName: 'orders' } },
      { name: 'none', source: { volumeSnapshotName: 'nightly' } },
    ],
  };

  it.each<readonly [string, ObservationInput, string, readonly string[]]>([
    [
      'the targets on record where the spec has names',
      { spec: byClaim, status: intended({ pairs: [recordedPair({ target: { lunID: 'vol-9' } })] }) },
      ARRAY_ID,
      ['vol-9'],
    ],
    [
      'the targets of the spec where it has ids, whatever is on record',
      {
        status: intended({ pairs: [recordedPair({ target: { lunID: 'vol-9' } })] }),
        pairs: [pair({ targetLunID: 'vol-8' })],
      },
      ARRAY_ID,
      ['vol-1'],
    ],
    [
      'those of the pairs where the record has none',
      { spec: byClaim, status: intended({ pairs: [{ name: 'data' }] }) },
      ARRAY_ID,
      ['vol-1'],
    ],
    ['those of the pairs where nothing is on record', { spec: byClaim, status: {} }, '', ['vol-1']],
    [
      'no target that is not known',
      { status: {}, pairs: [pair(), pair({ name: 'logs', targetLunID: '' })] },
      '',
      ['vol-1'],
    ],
  ])('names %s', (_, input, arrayID, targetLunIDs) => {
    expect(cancelAttempt(observation(input), 'uid.1')).toEqual({
      kind: 'Act',
      action: { kind: 'Cancel', arrayID, operationID: 'uid.1', targetLunIDs },
    });
  });
});

describe('the release', () => {
  it('is of the record that the array has, and of none where there is none or it was not read', () => {
    const release = { kind: 'Release', arrayID: ARRAY_ID, operationID: `${UID}.1` };
    expect(releaseFirst(observation({ status: intended(), operation: operation() }))).toEqual({
      kind: 'Act',
      action: release,
    });
    const unknown = { kind: 'Act', action: { ...release, arrayID: '' } };
    expect(releaseFirst(observation({ operation: operation() }))).toEqual(unknown);
    expect(releaseFirst(observation({ status: intended() }))).toBeUndefined();
    expect(releaseFirst(observation({ status: intended(), view: UNREACHABLE }))).toBeUndefined();
  });
});
