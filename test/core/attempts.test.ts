// An attempt or a roll-back is over without success: what is counted, what is told, and what follows.
import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import { observation, pair, recorded, safetySnapshot, source, targetWith, UID } from '../support/observations.ts';
import { ending, failed, recordedPair, running } from '../support/statuses.ts';
import { told } from '../support/told.ts';

type Status = Parameters<typeof failed>[0];
const back = { kind: 'RollBack', operationID: `${UID}.2` } as const;
const interrupted = (attempt: number): string =>
  `operation ${UID}.${attempt} was interrupted by a restart of the array`;

describe('an attempt without success', () => {
  const luns = [targetWith({ outcome: 'Interrupted' }), safetySnapshot()];

  it('is told and announced, and followed by another one after the back-off', () => {
    const write = recorded(decide(observation({ status: running({ failures: 1 }), luns })));
    const note = `Attempt 1 failed: ${interrupted(1)}`;
    expect(told(write)).toBe(`RetryBackoff: ${note}; the next one starts in 20 s`);
    expect(write.announcements).toEqual([{ type: 'Warning', reason: 'AttemptFailed', action: 'Retry', note }]);
    expect(write.status).toMatchObject({ failures: 2, retryTime: '2026-11-24T10:00:20.000Z' });
    expect(write.status).not.toHaveProperty('ending');
  });

  it.each([
    ['it was the last one', { failures: 3 }, {}, 'BackoffLimitExceeded'],
    ['the run is cancelled', {}, { cancel: true }, 'Cancelled'],
    ['the run was ending', { ending: ending('NoProgress') }, {}, 'NoProgress'],
  ] as const)('is told, and followed by none when %s', (_, status, spec, reason) => {
    const write = recorded(decide(observation({ status: running(status), spec, luns })));
    expect(told(write)).toBe(`Finishing: Attempt 1 failed: ${interrupted(1)}`);
    expect(write).toMatchObject({ announcements: [], lookAgainInMs: 0, status: { ending: { reason } } });
    expect(write.status).not.toHaveProperty('retryTime');
  });

  it.each([
    [3, 'RollingBack: Putting the safety snapshots back on array array-a'],
    [4, /^NoProgress: because\. Target vol-1 is INCONSISTENT and fenced/],
  ])('after %s failed roll-backs is told: %s', (rollBackFailures, words) => {
    const status = failed({ ending: ending('NoProgress'), rollBackFailures });
    expect(told(decide(observation({ status, luns })))).toMatch(words);
  });
});

describe('a roll-back without success', () => {
  const rollBack = (status: Status, withSnapshot = true): Observation => {
    const target = targetWith({ ...back, outcome: 'Interrupted' });
    const luns = withSnapshot ? [target, safetySnapshot()] : [target];
    return observation({ status: failed({ ending: ending('NoProgress'), ...status }), luns });
  };

  it.each([
    [undefined, 2],
    [1, 2],
    [2, 2],
    [5, 5],
  ])('is announced and counted, and with attempt %s on record the number becomes %s', (attempt, counted) => {
    const o = rollBack({ attempt, operationID: `${UID}.2`, operationKind: 'RollBack' });
    const write = recorded(decide(o));
    const note = `Roll-back failed: ${interrupted(2)}`;
    expect(told(write)).toBe(`RollingBack: ${note}`);
    expect(write.announcements).toEqual([{ type: 'Warning', reason: 'RollBackFailed', action: 'RollBack', note }]);
    expect(write.status).toMatchObject({
      attempt: counted,
      rollBackFailures: 1,
      retryTime: '2026-11-24T10:00:10.000Z',
    });
    expect(write.status).not.toHaveProperty('operationKind');
  });

  it.each([
    ['ends the run when the safety snapshot is gone', { attempt: 2, rollBackFailures: 1 }, false, 'NoProgress'],
    ['is tried again while it is there', { attempt: 2, rollBackFailures: 1 }, true, undefined],
  ])('%s', (_, status, withSnapshot, ended) => {
    expect(recorded(decide(rollBack(status, withSnapshot))).ended).toBe(ended);
  });

  it('ends a run that has no ending on record with what the roll-back failed from', () => {
    const decision = decide(rollBack({ attempt: 2, rollBackFailures: 4, ending: undefined }));
    expect(told(decision)).toMatch(new RegExp(`^BackoffLimitExceeded: ${interrupted(2)}. Remove the cause`));
  });
});

describe('a roll-back with success', () => {
  const rolledBack = (status: Status, over: Partial<Run> = {}): Observation =>
    observation({
      status: failed({ attempt: 2, operationID: `${UID}.2`, operationKind: 'RollBack', ...status }),
      luns: [targetWith({ ...back, outcome: 'RolledBack', ...over })],
    });
  const doubt = `ArrayContractViolation: operation ${UID}.2 ended with ROLLED_BACK, without the equal digests that were asked for`;
  const remedy = 'Report the message to the vendor of the array.';

  it.each([
    ['what the run was ending for', { ending: ending('NoProgress') }, 'NoProgress: because'],
    [
      'that nobody knows why',
      {},
      'BackoffLimitExceeded: the run had been rolled back, and why is not on record. Remove the cause that the message names and create a new LunResync.',
    ],
  ])('ends the run and tells %s', (_, status, words) => {
    expect(told(decide(rolledBack(status)))).toBe(words);
  });

  it.each([
    [
      'with what the run was ending for',
      { ending: ending('NoProgress') },
      '; the run was ending with NoProgress: because',
    ],
    ['alone where that is not known', {}, ''],
  ])('that is not proven is told %s', (_, status, why) => {
    expect(told(decide(rolledBack(status, { targetDigest: 'bb' })))).toBe(`${doubt}${why}. ${remedy}`);
  });

  it('of two targets is proven by the digests of both', () => {
    const pairs = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
    const two = (over: Partial<Run>): Observation => {
      const other = targetWith({ ...back, outcome: 'RolledBack', ...over }, { id: 'vol-2' });
      const known = [recordedPair(), recordedPair({ name: 'logs', target: { lunID: 'vol-2' } })];
      const { view } = observation({
        luns: [source({ id: 'snap-2' }), targetWith({ ...back, outcome: 'RolledBack' }), other],
      });
      return { ...rolledBack({ ending: ending('NoProgress'), pairs: known }), pairs, view };
    };
    expect(recorded(decide(two({}))).ended).toBe('NoProgress');
    expect(recorded(decide(two({ sourceDigest: '' }))).ended).toBe('ArrayContractViolation');
  });
});
