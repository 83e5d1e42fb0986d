// What is said while the array gives no answer, or another one answers, and to whom.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { Lun } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  afterWrite,
  ago,
  conditionIn,
  type ObservationInput,
  observation,
  pair,
  readView,
  reasonIn,
  recorded,
  targetWith,
  UID,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, intended, running } from '../support/statuses.ts';
import { told } from '../support/told.ts';

const away = (over: ObservationInput = {}): Observation =>
  observation({ status: running(), view: UNREACHABLE, ...over });
const deleted = { metadata: { deletionTimestamp: ago(1) } };
const NO_ANSWER = 'Array array-a gives no answer';
const SILENT = `${NO_ANSWER}: the call ended with UNAVAILABLE`;

describe('an array that gives no answer', () => {
  const unresolved = { state: 'unresolved' } as const;
  const lost = pair({ name: 'logs', problem: { reason: 'ObjectNotFound', message: 'claim logs does not exist' } });
  const gone = { reason: 'BadState', message: 'StorageArray array-a does not exist' } as const;
  const status = running({ arrayName: 'array-a' });

  const missing = { state: 'missing', final: false, problem: gone } as const;

  it.each([
    ['the call that failed', {}, SILENT],
    ['a StorageArray that is gone', { view: unresolved, array: missing }, `${NO_ANSWER}: ${gone.message}`],
    [
      'a name that leads nowhere',
      { view: unresolved, pairs: [pair(), lost] },
      `${NO_ANSWER}: claim logs does not exist`,
    ],
    ['nothing yet', { view: unresolved }, `${NO_ANSWER}: it has not been asked yet`],
  ])('is told with %s', (_, input, message) => {
    const decision = decide(away({ status, ...input }));
    expect(told(decision)).toBe(`ArrayUnreachable: ${message}`);
    expect(recorded(decision).status.waitingSince).toBe('2026-11-24T10:00:00.000Z');
    expect(recorded(decision).announcements).toEqual([]);
  });

  it.each([
    ['is recorded', running(), 'ArrayUnreachable'],
    ['is over', failed(), 'Suspended'],
  ])('holds a suspended run whose attempt %s', (_, before, reason) => {
    expect(reasonIn(recorded(decide(away({ status: before, spec: { suspend: true } }))).status)).toBe(reason);
  });

  it('ends the run later, for what is on record or what wants it now', () => {
    const cancelled = recorded(decide(away({ spec: { cancel: true } })));
    expect(told(cancelled)).toBe(`Cancelling: ${SILENT}. The run ends when it answers (Cancelled)`);
    expect(cancelled.status.ending?.reason).toBe('Cancelled');
    expect(cancelled.status.waitingSince).toBeDefined();
    expect(cancelled.announcements).toEqual([]);

    const recordedEnding = ending('NoProgress');
    const before = recorded(decide(away({ status: running({ ending: recordedEnding }), spec: { cancel: true } })));
    expect(told(before)).toBe(`Cancelling: ${SILENT}. The run ends when it answers (NoProgress)`);
    expect(before.status.ending).toEqual(recordedEnding);
  });
});

describe('a deletion that is held back', () => {
  const warnings = (o: Observation): unknown => recorded(decide(o)).announcements;
  const note = (why: string): string => `${why}. If it never will, set spec.abandoned of StorageArray array-a`;

  it('is told once, with the way out', () => {
    const o = away(deleted);
    const first = recorded(decide(o));
    const why = `${SILENT}. The run ends when it answers (Cancelled)`;
    expect(first.announcements).toEqual([
      { type: 'Warning', reason: 'DeletionHeldBack', action: 'Delete', note: note(why) },
    ]);
    const view = { ...UNREACHABLE, message: 'the call ended with DEADLINE_EXCEEDED' };
    expect(warnings(afterWrite(o, first, { view }))).toEqual([]);
  });

  it('is told of a run that was stalled before it was deleted', () => {
    const stalled = recorded(decide(away({ unreachableMs: 300_000 }))).status;
    expect(warnings(away({ ...deleted, status: stalled }))).toMatchObject([{ reason: 'DeletionHeldBack' }]);
  });

  it('is told of a run that was ending before the array went away', () => {
    const status = running({ ending: ending('Cancelled') });
    expect(warnings(away({ ...deleted, status }))).toMatchObject([{ reason: 'DeletionHeldBack' }]);
  });
});

