// What a write makes of the status: what is kept, what is set, and what goes.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { HRESULTS } from '../../src/core/hresult.ts';
import { arrayName, policyOf, readView as viewOf } from '../../src/core/observation.ts';
import { type Change, compose, shownNow, waitingSince } from '../../src/core/status.ts';
import {
  ARRAY_ID,
  ago,
  GiB,
  lun,
  type ObservationInput,
  observation,
  operation,
  pair,
  readView,
  source,
  targetWith,
  twoPairs,
  UID,
} from '../support/observations.ts';
import { ending, intended, recordedPair, running, showing } from '../support/statuses.ts';

const write = (input: ObservationInput, change: Partial<Change> = {}): LunResyncStatus =>
  compose(observation(input), { reason: 'Copying', message: 'words', ...change });
const missing = {
  state: 'missing',
  final: false,
  problem: { reason: 'BadState', message: 'there is none' },
} as const;
const users = [{ kind: 'Node', name: 'node-1' }] as const;
const AT = '2026-11-24T10:00:00.000Z';

describe('conditions', () => {
  it('keep their transition times from one write to the next', () => {
    const { conditions } = write({ status: running() });
    expect(new Set(conditions?.map(({ lastTransitionTime }) => lastTransitionTime))).toEqual(
      new Set([ago(60), '2026-11-24T10:00:00Z']),
    );
    expect(conditions?.find(({ type }) => type === 'Succeeded')?.lastTransitionTime).toBe(ago(60));
  });

  it('say that a run goes on where the write does not say that it stands still', () => {
    const statusOf = (type: string): string | undefined =>
      write({ status: running() }).conditions?.find((condition) => condition.type === type)?.status;
    expect([statusOf('Reconciling'), statusOf('Stalled')]).toEqual(['True', 'False']);
  });

  it('are shown on as they are by a write that does not concern people', () => {
    expect(shownNow(observation())).toEqual({ reason: 'Starting', message: '', stalled: false, waits: false });
    const calm = showing('Pending', { waitingSince: ago(5) });
    expect(shownNow(observation({ status: calm }))).toEqual({
      reason: 'Pending',
      message: 'as before',
      stalled: false,
      waits: true,
    });
    const conditions = calm.conditions?.map((each) =>
      each.type === 'Stalled' ? { ...each, status: 'True' as const } : each,
    );
    expect(shownNow(observation({ status: { conditions: conditions ?? [] } })).stalled).toBe(true);
    const other = conditions?.map((each) => ({ ...each, status: 'True' as const, type: `Other${each.type}` }));
    expect(shownNow(observation({ status: { conditions: other ?? [] } })).stalled).toBe(false);
  });
});

describe('the HRESULT', () => {
  it.each([
    ['of the reason', 'Copying', undefined, 'VSS_S_ASYNC_PENDING'],
    ['of the reason where it has one of its own', 'TargetInUse', 'E_OUTOFMEMORY', 'VSS_E_VOLUME_IN_USE'],
    ['of the ending where that of the reason says nothing', 'NoProgress', 'E_OUTOFMEMORY', 'E_OUTOFMEMORY'],
    ['of the reason where the ending has none of an error', 'NoProgress', 'S_OK', 'VSS_E_UNEXPECTED'],
    ['of the reason where the ending has one that is not known', 'NoProgress', 'VSS_E_NEW', 'VSS_E_UNEXPECTED'],
    ['of the reason where no ending is on record', 'NoProgress', undefined, 'VSS_E_UNEXPECTED'],
  ] as const)('is that %s', (_, reason, hresult, name) => {
    const recorded = hresult === undefined ? {} : { ending: { ...ending('NoProgress'), hresult } };
    const expected = { name, code: HRESULTS[name] };
    expect(write({ status: recorded }, { reason }).hresult).toEqual(expected);
    expect(write({}, { reason, set: recorded }).hresult).toEqual(expected);
    const older = { ending: { ...ending('NoProgress'), hresult: 'E_ACCESSDENIED' } };
    if (hresult !== undefined) expect(write({ status: older }, { reason, set: recorded }).hresult).toEqual(expected);
  });
});

