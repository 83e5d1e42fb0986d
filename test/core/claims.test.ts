import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Observation, ResolvedPair } from '../../src/core/observation.ts';
import {
  afterWrite,
  claim,
  conditionIn,
  GiB,
  lun,
  type ObservationInput,
  observation,
  pair,
  reasonIn,
  recorded,
  run,
  source,
} from '../support/observations.ts';
import { intended } from '../support/statuses.ts';

const seen = (over: Partial<ResolvedPair>, input: ObservationInput = {}): Observation =>
  observation({ pairs: [pair({ claim: claim(), ...over })], ...input });
const messageOf = (over: Partial<ResolvedPair>, input: ObservationInput = {}): unknown[] => {
  const { status, ended } = recorded(decide(seen(over, input)));
  return [ended, conditionIn(status, 'Succeeded')?.message];
};

describe('a claim of another size than its source', () => {
  const smallPair = pair({ claim: claim() });
  const secondPair = { name: 'logs', sourceLunID: 'snap-1', targetLunID: 'vol-2', claim: claim({ name: 'logs' }) };
  const used = run({ owner: 'cluster/shop/older/1', runID: 'nightly', outcome: 'Succeeded' });
  const small = { luns: [lun({ sizeBytes: 8 * GiB })] };

  it('that is smaller calls for a person, says the value to set, and waits without limit', () => {
    const o = seen({}, small);
    const write = recorded(decide(o));
    expect(reasonIn(write.status)).toBe('Pending');
    expect(conditionIn(write.status, 'Stalled')).toMatchObject({ status: 'True', reason: 'TargetTooSmall' });
    expect(conditionIn(write.status, 'Succeeded')?.message).toBe(
      'claim orders requests 8Gi, its source has 10Gi. Set spec.resources.requests.storage of the claim to 10Gi',
    );
    expect(decide(afterWrite(o, write, { now: o.now + 86_400_000 })).kind).toBe('Wait');
  });

  it('in the second pair counts as well', () => {
    const second = { name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2', claim: claim({ name: 'logs' }) };
    const luns = [lun(), lun({ id: 'vol-2', sizeBytes: 8 * GiB }), source({ id: 'snap-2' })];
    const { status } = recorded(decide(observation({ pairs: [pair({ claim: claim() }), pair(second)], luns })));
    expect(conditionIn(status, 'Succeeded')?.message).toContain('claim logs requests 8Gi');
  });

  it('whose request was raised waits for the resizer', () => {
    const { status } = recorded(decide(seen({ claim: claim({ requestBytes: 10 * GiB }) }, small)));
    expect(conditionIn(status, 'Stalled')?.status).toBe('False');
    expect(conditionIn(status, 'Succeeded')?.message).toBe(
      'claim orders requests 10Gi, and its volume has not been grown yet. See the events of the claim',
    );
    expect(status.operationID).toBeUndefined();
  });

  it('is raised where the spec says so, and not in a plan', () => {
    const raise = { ...small, spec: { claimResize: 'Raise' } as const };
    expect(decide(seen({}, raise))).toEqual({
      kind: 'Act',
      action: { kind: 'RaiseClaim', claim: claim(), requestBytes: 10 * GiB },
    });
    const late = observation({ ...raise, pairs: [pair({ claim: claim() })], status: intended() });
    expect(decide(late)).toMatchObject({ action: { kind: 'RaiseClaim' } });
    const plan = { ...small, spec: { claimResize: 'Raise', mode: 'Plan' } as const };
    expect(recorded(decide(seen({}, plan))).ended).toBe('Planned');
  });

  it.each<[string, ObservationInput]>([
    ['TargetLarger', { luns: [lun({ sizeBytes: 8 * GiB }), lun({ id: 'vol-2', sizeBytes: 12 * GiB })] }],
    ['VolumeModeMismatch', { pairs: [smallPair, pair({ ...secondPair, sourceMode: 'Block' })] }],
    ['UnselectedVolume', { luns: [lun({ sizeBytes: 8 * GiB }), lun({ id: 'vol-2', volumes: ['theirs'] })] }],
    ['VolumeNotSupported', { luns: [lun({ sizeBytes: 8 * GiB, identifiers: [] }), lun({ id: 'vol-2' })] }],
    [
      'RunIDConflict',
      { spec: { runID: 'nightly' }, luns: [lun({ sizeBytes: 8 * GiB, runs: [used] }), lun({ id: 'vol-2' })] },
    ],
  ])('is neither raised nor waited for in a run that cannot be right: %s', (reason, { spec, ...input }) => {
    const luns = [lun({ sizeBytes: 8 * GiB }), lun({ id: 'vol-2' })];
    for (const claimResize of ['Never', 'Raise'] as const) {
      const o = observation({ pairs: [smallPair, pair(secondPair)], luns, ...input, spec: { ...spec, claimResize } });
      expect(recorded(decide(o)).ended).toBe(reason);
    }
  });

  it('that is larger cannot shrink, and may keep its size', () => {
    const large = { luns: [lun({ sizeBytes: 12 * GiB })] };
    expect(messageOf({}, large)).toEqual([
      'TargetLarger',
      'pair data: claim orders has 12 GiB, its source 10 GiB, and a claim cannot shrink. Set spec.sizePolicy to KeepLarger.',
    ]);
    const kept = seen({}, { ...large, spec: { sizePolicy: 'KeepLarger' } });
    expect(recorded(decide(kept)).status.operationID).toBeDefined();
  });
});

describe('a claim of another kind than its source', () => {
  it('is refused for its volume mode', () => {
    expect(messageOf({ sourceMode: 'Block' })).toEqual([
      'VolumeModeMismatch',
      expect.stringContaining('pair data: claim orders has volume mode Filesystem, its source Block'),
    ]);
  });

  it('is refused for its file system', () => {
    expect(messageOf({ sourceFsType: 'xfs' })).toEqual([
      'VolumeModeMismatch',
      expect.stringContaining('pair data: claim orders has file system ext4, its source xfs'),
    ]);
  });

  it.each<Partial<ResolvedPair>>([
    { sourceMode: 'Filesystem', sourceFsType: 'ext4' },
    { sourceFsType: '' },
    { claim: claim({ mode: 'Block' }), sourceMode: 'Block', sourceFsType: 'xfs' },
    { claim: claim({ fsType: '' }), sourceFsType: 'xfs' },
  ])('is not, as far as anybody knows: %o', (over) => {
    expect(recorded(decide(seen(over))).status.operationID).toBeDefined();
  });
});

describe('a LUN that backs a volume', () => {
  it('of another namespace is refused, behind the grant that tells that it exists', () => {
    expect(messageOf({ isForeign: true })).toEqual([
      'AccessDenied',
      expect.stringContaining('LUN vol-1 backs a PersistentVolume without a claim in this namespace'),
    ]);
    const [, withoutGrant] = messageOf({ isForeign: true, targetNeedsGrant: true });
    expect(withoutGrant).toContain('has no grant');
    expect(withoutGrant).not.toContain('PersistentVolume');
    const overwriting = { spec: { unselectedVolumePolicy: 'Overwrite' } } as const;
    expect(messageOf({ isForeign: true }, overwriting)[0]).toBe('AccessDenied');
  });

  it('with another claim of the namespace is refused, naming it, unless both may be lost', () => {
    expect(messageOf({ otherClaims: ['users'] })).toEqual([
      'UnselectedVolume',
      expect.stringContaining('LUN vol-1 is also the volume of claim users, which no pair selects'),
    ]);
    const overwritten = seen({ otherClaims: ['users'] }, { spec: { unselectedVolumePolicy: 'Overwrite' } });
    expect(recorded(decide(overwritten)).status.operationID).toBeDefined();
  });
});

describe('a LUN that is the volume of two claims', () => {
  const pairs = [
    pair({ claim: claim(), otherClaims: ['users'] }),
    pair({ name: 'users', claim: claim({ name: 'users' }), otherClaims: ['orders'] }),
  ];

  it('is the target of two pairs where both are selected, and is not called unselected then', () => {
    for (const unselectedVolumePolicy of ['Refuse', 'Overwrite'] as const) {
      const write = recorded(decide(observation({ pairs, spec: { unselectedVolumePolicy } })));
      expect(write.ended).toBe('InvalidArgument');
      expect(conditionIn(write.status, 'Succeeded')?.message).toContain('LUN vol-1 is the target of two pairs');
    }
  });

  it('is refused for a third one that no pair selects', () => {
    const [first, second] = pairs;
    const third = [pair({ ...first, otherClaims: ['users', 'audit'] }), pair(second)];
    expect(recorded(decide(observation({ pairs: third }))).ended).toBe('UnselectedVolume');
  });
});

describe('a target that somebody holds', () => {
  it('is waited for, whoever of Pods, attachments and nodes it is', () => {
    const users = [
      { kind: 'Pod', name: 'db-0' },
      { kind: 'VolumeAttachment', name: 'csi-1' },
    ] as const;
    const { status } = recorded(decide(seen({ users }, { luns: [lun({ publishedNodes: ['node-1'] })] })));
    expect(reasonIn(status)).toBe('WaitingForTarget');
    expect(status.users).toEqual([
      { kind: 'Pod', name: 'db-0', pair: 'data' },
      { kind: 'VolumeAttachment', name: 'csi-1', pair: 'data' },
      { kind: 'Node', name: 'node-1', pair: 'data' },
    ]);
    expect(conditionIn(status, 'Succeeded')?.message).toContain('Pod db-0, VolumeAttachment csi-1, node node-1');
  });
});

describe('a recorded attempt whose names lead elsewhere now', () => {
  const changed = { final: true, problem: { reason: 'BadState', message: 'the claim is another one' } } as const;

  it('is not sent', () => {
    const o = observation();
    const intent = recorded(decide(o));
    const later = afterWrite(o, intent, { pairs: [pair({ claim: claim(), changed })] });
    const write = recorded(decide(later));
    expect(write.status.ending).toMatchObject({ reason: 'BadState', message: expect.stringContaining('pair data') });
    expect(write.ended).toBeUndefined();
  });

  it('that runs goes on', () => {
    const luns = [lun({ state: 'Resyncing' }), source()];
    expect(decide(observation({ pairs: [pair({ changed })], luns })).kind).not.toBe('Act');
  });
});
