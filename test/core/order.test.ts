// Which rule decides: an outcome that is written, the finalizer, the array, the LUNs' runs, and then the status.
import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/api/lun-resync-status.ts';
import { decide, isFinished } from '../../src/core/decide.ts';
import {
  acted,
  ago,
  lun,
  observation,
  operation,
  pair,
  recorded,
  run,
  safetySnapshot,
  settle,
  source,
  targetWith,
  UID,
} from '../support/observations.ts';
import { ending, failed, intended, recordedPair, running, showing } from '../support/statuses.ts';
import { told } from '../support/told.ts';

const second = { name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' };

describe('a run', () => {
  const succeeded = (status: Condition['status'], type = 'Succeeded'): Condition[] => [
    { type, status, reason: 'Odd', message: '', lastTransitionTime: ago(1) },
  ];

  it.each([
    ['a completion time', { completionTime: ago(1) }, true],
    ['the condition Succeeded as True', { conditions: succeeded('True') }, true],
    ['the condition Succeeded as False', { conditions: succeeded('False') }, true],
    ['the condition Succeeded as Unknown', { conditions: succeeded('Unknown') }, false],
    ['another condition as True', { conditions: succeeded('True', 'Reconciling') }, false],
    ['no status', {}, false],
  ])('with %s is finished: %s', (_, status, finished) => {
    expect(isFinished(observation({ status }))).toBe(finished);
  });
});

describe('an object', () => {
  it.each([[undefined], [[]], [['other']]])('with the finalizers %j gets ours first', (finalizers) => {
    acted(decide(observation({ metadata: { finalizers } })), 'AddFinalizer');
  });

  it('that names an array without an attempt on it may begin on any', () => {
    expect(recorded(decide(observation({ status: { arrayID: 'array-2' } }))).status.attempt).toBe(1);
  });

  it('that has lost the name of its array goes on with the one that answers', () => {
    const { arrayID: _, ...status } = intended();
    expect(told(decide(observation({ status, luns: [targetWith()] })))).toBe('Copying: Copying 1 pair, attempt 1');
  });

  it('whose names lead to half of its LUNs only waits for the rest', () => {
    const problem = { reason: 'ObjectNotFound', message: 'claim logs does not exist' } as const;
    const pairs = [pair(), pair({ ...second, problem })];
    const ended = observation({ status: failed(), pairs, luns: [targetWith({ outcome: 'Failed' })] });
    expect(told(decide(ended))).toBe('ArrayUnreachable: Array array-a gives no answer: claim logs does not exist');
    const runs = observation({ status: intended(), pairs, luns: [targetWith()] });
    expect(told(decide(runs))).toBe('Copying: Copying 2 pairs, attempt 1');
  });

  it('goes by no run on a LUN that its names do not lead to', () => {
    const problem = { reason: 'ObjectNotFound', message: 'claim data does not exist' } as const;
    const o = observation({ status: intended(), pairs: [pair({ problem })], luns: [targetWith()] });
    expect(told(decide(o))).toBe('ArrayUnreachable: Array array-a gives no answer: claim data does not exist');
  });

  it('sends an attempt whose id has no number as long as the LUNs know of none', () => {
    const o = observation({ status: intended({ operationID: 'odd' }) });
    expect(acted(decide(o), 'Start').request.operationID).toBe('odd');
  });

  it.each([
    ['Unrecognized', 'Resync'],
    ['RolledBack', 'Resync'],
    ['Unrecognized', 'RollBack'],
  ] as const)('whose operation ended as %s of a %s says so', (outcome, kind) => {
    const luns = [targetWith({ outcome, kind }, { state: 'Online' })];
    expect(told(decide(observation({ status: running(), luns })))).toBe(
      `ArrayContractViolation: operation ${UID}.1 ended with an outcome that it cannot have: ${outcome}. Report the message to the vendor of the array.`,
    );
  });
});

describe('a run that succeeds without an operation', () => {
  it('tells that it was done before', () => {
    const done = run({ owner: `cluster/shop/other/uid`, runID: 'nightly', outcome: 'Succeeded' });
    const o = observation({ spec: { runID: 'nightly' }, luns: [lun({ runs: [done] })] });
    expect(told(decide(o))).toBe('AlreadyCompleted: Run nightly had been done on all targets before; nothing was done');
    // An intent on record may be at work: it is finished, not forgotten.
    acted(
      decide(observation({ spec: { runID: 'nightly' }, luns: [lun({ runs: [done] })], status: intended() })),
      'Start',
    );
  });

  it('tells how long its plan is', () => {
    const one = decide(observation({ spec: { mode: 'Plan' } }));
    expect(recorded(one).status.plan).toHaveLength(1);
    expect(told(one)).toBe('Planned: All checks passed; nothing was changed, and status.plan has 1 step');
    const luns = [lun(), lun({ id: 'vol-2' }), source({ id: 'snap-2' })];
    const two = decide(observation({ spec: { mode: 'Plan' }, pairs: [pair(), pair(second)], luns }));
    expect(recorded(two).status.plan).toHaveLength(2);
    expect(told(two)).toMatch(/status\.plan has 2 steps$/);
  });
});

describe('a recorded attempt', () => {
  it('is made dead only after it is written down that the LUNs of an earlier success disagree', () => {
    const pairs = [pair(), pair(second)];
    const luns = [targetWith({ outcome: 'Succeeded' }), targetWith({ outcome: 'Failed' }, { id: 'vol-2' })];
    const logs = recordedPair({ name: 'logs', target: { lunID: 'vol-2', generation: 5 } });
    const o = observation({ status: intended({ pairs: [recordedPair(), logs] }, 2), pairs, luns });
    expect(recorded(decide(o)).status.ending).toMatchObject({ reason: 'TargetChanged' });
    acted(settle(o).decision, 'Cancel');
  });

  describe('of which the array has a record and the LUNs have no run', () => {
    const words = `the array has operation ${UID}.1, but its targets have no run of it`;

    it('is ended at the array while it runs', () => {
      expect(told(decide(observation({ status: intended(), operation: operation() })))).toBe(
        `Cancelling: Ending the attempt at the array: ${words}`,
      );
      const status = intended({ ending: ending('Cancelled') });
      acted(decide(observation({ status, operation: operation() })), 'Cancel');
    });

    it.each([
      ['why', {}, 'ArrayContractViolation'],
      ['for what was on record', { ending: ending('NoProgress') }, 'NoProgress'],
    ] as const)('is let go of when it is over, and the run ends with %s', (_, status, reason) => {
      const o = observation({ status: intended(status), operation: operation({ outcome: 'Failed' }) });
      const write = recorded(decide(o));
      expect(told(write)).toBe(`Finishing: ${words}`);
      expect(write).toMatchObject({ announcements: [], lookAgainInMs: 0, status: { ending: { reason } } });
      expect(write.status).not.toHaveProperty('operationID');
      expect(write.status).not.toHaveProperty('operationKind');
    });
  });
});

describe('a recorded roll-back', () => {
  const wreck = [targetWith({ outcome: 'Failed' }), safetySnapshot()];
  const rolling = (rollBackFailures: number, retryTime?: string): ReturnType<typeof failed> =>
    failed({
      ...showing('RollingBack'),
      ending: ending('NoProgress'),
      operationID: `${UID}.2`,
      operationKind: 'RollBack',
      attempt: 2,
      rollBackFailures,
      retryTime,
    });

  it('is sent as often as the limit says, and then made dead', () => {
    acted(decide(observation({ status: rolling(3), luns: wreck })), 'Start');
    acted(decide(observation({ status: rolling(4), luns: wreck })), 'Cancel');
  });

  it('is made dead at once when there is nothing to put back', () => {
    const o = observation({ status: rolling(1, ago(-60)), luns: [targetWith({ outcome: 'Failed' })] });
    acted(decide(o), 'Cancel');
  });
});
