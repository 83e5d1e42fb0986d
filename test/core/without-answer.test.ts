// The array gives no answer, or another one answers: nothing terminal is written while an attempt may be at work.
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  acted,
  afterWrite,
  ago,
  conditionIn,
  type ObservationInput,
  observation,
  readView,
  reasonIn,
  recorded,
  settle,
  source,
  targetWith,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, intended, running } from '../support/statuses.ts';

const away = (over: ObservationInput = {}): Observation =>
  observation({ status: running(), view: UNREACHABLE, ...over });

describe('an array that gives no answer', () => {
  it('is waited for, and what was known of the data stays', () => {
    const { status } = recorded(decide(away({ status: running({ dataState: 'Overwriting' }) })));
    expect(reasonIn(status)).toBe('ArrayUnreachable');
    expect(status.dataState).toBe('Overwriting');
    expect(conditionIn(status, 'Stalled')?.status).toBe('False');
    expect(conditionIn(status, 'TargetConsistent')?.status).toBe('False');
  });

  it('calls for a person after five minutes', () => {
    const stalled = (unreachableMs: number): string | undefined =>
      conditionIn(recorded(decide(away({ unreachableMs }))).status, 'Stalled')?.status;
    expect([stalled(299_999), stalled(300_000)]).toEqual(['False', 'True']);
  });

  it('calls for a person at once when it does not let us in', () => {
    const view = { state: 'unread', cause: 'Unauthenticated', message: 'UNAUTHENTICATED' } as const;
    expect(conditionIn(recorded(decide(away({ view }))).status, 'Stalled')?.status).toBe('True');
  });

  it.each([
    ['is cancelled', { spec: { cancel: true } }, 'Cancelling'],
    ['has passed its deadline', { spec: { activeDeadlineSeconds: 60 } }, 'Cancelling'],
    ['is deleted', { metadata: { deletionTimestamp: ago(1) } }, 'Cancelling'],
    ['ends already', { status: running({ ending: ending('NoProgress') }) }, 'Cancelling'],
    ['is rolled back', { status: running({ operationKind: 'RollBack', ending: ending('NoProgress') }) }, 'RollingBack'],
    ['is cancelled between two attempts', { spec: { cancel: true }, status: failed() }, 'Cancelling'],
  ] as const)('keeps a run that %s from ending, and says so', (_, input, reason) => {
    const write = recorded(decide(away(input)));
    expect(write.ended).toBeUndefined();
    expect(reasonIn(write.status)).toBe(reason);
    expect(conditionIn(write.status, 'Stalled')).toMatchObject({ status: 'True', reason: 'ArrayUnreachable' });
    expect(conditionIn(write.status, 'Reconciling')?.status).toBe('False');
    expect(write.status.ending).toBeDefined();
    expect(decide(afterWrite(away(input), write))).toEqual({ kind: 'Wait', lookAgainInMs: 5_000 });
  });

  it('holds a deletion back with one Warning', () => {
    const o = away({ metadata: { deletionTimestamp: ago(1) } });
    const write = recorded(decide(o));
    expect(write.announcements).toMatchObject([{ type: 'Warning', reason: 'DeletionHeldBack' }]);
    expect(write.announcements[0]?.note).toContain('spec.abandoned');
    const view = { ...UNREACHABLE, message: 'the call ended with DEADLINE_EXCEEDED' };
    const again = decide(afterWrite(o, write, { view }));
    expect(recorded(again).announcements).toEqual([]);
  });

  it('is as good as a StorageArray that is gone', () => {
    const problem = { reason: 'BadState', message: 'StorageArray array-a does not exist' } as const;
    const o = away({ array: { state: 'missing', final: false, problem }, view: { state: 'unresolved' } });
    const { status, ended } = recorded(decide(o));
    expect(ended).toBeUndefined();
    expect(conditionIn(status, 'Succeeded')?.message).toContain('does not exist');
  });

  it('ends nothing of which only the id of an attempt is known', () => {
    const { attempt: _, ...status } = intended();
    expect(recorded(decide(away({ status, spec: { cancel: true } }))).ended).toBeUndefined();
  });
});

describe('another array behind the endpoint', () => {
  const view = readView();
  const other = { ...view, identity: { ...view.identity, arrayID: 'array-2' } };
  const at = (over: ObservationInput): Observation => observation({ view: other, ...over });
  const { operationID: _id, operationKind: _kind, ...dead } = intended();

  it('gets no call, and proves nothing about an attempt', () => {
    for (const input of [
      { status: running() },
      { status: intended() },
      { status: running(), spec: { cancel: true } },
    ]) {
      const { status, ended } = recorded(decide(at(input)));
      expect(ended).toBeUndefined();
      expect(status.operationID).toBeDefined();
      expect(conditionIn(status, 'Stalled')?.status).toBe('True');
      expect(conditionIn(status, 'Succeeded')?.message).toContain('leads to array array-2');
    }
  });

  it('ends a run whose attempts are all dead and have changed nothing', () => {
    expect(recorded(decide(at({ status: dead }))).ended).toBe('ArrayChanged');
    expect(recorded(decide(at({ status: failed({ dataState: 'Untouched' }) }))).ended).toBe('ArrayChanged');
  });

  it('does not end a run that has left a target half-written on the other one', () => {
    const { status, ended } = recorded(decide(at({ status: failed({ dataState: 'Inconsistent' }) })));
    expect(ended).toBeUndefined();
    expect(conditionIn(status, 'Succeeded')?.message).toContain('targets have to be put right');
  });

  it('changes nothing of what was known of the data', () => {
    const lunList = [source(), targetWith({ outcome: 'Succeeded' })];
    const liar = { ...other, luns: readView({ lunList }).luns };
    const { status } = recorded(decide(observation({ view: liar, status: running({ dataState: 'Overwriting' }) })));
    expect(status.dataState).toBe('Overwriting');
  });

  it('is no obstacle once the endpoint leads back', () => {
    const write = recorded(decide(at({ status: intended(), spec: { cancel: true } })));
    acted(settle(afterWrite(at({ status: intended(), spec: { cancel: true } }), write, { view })).decision, 'Cancel');
  });
});
