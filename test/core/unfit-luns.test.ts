// What stands against an attempt on the side of the LUNs: how they are paired, who uses them, what was done on them, grants.
import { describe, expect, it } from 'vitest';
import type { LunGrant } from '../../src/api/storage-array.ts';
import { uniqueIdentifier } from '../../src/core/array.ts';
import { accessObjection, isGranted } from '../../src/core/grants.ts';
import type { Objection } from '../../src/core/objection.ts';
import { end, LIMIT, objection, wait } from '../support/objections.ts';
import {
  claim,
  GiB,
  lun,
  type ObservationInput,
  observation,
  pair,
  readView,
  run,
  source,
  twoPairs,
} from '../support/observations.ts';
import { intended } from '../support/statuses.ts';

describe('LUNs that cannot be paired', () => {
  it.each<readonly [string, ObservationInput, Objection]>([
    [
      'one is source and target',
      { pairs: [pair({ sourceLunID: 'vol-1' })] },
      end('InvalidArgument', 'LUN vol-1 is both a source and a target'),
    ],
    [
      'one is the target of two pairs',
      { pairs: [pair(), pair({ name: 'two' })] },
      end('InvalidArgument', 'LUN vol-1 is the target of two pairs'),
    ],
    [
      'a target is a snapshot',
      { luns: [lun({ kind: 'Snapshot' })] },
      end('VolumeNotSupported', 'LUN vol-1 is a snapshot and cannot be a target'),
    ],
    [
      'a target has no identifier',
      { luns: [lun({ identifiers: [] })] },
      end('VolumeNotSupported', 'LUN vol-1 has no page 83 identifier of type 1, 2, 3 or 8'),
    ],
    [
      'a target holds more than was selected',
      { luns: [lun({ volumes: ['pv-1', 'pv-2'] })], pairs: [pair({ selectedVolumes: ['pv-1'] })] },
      end('UnselectedVolume', 'LUN vol-1 holds pv-2, which no pair selects'),
    ],
  ])('end the run: %s', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
  });

  it('have ids and identifiers of at most 8192 characters together, which counts before the first attempt alone', () => {
    const id = (start: string, nth: number, length = 128): string => `${start}${nth}`.padEnd(length, 'x');
    const world = (more: number): ObservationInput => {
      const pairs = Array.from({ length: 21 }, (_, nth) =>
        pair({ name: `p${nth}`, sourceLunID: id('s', nth), targetLunID: id('t', nth) }),
      );
      const ids = pairs.slice(1).flatMap((each) => [each.sourceLunID, each.targetLunID]);
      const luns = ids.map((each) => lun({ id: each }));
      const used = luns.reduce((sum, each) => sum + each.id.length + (uniqueIdentifier(each)?.length ?? 0), 0);
      const left = 8192 + more - used;
      const identifiers = [{ codeSet: 1, type: 3, value: 'a'.repeat(30) }];
      const [first, second] = [id('s', 0, Math.floor((left - 64) / 2)), id('t', 0, Math.ceil((left - 64) / 2))];
      const [, ...rest] = pairs;
      return {
        pairs: [pair({ sourceLunID: first, targetLunID: second }), ...rest],
        view: readView({ lunList: [lun({ id: first, identifiers }), lun({ id: second, identifiers }), ...luns] }),
      };
    };
    const message = 'the ids and identifiers of LUNs and claims have 8193 characters together, above 8192';
    const problem = { reason: 'InvalidArgument', message, remedy: 'Use several LunResyncs' };
    expect(objection(world(0))).toBeUndefined();
    expect(objection(world(1))).toEqual({ kind: 'End', problem });
    expect(objection({ ...world(1), status: intended() })).toBeUndefined();
    const [first, ...rest] = world(-8).pairs ?? [];
    const withClaim = (uid: string): ObservationInput => ({
      ...world(-8),
      pairs: [{ ...(first ?? pair()), claim: claim({ uid, requestBytes: 10 * GiB }) }, ...rest],
    });
    expect(objection(withClaim('8'.repeat(8)))).toBeUndefined();
    expect(objection(withClaim('9'.repeat(9)))).toEqual({ kind: 'End', problem });
  });
});

