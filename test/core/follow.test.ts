// An operation of ours runs: what is taken over from it, what is said of it, and when it is looked at again.
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  acted,
  afterWrite,
  ago,
  GiB,
  lun,
  type ObservationInput,
  observation,
  operation,
  pair,
  readView,
  recorded,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';
import { ending, intended, recordedPair, running } from '../support/statuses.ts';
import { told } from '../support/told.ts';

const copying = (over: ObservationInput = {}): Observation =>
  observation({ status: intended(), luns: [targetWith()], operation: operation(), ...over });
const two = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
const back = { kind: 'RollBack', operationID: `${UID}.2` } as const;

describe('an attempt that runs', () => {
  it.each([
    ['one pair', {}, 'Copying: Copying 1 pair, attempt 1'],
    [
      'two pairs',
      { pairs: two, luns: [targetWith(), targetWith({}, { id: 'vol-2' })] },
      'Copying: Copying 2 pairs, attempt 1',
    ],
    ['another step', { operation: operation({ step: 'Resizing' }) }, 'Resizing: Resizing 1 pair, attempt 1'],
    [
      'a record of another operation',
      { operation: operation({ step: 'Resizing', operationID: `${UID}.9` }) },
      'Copying: Copying 1 pair, attempt 1',
    ],
  ])('is told with its step, its pairs and its number: %s', (_, input, words) => {
    expect(told(decide(copying(input)))).toBe(words);
  });

  it('has no time of a next attempt, and nothing to announce', () => {
    const write = recorded(decide(copying({ status: intended({ retryTime: ago(1) }) })));
    expect(write.status).not.toHaveProperty('retryTime');
    expect(write.announcements).toEqual([]);
  });

  it.each([
    [1_000, 10_000, 5_000],
    [1_000, 2_000, 2_000],
    [3_000, 1_000, 3_000],
  ])(
    'polled every %s ms and shown every %s ms is looked at after %s ms',
    (pollIntervalMs, progressIntervalMs, next) => {
      const settings = { ...observation().settings, pollIntervalMs, progressIntervalMs };
      const o = { ...copying(), settings };
      const write = recorded(decide(o));
      expect(write.lookAgainInMs).toBe(next);
      expect(decide(afterWrite(o, write))).toEqual({ kind: 'Wait', lookAgainInMs: next });
    },
  );
});

describe('a roll-back that runs', () => {
  const rolling = (over: Parameters<typeof running>[0]): Observation =>
    copying({
      status: running({ operationID: `${UID}.2`, operationKind: 'RollBack', attempt: 2, ...over }),
      luns: [targetWith(back)],
      operation: operation(back),
    });

  it.each([
    ['why', { ending: ending('NoProgress') }, ': the run ends with NoProgress'],
    ['no reason where none is on record', {}, ''],
  ])('is told with %s', (_, status, why) => {
    expect(told(decide(rolling(status)))).toBe(`RollingBack: Putting the safety snapshots back${why}`);
  });
});

describe('progress', () => {
  const shown = { percent: 50, copiedBytes: 5 * GiB, totalBytes: 10 * GiB, lastUpdateTime: ago(60) };

  it('is written at once when the run is first seen running', () => {
    const { startTime: _, ...status } = running({ progress: { ...shown, lastUpdateTime: ago(0) } });
    expect(recorded(decide(copying({ status }))).status.startTime).toBe('2026-11-24T10:00:00Z');
  });

  it.each([
    ['no progress was written yet', {}],
    ['the last one has no time', { progress: { percent: 40 } }],
    ['the last one is an interval old', { progress: { percent: 40, lastUpdateTime: ago(10) } }],
  ])('is written when %s', (_, status) => {
    expect(recorded(decide(copying({ status: running(status) }))).status.progress?.percent).toBe(50);
  });

  it('is not written while the last one is younger than the interval', () => {
    const status = running({ progress: { percent: 40, lastUpdateTime: ago(9) } });
    expect(decide(copying({ status }))).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
  });

  it('is written to a status that has lost its conditions', () => {
    const { conditions: _, ...status } = running({ progress: shown });
    expect(told(decide(copying({ status })))).toBe('Copying: Copying 1 pair, attempt 1');
  });
});

describe('a status that does not know what runs', () => {
  it('takes over the operation with the generations of its own runs only, and tells nobody', () => {
    const second = { operationID: `${UID}.2`, intentGeneration: 8 };
    const luns = [
      targetWith(second),
      targetWith({ outcome: 'Failed', intentGeneration: 4 }, { id: 'vol-2' }),
      lun({ id: 'vol-3' }),
    ];
    const pairs = [...two, pair({ name: 'wal', sourceLunID: 'snap-3', targetLunID: 'vol-3' })];
    const known = pairs.map(({ name, targetLunID }) =>
      recordedPair({ name, target: { lunID: targetLunID, generation: 5 } }),
    );
    const o = copying({ status: intended({ pairs: known }), luns, pairs, operation: operation(second) });
    const write = recorded(decide(o));
    expect(write).toMatchObject({ announcements: [], lookAgainInMs: 0 });
    expect(write.status).toMatchObject({ attempt: 2, operationID: `${UID}.2`, operationKind: 'Resync' });
    expect(write.status.pairs?.map(({ target }) => target?.generation)).toEqual([8, 5, 5]);
  });

  it('learns that it is a roll-back', () => {
    const status = running({ operationID: `${UID}.2`, operationKind: 'Resync', attempt: 2 });
    const o = copying({ status, luns: [targetWith(back)], operation: operation(back) });
    expect(recorded(decide(o)).status).toMatchObject({ operationID: `${UID}.2`, operationKind: 'RollBack' });
  });

  it.each([
    ['', 0],
    ['other.1', 1],
  ])('only shows what has no id to be recorded: "%s"', (operationID, attempt) => {
    const view = readView({ lunList: [source(), targetWith({ operationID })] });
    const write = recorded(decide(observation({ view })));
    expect(write.lookAgainInMs).toBe(5_000);
    expect(write.status).not.toHaveProperty('operationID');
    expect(told(write)).toBe(`Copying: Copying 1 pair, attempt ${attempt}`);
  });

  it('makes an attempt dead that it has recorded since', () => {
    const cancel = acted(decide(copying({ status: intended({}, 2) })), 'Cancel');
    expect(cancel).toMatchObject({ operationID: `${UID}.2`, targetLunIDs: ['vol-1'] });
  });
});