describe('the time that a run waits', () => {
  it('goes on while the reason stays, and begins anew with another', () => {
    const since = ago(5);
    const o = observation({ status: showing('Pending', { waitingSince: since }) });
    expect(waitingSince(o, 'Pending')).toBe(since);
    expect(waitingSince(o, 'WaitingForTarget')).toBe(AT);
    expect(waitingSince(observation({ status: showing('Pending') }), 'Pending')).toBe(AT);
    expect(waitingSince(observation({ status: { waitingSince: since } }), 'Pending')).toBe(AT);
  });

  it('is only kept of a write that waits', () => {
    const status = showing('Pending', { waitingSince: ago(5) });
    expect(write({ status }, { reason: 'Pending', waits: true }).waitingSince).toBe(ago(5));
    expect(write({ status }, { reason: 'Pending' })).not.toHaveProperty('waitingSince');
  });
});

describe('the time that does not count', () => {
  it.each(['Suspended', 'Maintenance'] as const)('begins with %s, once the array has accepted an attempt', (reason) => {
    expect(write({ status: { startTime: ago(60) } }, { reason }).pausedSince).toBe(AT);
    expect(write({ status: { startTime: ago(60), pausedSince: ago(7) } }, { reason }).pausedSince).toBe(ago(7));
    expect(write({}, { reason })).not.toHaveProperty('pausedSince');
  });

  it.each([
    ['is added up', { pausedSince: ago(7), pausedSeconds: 5 }, 12],
    ['is counted from nothing', { pausedSince: ago(7) }, 7],
    ['is never less than nothing', { pausedSince: ago(-7), pausedSeconds: 5 }, 5],
    ['has 32 bits', { pausedSince: ago(7), pausedSeconds: 2_147_483_645 }, 2_147_483_647],
  ])('ends with any other reason, and %s', (_, status, pausedSeconds) => {
    const next = write({ status: { startTime: ago(60), ...status } });
    expect(next.pausedSeconds).toBe(pausedSeconds);
    expect(next).not.toHaveProperty('pausedSince');
  });
});

describe('who holds a target', () => {
  it.each<readonly [string, LunResyncStatus, Partial<Change>, LunResyncStatus['users']]>([
    ['is said as it is seen', {}, { users }, users],
    ['is no longer said when nobody does', { users }, { users: [] }, undefined],
    ['is no longer said by a write about something else', { users }, {}, undefined],
    ['stays where the run ends because of it', { users, ending: ending('TargetInUse') }, {}, users],
    ['stays where nobody holds it any more', { users, ending: ending('TargetInUse') }, { users: [] }, users],
    ['stays where that is recorded now', { users }, { set: { ending: ending('TargetInUse') } }, users],
    ['goes where the run ends because of something else', { users, ending: ending('NoProgress') }, {}, undefined],
    [
      'goes where the run ends because of something else now',
      { users, ending: ending('TargetInUse') },
      { set: { ending: ending('TargetChanged') } },
      undefined,
    ],
  ])('%s', (_, status, change, expected) => {
    expect(write({ status }, change).users).toEqual(expected);
  });
});

describe('progress', () => {
  const progress = { percent: 10, copiedBytes: GiB, totalBytes: 10 * GiB, lastUpdateTime: ago(10) };
  const status = running({ progress });
  const luns = [targetWith()];
  const percent = (input: ObservationInput, set?: LunResyncStatus): number | undefined =>
    write({ status, luns, ...input }, set === undefined ? {} : { set }).progress?.percent;

  it('is taken from the running operation that is on record, and from no other', () => {
    expect(percent({ operation: operation() })).toBe(50);
    expect(percent({ operation: operation({ operationID: `${UID}.9` }) })).toBe(10);
    expect(percent({ operation: operation({ outcome: 'Failed' }) })).toBe(10);
    expect(percent({})).toBe(10);
    expect(percent({ view: { state: 'unresolved' } })).toBe(10);
  });

  it('starts from nothing with another attempt alone', () => {
    expect(percent({ operation: operation() }, { operationID: `${UID}.1` })).toBe(50);
    expect(percent({ operation: operation() }, { operationID: undefined })).toBe(50);
    expect(percent({ operation: operation() }, { operationID: `${UID}.2` })).toBeUndefined();
  });
});

