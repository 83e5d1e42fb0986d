// A status tells where an attempt may be at work; it gives no right that the spec and a fresh look do not give.
import { describe, expect, it } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import type { ResolvedPair } from '../../src/core/observation.ts';
import { isOwnOperation, recordedPair, withChange, withOwnRecord } from '../../src/core/recorded.ts';
import { claim as claimOf, pair, resyncObject, UID } from '../support/observations.ts';
import { recordedPair as entry, intended } from '../support/statuses.ts';

type SpecPair = LunResync['spec']['pairs'][number];

const byIDs: SpecPair = { name: 'data', source: { lunID: 'snap-1' }, target: { lunID: 'vol-1' } };
const byNames: SpecPair = {
  name: 'data',
  source: { volumeSnapshotName: 'nightly' },
  target: { persistentVolumeClaimName: 'orders' },
};
const undo: SpecPair = { name: 'data', source: { undoOf: 'earlier' } };
const theirs = entry({ source: { lunID: 'snap-9' }, target: { lunID: 'vol-9', generation: 5 } });
const another = 'the claim or the snapshot is another one than when the run began';
const changed: ResolvedPair['changed'] = {
  final: true,
  problem: { reason: 'BadState', message: another, remedy: 'Create a new LunResync' },
};

describe('a recorded operation', () => {
  it.each([
    [`${UID}.1`, true],
    [`${UID}.12`, true],
    [`${UID}.01`, false],
    [`${UID}.0`, false],
    [`${UID}.`, false],
    [UID, false],
    [`x${UID}.1`, false],
    [`${UID}.1.1`, false],
    ['6f9c1d5e-0000-4000-8000-000000000002.1', false],
    ['', false],
  ])('%s counts as the object’s own: %s', (operationID, isOwn) => {
    expect(isOwnOperation(resyncObject(), operationID)).toBe(isOwn);
  });

  it('that is the object’s own stays, with all else', () => {
    const resync = resyncObject({ status: intended() });
    expect(withOwnRecord(resync)).toEqual(resync);
  });

  it('of another object is none, and all else stays', () => {
    const { operationID: _id, operationKind: _kind, ...rest } = intended();
    const resync = resyncObject({ status: intended({ operationID: 'other.1' }) });
    expect(withOwnRecord(resync)).toStrictEqual({ ...resync, status: rest });
  });

  it('without a kind stays without one', () => {
    const { operationKind: _, ...status } = intended();
    expect(withOwnRecord(resyncObject({ status })).status).toStrictEqual(resyncObject({ status }).status);
  });
});

describe('a recorded array', () => {
  const arrayOf = (named: string | undefined, recorded: string | undefined): string | undefined =>
    withOwnRecord(
      resyncObject({
        spec: named === undefined ? {} : { arrayName: named },
        status: recorded === undefined ? {} : { arrayName: recorded },
      }),
    ).status.arrayName;

  it('is that of the spec where the spec names one', () => {
    expect(arrayOf('array-a', 'array-b')).toBe('array-a');
  });

  it('counts where the spec names none', () => {
    expect(arrayOf(undefined, 'array-b')).toBe('array-b');
  });

  it('is not made up before there is a record', () => {
    expect(arrayOf('array-a', undefined)).toBeUndefined();
    expect(withOwnRecord(resyncObject()).status).toStrictEqual(resyncObject().status);
  });
});

describe('a recorded pair', () => {
  it('by ids is that of the spec, whatever the record says', () => {
    expect(recordedPair(pair(), byIDs, theirs)).toStrictEqual(pair());
    expect(recordedPair(pair(), byIDs, undefined)).toStrictEqual(pair());
    expect(recordedPair(pair(), byIDs, entry({ source: undefined, target: undefined }))).toStrictEqual(pair());
  });

  it('that has the ids which its names lead to is as it was', () => {
    expect(recordedPair(pair(), byNames, entry())).toStrictEqual(pair());
  });

  it.each([
    ['a target', entry({ target: { lunID: 'vol-9' } }), { targetLunID: 'vol-9' }],
    ['a source', entry({ source: { lunID: 'snap-9' } }), { sourceLunID: 'snap-9' }],
  ])('with %s that its names do not lead to is not begun again', (_what, record, ids) => {
    expect(recordedPair(pair(), byNames, record)).toStrictEqual(pair({ ...ids, changed }));
  });

  it('is not begun again when its claim was made again, or is gone, although the LUN is the same', () => {
    const record = entry({ target: { lunID: 'vol-1', claimUID: 'claim-uid' } });
    const found = (claim: ResolvedPair['claim']): ResolvedPair['changed'] =>
      recordedPair(claim === undefined ? pair() : pair({ claim }), byNames, record).changed;
    expect(found(claimOf())).toBeUndefined();
    expect(found(claimOf({ uid: 'another' }))).toEqual(changed);
    expect(found(undefined)).toEqual(changed);
    expect(recordedPair(pair({ claim: claimOf() }), byNames, entry()).changed).toBeUndefined();
  });

  it.each([
    ['a source', { ...byNames, target: { lunID: 'vol-1' } }, { sourceLunID: 'snap-9' }],
    ['a target', { ...byNames, source: { lunID: 'snap-1' } }, { targetLunID: 'vol-9' }],
  ])('with one id in the spec has %s on record only', (_what, spec, ids) => {
    expect(recordedPair(pair(), spec, theirs)).toStrictEqual(pair({ ...ids, changed }));
  });

  it.each([
    ['no entry', undefined],
    ['no source', entry({ source: undefined })],
    ['a source without an id', entry({ source: {} })],
    ['no target', entry({ target: undefined })],
    ['a target without an id', entry({ target: {} })],
  ])('with %s is what its names lead to', (_what, record) => {
    const fresh = pair({ problem: { reason: 'ObjectNotFound', message: 'gone' } });
    expect(recordedPair(fresh, byNames, record)).toBe(fresh);
  });

  it.each([true, false])('whose names lead nowhere is not begun again; final: %s', (final) => {
    const problem = { reason: 'ObjectNotFound', message: 'gone' } as const;
    const fresh = pair({ sourceLunID: '', targetLunID: '', problem, final });
    const found = { sourceLunID: 'snap-9', targetLunID: 'vol-9', changed: { problem, final } };
    for (const spec of [byNames, undo]) expect(recordedPair(fresh, spec, theirs)).toStrictEqual(pair(found));
  });

  it('of an undo has a target that a fresh look confirms, and a source that only the array can', () => {
    const fresh = pair({ sourceLunID: '' });
    expect(recordedPair(fresh, undo, entry())).toStrictEqual(pair());
    expect(recordedPair(fresh, undo, theirs)).toStrictEqual(
      pair({ sourceLunID: 'snap-9', targetLunID: 'vol-9', changed }),
    );
  });

  it('keeps what already stood against it', () => {
    const before = { problem: { reason: 'ObjectNotFound', message: 'gone' }, final: false } as const;
    expect(withChange(pair({ changed: before }), pair({ sourceLunID: 'snap-9' })).changed).toBe(before);
  });
});
