// What cannot become right, what was done before, and what is only planned.
import { describe, expect, it } from 'vitest';
import type { Lun, Run } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation, ReadView, ResolvedPair } from '../../src/core/observation.ts';
import { planOf } from '../../src/core/plan.ts';
import {
  conditionIn,
  GiB,
  lun,
  type ObservationInput,
  observation,
  operation,
  pair,
  readView,
  reasonIn,
  recorded,
  run,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';

/** Name, world, reason in the end. */
const ENDS: readonly (readonly [string, ObservationInput, string])[] = [
  ['two StorageArrays could be meant', { array: missing('AmbiguousArray') }, 'AmbiguousArray'],
  ['a name leads to what cannot be right', { pairs: [wrong('VolumeModeMismatch')] }, 'VolumeModeMismatch'],
  ['the array speaks an older contract', { view: identity({ contractVersion: 0 }) }, 'ArrayTooOld'],
  ['the array cannot resync', { view: identity({ capabilities: [] }) }, 'NotImplemented'],
  [
    'the array cannot resize and has to',
    { view: identity({ capabilities: ['Resync', 'RollBack', 'Verify'] }, lun({ sizeBytes: GiB })) },
    'NotImplemented',
  ],
  [
    'the array cannot verify and has to',
    { view: identity({ capabilities: ['Resync', 'RollBack', 'Resize'] }) },
    'NotImplemented',
  ],
  ['a LUN is source and target', { pairs: [pair({ sourceLunID: 'vol-1' })] }, 'InvalidArgument'],
  ['a LUN is the target of two pairs', { pairs: [pair(), pair({ name: 'two' })] }, 'InvalidArgument'],
  ['a target is a snapshot', { luns: [lun({ kind: 'Snapshot' })] }, 'VolumeNotSupported'],
  ['a target has no unique identifier', { luns: [lun({ identifiers: [] })] }, 'VolumeNotSupported'],
  ['another volume lives on a target', { luns: [lun({ volumes: ['theirs'] })] }, 'UnselectedVolume'],
];

function missing(reason: 'AmbiguousArray'): Observation['array'] {
  return { state: 'missing', final: true, problem: { reason, message: 'array-a, array-b' } };
}

function wrong(reason: 'VolumeModeMismatch'): ResolvedPair {
  return pair({ sourceLunID: '', targetLunID: '', final: true, problem: { reason, message: 'Block, not Filesystem' } });
}

function identity(over: object, target = lun()): ReadView {
  const view = readView({ lunList: [source(), target] });
  return { ...view, identity: { ...view.identity, ...over } };
}

describe('what cannot become right', () => {
  it.each(ENDS)('ends the run at once: %s', (_, input, reason) => {
    const { status, ended } = recorded(decide(observation(input)));
    expect(ended).toBe(reason);
    expect(status.dataState).toBe('Untouched');
    expect(status.attempt).toBeUndefined();
  });

  it('does without the capabilities that the spec does not ask for', () => {
    const spec = { safetySnapshot: 'Never', verify: 'None' } as const;
    const o = observation({ spec, view: identity({ capabilities: ['Resync'] }) });
    expect(recorded(decide(o)).status.attempt).toBe(1);
  });

  it('needs no resizing where a larger target keeps its size', () => {
    const view = identity({ capabilities: ['Resync', 'RollBack', 'Verify'] }, lun({ sizeBytes: 20 * GiB }));
    expect(recorded(decide(observation({ spec: { sizePolicy: 'KeepLarger' }, view }))).status.attempt).toBe(1);
  });

  it('lets selected volumes be overwritten, and all of them where the spec says so', () => {
    const luns = [lun({ volumes: ['pv-1'] })];
    const selected = observation({ luns, pairs: [pair({ selectedVolumes: ['pv-1'] })] });
    const all = observation({ luns, spec: { unselectedVolumePolicy: 'Overwrite' } });
    for (const o of [selected, all]) expect(recorded(decide(o)).status.attempt).toBe(1);
  });

  it('refuses ids that do not fit into an object before an intent is written', () => {
    const names = Array.from({ length: 64 }, (_, nth) => `p${nth}`);
    const long = (start: string, nth: number): string => `${start}${nth}`.padEnd(128, 'x');
    const pairs = names.map((name, nth) => pair({ name, sourceLunID: long('s', nth), targetLunID: long('t', nth) }));
    const lunList = pairs.flatMap((each) => [lun({ id: each.sourceLunID }), lun({ id: each.targetLunID })]);
    const { status, ended } = recorded(decide(observation({ pairs, view: readView({ lunList }) })));
    expect(ended).toBe('InvalidArgument');
    expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(51 * 1024);
  });
});

describe('runID', () => {
  const spec = { runID: 'nightly' };
  const other = (over: Partial<Run> = {}): Run =>
    run({ owner: 'cluster/shop/older/1', runID: 'nightly', outcome: 'Succeeded', ...over });
  const two = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
  const both = (first: Run[], second: Run[]): Lun[] => [
    lun({ runs: first }),
    source({ id: 'snap-2' }),
    lun({ id: 'vol-2', runs: second }),
  ];

  it('that is done on all targets with these pairs is AlreadyCompleted, and nothing is done', () => {
    const { status, ended } = recorded(decide(observation({ spec, luns: [lun({ runs: [other()] })] })));
    expect(ended).toBe('AlreadyCompleted');
    expect(status).toMatchObject({ hresult: { name: 'VSS_S_ASYNC_FINISHED' }, dataState: 'Untouched' });
    expect(status.attempt).toBeUndefined();
  });

  it.each([
    ['some targets only', [other()], []],
    ['other pairs', [other({ pairsDigest: 'other' })], [other({ pairsDigest: 'other' })]],
  ])('that is done on %s is a conflict', (_, first, second) => {
    const o = observation({ spec, pairs: two, luns: both(first, second) });
    expect(recorded(decide(o)).ended).toBe('RunIDConflict');
  });

  it.each([
    ['that failed', other({ outcome: 'Failed' })],
    ['that was rolled back', other({ outcome: 'RolledBack', kind: 'RollBack' })],
    ['of another namespace', other({ owner: 'cluster/bank/older/1' })],
    ['of another cluster', other({ owner: 'else/shop/older/1' })],
    ['of another name', other({ runID: 'weekly' })],
  ])('is not done by a run %s', (_, before) => {
    expect(recorded(decide(observation({ spec, luns: [lun({ runs: [before] })] }))).status.attempt).toBe(1);
  });

  it('that another object is at is waited for', () => {
    const luns = [lun({ runs: [other({ outcome: 'Running' })], state: 'Resyncing' })];
    const { status } = recorded(decide(observation({ spec, luns })));
    expect(reasonIn(status)).toBe('WaitingForTarget');
    expect(conditionIn(status, 'Succeeded')?.message).toContain('run nightly is under way already');
  });
});

describe('mode Plan', () => {
  it('makes all checks, writes the plan and changes nothing', () => {
    const spec = { mode: 'Plan', unselectedVolumePolicy: 'Overwrite' } as const;
    const luns = [lun({ sizeBytes: 20 * GiB, volumes: ['pv-9'] })];
    const { status, ended } = recorded(decide(observation({ spec, luns })));
    expect(ended).toBe('Planned');
    expect(status.attempt).toBeUndefined();
    expect(status.plan).toEqual([
      {
        pair: 'data',
        severity: 'Info',
        action:
          'take a safety snapshot of the target; shrink the target from 20 GiB to 10 GiB; ' +
          'copy 10 GiB from LUN snap-1 over LUN vol-1, verify by digest; overwrite volumes pv-9',
      },
    ]);
  });

  const safety = 'take a safety snapshot of the target; ';
  const copy = 'copy 10 GiB from LUN snap-1 over LUN vol-1';
  const selected = { pairs: [pair({ selectedVolumes: ['pv-1'] })], luns: [lun({ volumes: ['pv-1'] })] };
  it.each<readonly [string, ObservationInput, string]>([
    [
      'grows a smaller target',
      { luns: [lun({ sizeBytes: 5 * GiB })] },
      `${safety}grow the target from 5 GiB to 10 GiB; ${copy}, verify by digest`,
    ],
    [
      'keeps a larger target',
      { spec: { sizePolicy: 'KeepLarger' }, luns: [lun({ sizeBytes: 20 * GiB })] },
      `${safety}keep the target at 20 GiB, its tail becomes zeros; ${copy}, verify by digest`,
    ],
    ['leaves an equal target', {}, `${safety}${copy}, verify by digest`],
    ['takes no safety snapshot', { spec: { safetySnapshot: 'Never' } }, `${copy}, verify by digest`],
    ['does not verify', { spec: { verify: 'None' } }, `${safety}${copy}`],
    ['overwrites what was selected without a word', selected, `${safety}${copy}, verify by digest`],
  ])('says that it %s', (_, input, action) => {
    const o = observation({ ...input, spec: { ...input.spec, mode: 'Plan' } });
    expect(recorded(decide(o)).status.plan).toEqual([{ pair: 'data', severity: 'Info', action }]);
  });

  it('has nothing to do with LUNs that are not there', () => {
    for (const luns of [[lun()], [source()], []])
      expect(planOf(observation({ view: readView({ lunList: luns }) }))).toEqual([
        { pair: 'data', severity: 'Info', action: 'nothing' },
      ]);
  });

  it('ends as a run would where a check fails', () => {
    const o = observation({ spec: { mode: 'Plan' }, luns: [lun({ identifiers: [] })] });
    expect(recorded(decide(o)).ended).toBe('VolumeNotSupported');
  });
});

describe('an undo whose snapshot is not there', () => {
  it('ends with a status that the API server accepts, without ids that are not known', () => {
    const problem = { reason: 'SnapshotNotInSet', message: 'the array has none' } as const;
    const o = observation({ pairs: [pair({ sourceLunID: '', targetLunID: '', final: true, problem })] });
    const { status, ended } = recorded(decide(o));
    expect(ended).toBe('SnapshotNotInSet');
    expect(status.pairs).toEqual([
      { name: 'data', state: 'Pending', reason: 'SnapshotNotInSet', message: 'the array has none' },
    ]);
  });

  it('does not hide an operation of ours that runs on another target', () => {
    const problem = { reason: 'SnapshotNotInSet', message: 'the array has none' } as const;
    const lost = pair({ name: 'logs', sourceLunID: '', targetLunID: '', final: true, problem });
    const o = observation({ pairs: [pair(), lost], luns: [targetWith()], operation: operation() });
    expect(recorded(decide(o)).status.operationID).toBe(`${UID}.1`);
  });
});