describe('what the LUNs tell', () => {
  const succeeded = targetWith({ outcome: 'Succeeded' });

  it('is how many of the pairs are done, and the worst of what is on them', () => {
    const luns = [succeeded, source({ id: 'snap-2' }), targetWith({ outcome: 'Failed' }, { id: 'vol-2' })];
    expect(write({ status: running(), pairs: twoPairs, luns })).toMatchObject({
      pairsSummary: '1/2',
      dataState: 'Inconsistent',
    });
  });

  it('is no better than untouched where a pair leads nowhere and nothing is on record of it', () => {
    const problem = { reason: 'ObjectNotFound', message: 'claim logs does not exist' } as const;
    const status = intended({ pairs: [recordedPair({ dataState: 'Copied' })] });
    expect(write({ status, pairs: twoPairs.map((each) => ({ ...each, problem })) }).dataState).toBe('Untouched');
  });

  it('is that the array accepted an attempt, also where the status has forgotten it', () => {
    const fields = ({ startTime, arrayName: name, arrayID }: LunResyncStatus): unknown[] => [startTime, name, arrayID];
    expect(fields(write({ luns: [targetWith()] }))).toEqual(['2026-11-24T10:00:00Z', 'array-a', ARRAY_ID]);
    const status = { startTime: ago(60), arrayName: 'array-0', arrayID: 'array-0' };
    expect(fields(write({ luns: [targetWith()], status }))).toEqual([ago(60), 'array-0', 'array-0']);
    expect(fields(write({ luns: [targetWith()], array: missing }))).toEqual([
      '2026-11-24T10:00:00Z',
      undefined,
      ARRAY_ID,
    ]);
    expect(fields(write({}))).toEqual([undefined, undefined, undefined]);
  });

  it('is kept without ids where these are too long for an object, and to the last character that fits', () => {
    const id = (start: string, nth: number): string => `${start}${nth}`.padEnd(128, 'x');
    const pairs = Array.from({ length: 32 }, (_, nth) =>
      pair({ name: `p${nth}`, sourceLunID: id('s', nth), targetLunID: id('t', nth) }),
    );
    const at = (length: number): LunResyncStatus['pairs'] => {
      const sourceLunID = 's'.repeat(length);
      const all = [pair({ name: 'p0', sourceLunID, targetLunID: id('t', 0) }), ...pairs.slice(1)];
      const lunList = all.flatMap((each) =>
        [each.sourceLunID, each.targetLunID].map((lunID) => lun({ id: lunID, identifiers: [] })),
      );
      return write({ pairs: all, view: readView({ lunList }) }).pairs;
    };
    expect(at(128)?.[31]).toMatchObject({ name: 'p31', source: { lunID: id('s', 31) } });
    expect(at(129)?.[31]).toEqual({ name: 'p31', state: 'Pending', dataState: 'Untouched' });
  });
});

describe('what is observed', () => {
  it('is the name of the array, or the one on record, or none', () => {
    expect(arrayName(observation({ status: { arrayName: 'array-0' } }))).toBe('array-a');
    expect(arrayName(observation({ array: missing, status: intended() }))).toBe('array-a');
    expect(arrayName(observation({ array: missing }))).toBe('');
    expect(policyOf(observation({ array: missing }))).toBeUndefined();
  });

  it('has no LUNs before they were read: a rule that wants them then is wrong', () => {
    expect(() => viewOf(observation({ view: { state: 'unresolved' } }))).toThrow(
      `the LUNs of cluster/shop/restore/${UID} were used before they were read`,
    );
  });

  it('of a pair stays on record under its own name', () => {
    const status = intended({ pairs: [recordedPair({ name: 'logs', safetySnapshotID: 'safe-9' }), recordedPair()] });
    expect(write({ status }).pairs).toEqual([{ ...recordedPair(), state: 'Pending', dataState: 'Untouched' }]);
  });
});
