// Intent before effect: what is on record before anything leaves for the array.
import { describe, expect, it } from 'vitest';
import { conclude } from '../../src/core/conclude.ts';
import { decide } from '../../src/core/decide.ts';
import {
  ARRAY_ID,
  acted,
  afterWrite,
  ago,
  GiB,
  lun,
  NOW,
  observation,
  pair,
  readView,
  reasonIn,
  recorded,
  source,
  UID,
} from '../support/observations.ts';
import { intended } from '../support/statuses.ts';

describe('intent before effect', () => {
  it('puts the finalizer on before anything else is done', () => {
    acted(decide(observation({ metadata: { finalizers: [] } })), 'AddFinalizer');
  });

  it('does nothing for an object that goes without our finalizer', () => {
    const gone = observation({ metadata: { finalizers: ['other'], deletionTimestamp: ago(1) } });
    expect(decide(gone)).toEqual({ kind: 'Wait', lookAgainInMs: undefined });
  });

  it('records number, id, array, LUNs and generations of the first attempt before it is started', () => {
    const write = recorded(decide(observation()));
    expect(write.status).toMatchObject({
      attempt: 1,
      operationID: `${UID}.1`,
      operationKind: 'Resync',
      arrayName: 'array-a',
      arrayID: ARRAY_ID,
      pairs: [{ name: 'data', source: { lunID: 'snap-1' }, target: { lunID: 'vol-1', generation: 5 } }],
    });
    expect(reasonIn(write.status)).toBe('Starting');
    expect(write.announcements.map(({ reason }) => reason)).toEqual(['ResyncStarted']);
  });

  it('starts what was recorded, not what is there now', () => {
    const o = observation({ status: intended(), luns: [lun({ generation: 9 })] });
    expect(acted(decide(o), 'Start').request).toMatchObject({
      operationID: `${UID}.1`,
      arrayID: ARRAY_ID,
      kind: 'Resync',
      pairs: [{ sourceLunID: 'snap-1', targetLunID: 'vol-1', ifTargetGeneration: 5 }],
    });
  });

  it('makes the same request however often it is asked', () => {
    const first = acted(decide(observation({ status: intended() })), 'Start').request;
    const later = observation({ status: intended(), now: NOW + 60_000, luns: [lun({ sizeBytes: 1 })] });
    expect(acted(decide(later), 'Start').request).toEqual(first);
  });

  it('records the LUN that the names lead to at the intent, not the one they led to while it waited', () => {
    const waiting = observation({ luns: [lun({ publishedNodes: ['node-1'] })] });
    const write = recorded(decide(waiting));
    const moved = afterWrite(waiting, write, {
      pairs: [pair({ targetLunID: 'vol-2' })],
      view: readView({ lunList: [source(), lun({ id: 'vol-2', generation: 8 })] }),
    });
    expect(recorded(decide(moved)).status.pairs?.[0]?.target).toMatchObject({ lunID: 'vol-2', generation: 8 });
  });

  it('records sizes as they are at the intent, not as they were while it waited', () => {
    const waiting = observation({ luns: [lun({ publishedNodes: ['node-1'], sizeBytes: GiB })] });
    const grown = readView({ lunList: [source(), lun({ sizeBytes: 20 * GiB })] });
    const o = afterWrite(waiting, recorded(decide(waiting)), { view: grown });
    expect(recorded(decide(o)).status.pairs?.[0]?.target?.sizeBytes).toBe(20 * GiB);
  });

  it('keeps sizes as they were before the run through every later attempt', () => {
    const first = observation({ status: intended({}, 1), luns: [lun({ sizeBytes: 20 * GiB })] });
    const dead = recorded(conclude(first, { to: 'Start', answer: stale }));
    const again = recorded(decide(afterWrite(first, dead, { now: NOW + 2_000 })));
    expect(again.status.pairs?.[0]?.target?.sizeBytes).toBe(10 * GiB);
    expect(again.status.attempt).toBe(2);
  });

  it.each([
    ['no generation', { target: { lunID: 'vol-1' } }],
    ['another target', { target: { lunID: 'vol-9', generation: 5 } }],
    ['another source', { source: { lunID: 'snap-9' } }],
  ])('gives up an intent that holds %s instead of starting it', (_, wrong) => {
    const status = intended();
    const [recordedPair] = status.pairs ?? [];
    const o = observation({ status: { ...status, pairs: [{ ...recordedPair, name: 'data', ...wrong }] } });
    expect(acted(decide(o), 'Cancel').operationID).toBe(`${UID}.1`);
  });
});

const stale = {
  kind: 'Refused',
  refusal: 'STALE',
  error: { reason: 'VSS_E_BAD_STATE', message: 'generation 6, not 5', remedy: '', lunID: 'vol-1' },
} as const;