describe('another array behind the endpoint', () => {
  const elsewhere = 'StorageArray array-a leads to array array-2, the run began on array array-1';
  const at = (status: LunResyncStatus, over: ObservationInput = {}, luns: readonly Lun[] = []): Decision => {
    const view = readView({ lunList: luns });
    return decide(
      observation({ status, ...over, view: { ...view, identity: { ...view.identity, arrayID: 'array-2' } } }),
    );
  };

  it.each([
    ['nothing was accepted', { startTime: undefined, dataState: undefined }],
    ['nothing was written', { dataState: 'Untouched' }],
    ['everything was put back', { dataState: 'RolledBack' }],
  ] as const)('ends a run between two attempts when %s', (_, status) => {
    const decision = at(failed(status));
    expect(recorded(decision).ended).toBe('ArrayChanged');
    expect(told(decision)).toBe(
      `ArrayChanged: ${elsewhere}. Point spec.endpoint back at the array, or create a new LunResync.`,
    );
  });

  it('ends it with what it was ending for', () => {
    expect(recorded(at(failed({ dataState: 'Untouched' }), { spec: { cancel: true } })).ended).toBe('Cancelled');
  });

  it.each([
    ['one that may be at work', running(), [], 'where an attempt may be at work'],
    ['half-written targets', failed({ dataState: 'Inconsistent' }), [], 'where its targets have to be put right'],
    [
      'runs of its own there',
      failed({ dataState: 'Untouched' }),
      [targetWith({ outcome: 'Failed' })],
      'where its targets have to be put right',
    ],
  ])('holds a run that has %s', (_, status, luns, more) => {
    const decision = at(status, {}, luns);
    expect(recorded(decision).ended).toBeUndefined();
    expect(told(decision)).toBe(`ArrayUnreachable: ${elsewhere}, ${more}`);
    expect(recorded(decision).status.waitingSince).toBeDefined();
    expect(conditionIn(recorded(decision).status, 'Stalled')?.status).toBe('True');
  });

  it('holds the end of a run back, and tells a deletion of it', () => {
    const decision = at(running(), deleted);
    const message = `${elsewhere}, where an attempt may be at work`;
    expect(told(decision)).toBe(`Cancelling: ${message}`);
    expect(recorded(decision).status.ending?.reason).toBe('Cancelled');
    expect(recorded(decision).announcements).toMatchObject([
      { note: expect.stringContaining(`${message}. If it never`) },
    ]);
  });
});

describe('an array that is abandoned', () => {
  const letGo = (status: LunResyncStatus | undefined): Decision =>
    decide(observation({ ...deleted, policy: { abandoned: true }, ...(status === undefined ? {} : { status }) }));

  it.each([
    ['the operation and its LUNs', intended(), `operation ${UID}.1 on LUNs vol-1`],
    ['the LUNs that are on record', failed({ pairs: [{ name: 'data' }] }), 'operation (none) on LUNs (none)'],
    ['nothing where nothing is on record', undefined, 'operation (none) on LUNs (none)'],
  ])('is let go of with a Warning that names %s', (_, status, what) => {
    const note = `StorageArray array-a is abandoned: let go of ${what} without the word of the array`;
    const announcements = [{ type: 'Warning', reason: 'Abandoned', action: 'Delete', note }];
    expect(letGo(status)).toEqual({ kind: 'Act', action: { kind: 'RemoveFinalizer', announcements } });
  });
});
