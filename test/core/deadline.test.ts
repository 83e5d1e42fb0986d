// spec.activeDeadlineSeconds: what counts against it, and that a decision does not sleep past it.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { activeMs, withinDeadline } from '../../src/core/deadline.ts';
import { ago, NOW, observation } from '../support/observations.ts';

describe('the active time', () => {
  it.each<[string, LunResyncStatus, number]>([
    ['is none before the first acceptance', { pausedSince: ago(5), pausedSeconds: 5 }, 0],
    ['begins with it', { startTime: ago(60) }, 60_000],
    ['has no pauses in it', { startTime: ago(60), pausedSeconds: 20 }, 40_000],
    ['stands still in a pause', { startTime: ago(60), pausedSince: ago(15), pausedSeconds: 20 }, 25_000],
  ])('%s', (_, status, ms) => {
    expect(activeMs(status, NOW)).toBe(ms);
  });
});

describe('a decision', () => {
  const o = observation({ spec: { activeDeadlineSeconds: 100 } });
  const after = (status: LunResyncStatus, lookAgainInMs: number | undefined, seen = o): number | undefined => {
    const decision = withinDeadline(seen, { kind: 'Record', status, announcements: [], lookAgainInMs });
    return decision.kind === 'Act' ? undefined : decision.lookAgainInMs;
  };

  it.each<[string, LunResyncStatus, number | undefined, number | undefined]>([
    ['is looked at when the deadline comes', { startTime: ago(99) }, 5_000, 1_000],
    ['that would never be looked at is, when the deadline comes', { startTime: ago(99) }, undefined, 1_000],
    ['is looked at earlier where it asks for that', { startTime: ago(99) }, 500, 500],
    ['keeps its time at the deadline', { startTime: ago(100) }, 5_000, 5_000],
    ['keeps its time after the deadline', { startTime: ago(101) }, 5_000, 5_000],
    ['keeps its time before the first acceptance', {}, 200_000, 200_000],
    ['keeps its time in a pause', { startTime: ago(99), pausedSince: ago(9) }, 200_000, 200_000],
    ['keeps its time once the run has ended', { startTime: ago(99), completionTime: ago(1) }, 5_000, 5_000],
    [
      'keeps its time once the run is ending',
      { startTime: ago(99), ending: { reason: 'NoProgress', message: 'because', hresult: 'VSS_E_UNEXPECTED' } },
      5_000,
      5_000,
    ],
  ])('%s', (_, status, asked, next) => {
    expect(after(status, asked)).toBe(next);
  });

  it('keeps its time where there is no deadline', () => {
    expect(after({ startTime: ago(99) }, undefined, observation())).toBeUndefined();
  });

  it('that waits goes by the status that was seen', () => {
    const started = observation({ spec: { activeDeadlineSeconds: 100 }, status: { startTime: ago(99) } });
    expect(withinDeadline(started, { kind: 'Wait', lookAgainInMs: 5_000 })).toEqual({
      kind: 'Wait',
      lookAgainInMs: 1_000,
    });
    const act = { kind: 'Act', action: { kind: 'AddFinalizer' } } as const;
    expect(withinDeadline(started, act)).toEqual(act);
  });
});
