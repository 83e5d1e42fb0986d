// The six conditions, and what kstatus, which Flux, Helm and Argo CD's health script follow, makes of them.
import { describe, expect, it } from 'vitest';
import type { Condition, DataState } from '../../src/api/lun-resync-status.ts';
import { CONDITION_TYPES } from '../../src/api/names.ts';
import { conditionOf, conditionsFor } from '../../src/core/conditions.ts';
import { REASONS, type ReasonName } from '../../src/core/reasons.ts';

const NAMES = Object.keys(REASONS) as ReasonName[];
const AT = '2026-11-24T10:00:00Z';

const conditions = (reason: ReasonName, over: Partial<Parameters<typeof conditionsFor>[0]> = {}): Condition[] =>
  conditionsFor({
    previous: [],
    generation: 3,
    now: AT,
    reason,
    message: 'words',
    stalled: false,
    dataState: 'Untouched',
    undo: 'NotFinished',
    ...over,
  });

const status = (of: readonly Condition[], type: string): string | undefined => conditionOf(of, type)?.status;

/** kstatus, Compute: the first of Reconciling and Stalled that is True, then Ready. */
function kstatus(of: readonly Condition[]): string {
  for (const { type, status: value } of of) {
    if (type === 'Reconciling' && value === 'True') return 'InProgress';
    if (type === 'Stalled' && value === 'True') return 'Failed';
  }
  return status(of, 'Ready') === 'True' ? 'Current' : 'InProgress';
}

describe('conditions', () => {
  it.each(NAMES)('of %s are all six, and tell the same to everybody', (name) => {
    const of = conditions(name);
    const { kind } = REASONS[name];
    expect(of.map(({ type }) => type)).toEqual([...CONDITION_TYPES]);
    expect(status(of, 'Succeeded')).toBe({ Active: 'Unknown', Success: 'True', Failure: 'False' }[kind]);
    expect(status(of, 'Ready')).toBe(kind === 'Success' ? 'True' : 'False');
    expect(kstatus(of)).toBe({ Active: 'InProgress', Success: 'Current', Failure: 'Failed' }[kind]);
    expect([status(of, 'Reconciling'), status(of, 'Stalled')]).not.toEqual(['True', 'True']);
    expect(of.every(({ observedGeneration }) => observedGeneration === 3)).toBe(true);
  });

  it('of an active run that needs a person are Stalled and not Reconciling', () => {
    const of = conditions('ArrayUnreachable', { stalled: true });
    expect([status(of, 'Reconciling'), status(of, 'Stalled'), status(of, 'Succeeded')]).toEqual([
      'False',
      'True',
      'Unknown',
    ]);
    expect(kstatus(of)).toBe('Failed');
  });

  it('may give Stalled a reason of its own, only while it is True', () => {
    const word = (stalled: boolean): string | undefined =>
      conditionOf(conditions('Cancelling', { stalled, stalledReason: 'ArrayUnreachable' }), 'Stalled')?.reason;
    expect([word(true), word(false)]).toEqual(['ArrayUnreachable', 'Cancelling']);
  });

  it.each<readonly [DataState, Condition['status'], string]>([
    ['Inconsistent', 'False', 'A target is half-written, and the array keeps it from being published'],
    [
      'Unknown',
      'Unknown',
      'The content of a target is not known: somebody else wrote to it, it is gone, or the array did not answer',
    ],
    ['Overwriting', 'False', 'The targets are being overwritten'],
    ['Untouched', 'True', 'No target was changed'],
    ['RolledBack', 'True', 'The targets have the content that they had before the run'],
    ['Copied', 'True', 'The targets have the content of their sources, by word of the array'],
    ['MatchesSource', 'True', 'The targets have the content of their sources, as read back from them'],
  ])('tell by TargetConsistent what %s means for who would mount it', (dataState, expected, message) => {
    const condition = conditionOf(conditions('Copying', { dataState }), 'TargetConsistent');
    expect(condition).toMatchObject({ status: expected, reason: dataState, message });
  });

  it.each([
    ['NotFinished', 'False', 'The run has not finished'],
    [
      'SafetySnapshotsKept',
      'True',
      'A LunResync whose sources are undoOf this one puts the safety snapshots of this run back',
    ],
    ['SafetySnapshotsDeleted', 'False', 'The safety snapshots of this run were deleted'],
    ['NoSafetySnapshots', 'False', 'This run took no safety snapshots'],
  ] as const)('tell by UndoAvailable: %s is %s', (undo, expected, message) => {
    const condition = conditionOf(conditions('Completed', { undo }), 'UndoAvailable');
    expect(condition).toMatchObject({ status: expected, reason: undo, message });
  });

  it('move lastTransitionTime where the status flips and nowhere else', () => {
    const before = conditions('Pending', { now: '2026-11-24T09:00:00Z' });
    const still = conditions('Copying', { previous: before, message: 'other words' });
    expect(new Set(still.map(({ lastTransitionTime }) => lastTransitionTime))).toEqual(
      new Set(['2026-11-24T09:00:00Z']),
    );
    const after = conditions('Completed', { previous: before });
    const moved = after.filter(({ lastTransitionTime }) => lastTransitionTime === AT).map(({ type }) => type);
    expect(moved).toEqual(['Succeeded', 'Ready', 'Reconciling']);
  });

  it('keep their messages within bounds and printable', () => {
    const message = `\u0007${'é'.repeat(600)}`;
    for (const condition of conditions('Pending', { message })) {
      expect(condition.message.length).toBeLessThanOrEqual(512);
      expect(condition.message).toMatch(/^[ -~]*$/);
    }
  });
});
