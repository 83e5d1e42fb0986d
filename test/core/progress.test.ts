// A running operation: what is shown of it, and how often.
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/api/lun-resync-status.ts';
import type { Operation, Step } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import { completeProgress, progressOf } from '../../src/core/progress.ts';
import {
  afterWrite,
  ago,
  conditionIn,
  GiB,
  NOW,
  type ObservationInput,
  observation,
  operation,
  readView,
  reasonIn,
  recorded,
  safetySnapshot,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';
import { failed, intended, running } from '../support/statuses.ts';

const copying = (over: ObservationInput = {}): Observation =>
  observation({ status: running(), luns: [targetWith()], operation: operation(), ...over });
const bytes = (copiedBytes: number, totalBytes = 10 * GiB): Operation =>
  operation({
    pairs: [{ sourceLunID: 'snap-1', targetLunID: 'vol-1', copiedBytes, totalBytes, safetySnapshotID: '' }],
  });
/** The next look, with other bytes, so many seconds later. */
const later = (o: Observation, seconds: number, copiedBytes: number): Observation => ({
  ...o,
  now: o.now + seconds * 1000,
  view: readView({ lunList: [source(), targetWith()], operation: bytes(copiedBytes) }),
});

describe('a running operation', () => {
  it.each([
    ['Accepted', 'Starting'],
    ['Snapshotting', 'Snapshotting'],
    ['Resizing', 'Resizing'],
    ['Copying', 'Copying'],
    ['Verifying', 'Verifying'],
  ] as const)('in step %s is shown as %s', (step: Step, reason) => {
    const { status } = recorded(decide(copying({ status: intended(), operation: operation({ step }) })));
    expect(reasonIn(status)).toBe(reason);
    expect(status.startTime).toBe('2026-11-24T10:00:00Z');
    expect(conditionIn(status, 'TargetConsistent')).toMatchObject({ status: 'False', reason: 'Overwriting' });
  });

  it('is shown with its bytes in words that fit into a table', () => {
    const { status } = recorded(decide(copying({ status: intended() })));
    expect(status.progress).toMatchObject({
      percent: 50,
      copiedBytes: 5 * GiB,
      totalBytes: 10 * GiB,
      display: '50% of 10 GiB',
    });
    expect(status.pairs?.[0]).toMatchObject({ state: 'Copying', copiedBytes: 5 * GiB, safetySnapshotID: 'safe-1' });
  });

  it('without a record at the array is shown as copying and waited for', () => {
    const o = observation({ status: intended(), luns: [targetWith()] });
    const write = recorded(decide(o));
    expect(reasonIn(write.status)).toBe('Copying');
    expect(decide(afterWrite(o, write)).kind).toBe('Wait');
  });
});

describe('progress', () => {
  const first = copying({ status: intended() });
  const shown = afterWrite(first, recorded(decide(first)));

  it('is not written again within the progress interval', () => {
    expect(decide(later(shown, 9, 8 * GiB)).kind).toBe('Wait');
  });

  it('is written after the interval when it has moved by a percent, with the speed and the time left', () => {
    const { status } = recorded(decide(later(shown, 10, 6 * GiB)));
    expect(status.progress).toMatchObject({
      percent: 60,
      bytesPerSecond: Math.round(GiB / 10),
      estimatedCompletionTime: '2026-11-24T10:00:50Z',
    });
  });

  it('is not written when it has moved by less than a percent', () => {
    expect(decide(later(shown, 60, 5 * GiB + 1)).kind).toBe('Wait');
  });

  it('is written after the interval when the step has changed', () => {
    const view = readView({ lunList: [source(), targetWith()], operation: operation({ step: 'Verifying' }) });
    expect(reasonIn(recorded(decide({ ...shown, now: NOW + 10_000, view })).status)).toBe('Verifying');
  });

  it('never goes back within an attempt, whatever the array reports', () => {
    const write = recorded(decide(later(shown, 10, 8 * GiB)));
    const next = afterWrite(shown, write);
    const { status } = recorded(
      decide({
        ...later(next, 30, 1 * GiB),
        resync: { ...next.resync, metadata: { ...next.resync.metadata, generation: 2 } },
      }),
    );
    expect(status.progress?.percent).toBe(80);
    expect(status.pairs?.[0]?.copiedBytes).toBe(8 * GiB);
  });

  it('begins anew with another attempt', () => {
    const again = observation({
      status: failed({
        progress: { percent: 80, copiedBytes: 8 * GiB, totalBytes: 10 * GiB, lastUpdateTime: ago(50) },
      }),
      luns: [targetWith({ outcome: 'Interrupted' }), safetySnapshot()],
    });
    const intent = recorded(decide(again));
    expect(intent.status.progress).toBeUndefined();
    expect(intent.status.pairs?.[0]?.copiedBytes).toBeUndefined();
    const second = { operationID: `${UID}.2` };
    const view = readView({
      lunList: [source(), targetWith(second)],
      operation: operation({ ...second, pairs: bytes(GiB).pairs }),
    });
    expect(recorded(decide(afterWrite(again, intent, { view }))).status.progress?.percent).toBe(10);
  });

  it('of more than all bytes is all bytes, and of no bytes none', () => {
    const of = (copied: number, total: number): Progress | undefined =>
      recorded(decide(copying({ status: intended(), operation: bytes(copied, total) }))).status.progress;
    expect(of(20 * GiB, 10 * GiB)?.percent).toBe(100);
    expect(of(0, 0)).toMatchObject({ percent: 0, display: '0% of 0 B' });
  });

  const before: Progress = {
    percent: 50,
    copiedBytes: 5 * GiB,
    totalBytes: 10 * GiB,
    lastUpdateTime: ago(10),
    bytesPerSecond: 7,
    display: '50% of 10 GiB',
  };
  const next = (copied: number, total = 10 * GiB, previous: Progress = before): Progress =>
    progressOf({ previous, operation: bytes(copied, total), now: NOW });

  it('is the very same while nothing moves', () => {
    expect(next(5 * GiB)).toBe(before);
    expect(next(4 * GiB)).toBe(before);
    expect(next(5 * GiB, 20 * GiB)).toEqual({
      percent: 25,
      copiedBytes: 5 * GiB,
      totalBytes: 20 * GiB,
      lastUpdateTime: '2026-11-24T10:00:00.000Z',
      display: '25% of 20 GiB',
    });
  });

  it('tells no speed without a time to measure it by', () => {
    expect(next(6 * GiB)).toMatchObject({ bytesPerSecond: Math.round(GiB / 10) });
    for (const lastUpdateTime of [undefined, ago(0), ago(-5)])
      expect(next(6 * GiB, 10 * GiB, { ...before, lastUpdateTime })).not.toHaveProperty('bytesPerSecond');
  });

  it('estimates no end that is more than a year away', () => {
    const slow = next(5 * GiB + 10);
    expect(slow).toMatchObject({ bytesPerSecond: 1, estimatedCompletionTime: '2027-11-24T10:00:00Z' });
  });

  it('of a success is everything, at the last speed that was seen', () => {
    const all = {
      percent: 100,
      copiedBytes: 10 * GiB,
      totalBytes: 10 * GiB,
      lastUpdateTime: '2026-11-24T10:00:00.000Z',
      display: '100% of 10 GiB',
    };
    expect(completeProgress(before, 10 * GiB, NOW)).toEqual({ ...all, bytesPerSecond: 7 });
    const { bytesPerSecond: _, ...unmeasured } = before;
    for (const previous of [undefined, unmeasured])
      expect(completeProgress(previous, 10 * GiB, NOW)).toStrictEqual(all);
  });
});