describe('LUNs in use', () => {
  const busy = (message: string): Objection => wait('WaitingForTarget', { reason: 'ResyncInProgress', message }, LIMIT);

  it.each<readonly [string, ObservationInput, Objection]>([
    ['in another run', { luns: [lun({ state: 'Resyncing' })] }, busy('LUN vol-1 is a target of another operation')],
    [
      'published',
      {
        pairs: twoPairs,
        luns: [
          lun({ publishedNodes: ['n-1'] }),
          source({ id: 'snap-2' }),
          lun({ id: 'vol-2', publishedNodes: ['n-2', 'n-1'] }),
        ],
      },
      wait(
        'WaitingForTarget',
        { reason: 'TargetInUse', message: 'target LUN vol-1, vol-2 is used by node n-1, node n-2' },
        {
          ...LIMIT,
          users: [
            { kind: 'Node', name: 'n-1', pair: 'data' },
            { kind: 'Node', name: 'n-2', pair: 'logs' },
            { kind: 'Node', name: 'n-1', pair: 'logs' },
          ],
        },
      ),
    ],
    [
      'published, one of two',
      {
        pairs: twoPairs,
        luns: [lun(), source({ id: 'snap-2' }), lun({ id: 'vol-2', publishedNodes: ['n-2'] })],
      },
      wait(
        'WaitingForTarget',
        { reason: 'TargetInUse', message: 'target LUN vol-2 is used by node n-2' },
        { ...LIMIT, users: [{ kind: 'Node', name: 'n-2', pair: 'logs' }] },
      ),
    ],
    [
      'half-written sources',
      { luns: [lun(), source({ state: 'Inconsistent' })] },
      wait('WaitingForTarget', { reason: 'BadState', message: 'source LUN snap-1 is INCONSISTENT, not ONLINE' }, LIMIT),
    ],
  ])('are waited for: %s', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
  });

  it('are waited for as long as the spec says', () => {
    const spec = { targetInUseTimeoutSeconds: 7 };
    expect(objection({ spec, luns: [lun({ state: 'Resyncing' })] })).toMatchObject({ limitMs: 7_000 });
  });
});

describe('a runID', () => {
  const spec = { runID: 'nightly' };
  const other = run({ owner: 'cluster/shop/older/1', runID: 'nightly', outcome: 'Succeeded' });
  const underWay = run({ owner: 'cluster/shop/older/1', runID: 'nightly', operationID: 'older.1' });

  it.each<readonly [string, ObservationInput, Objection | undefined]>([
    [
      'was used on the second target alone',
      { spec, pairs: twoPairs, luns: [lun(), source({ id: 'snap-2' }), lun({ id: 'vol-2', runs: [other] })] },
      end('RunIDConflict', 'runID nightly was used on LUN vol-2 before, but not on all targets with these pairs'),
    ],
    [
      'is under way',
      { spec, luns: [lun({ runs: [underWay] })] },
      wait(
        'WaitingForTarget',
        { reason: 'ResyncInProgress', message: 'run nightly is under way already, in operation older.1' },
        LIMIT,
      ),
    ],
    ['is being rolled back elsewhere', { spec, luns: [lun({ runs: [{ ...underWay, kind: 'RollBack' }] })] }, undefined],
    [
      'was done by a run of this very object',
      { spec, luns: [lun({ runs: [run({ runID: 'nightly', outcome: 'Succeeded' })] })] },
      undefined,
    ],
    ['is not asked for', { luns: [lun({ runs: [{ ...other, runID: '' }] })] }, undefined],
    ['was done', { spec, luns: [lun({ runs: [other] })] }, { kind: 'AlreadyCompleted' }],
  ])('that %s', (_, input, expected) => {
    expect(objection(input)).toEqual(expected);
  });
});

describe('a grant', () => {
  const grant = (over: Partial<LunGrant>): LunGrant => ({
    name: 'g',
    namespace: 'shop',
    access: 'Source',
    lunIDs: [],
    ...over,
  });
  const wanted = { namespace: 'shop', access: 'Source', lunID: 'snap-1' } as const;

  it.each<readonly [string, readonly string[], boolean]>([
    ['one of several ids', ['other', 'snap-1'], true],
    ['the beginning of the id and a star', ['snap-*'], true],
    ['a star', ['*'], true],
    ['another beginning and a star', ['vol-*'], false],
    ['the beginning of the id without a star', ['snap-'], false],
    ['a longer id', ['snap-11'], false],
    ['a longer beginning and a star', ['snap-10*'], false],
    ['no id', [], false],
  ])('of %s counts: %s', (_, lunIDs, counts) => {
    expect(isGranted([grant({}), grant({ lunIDs })], wanted)).toBe(counts);
  });

  it('counts for its own namespace and access alone', () => {
    const lunIDs = ['*'];
    expect(isGranted([grant({ lunIDs, namespace: 'bank' }), grant({ lunIDs, access: 'Target' })], wanted)).toBe(false);
  });

  it('is not missed where there is no StorageArray that could hold it', () => {
    const problem = { reason: 'BadState', message: 'there is none' } as const;
    const o = observation({
      array: { state: 'missing', final: false, problem },
      pairs: [pair({ sourceNeedsGrant: true })],
    });
    expect(accessObjection(o)).toBeUndefined();
  });
});
