// Why a run ends: what is recorded of it before anything is done, and with which code.
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { endingOf, recordEnding } from '../../src/core/ending.ts';
import type { ReasonName } from '../../src/core/reasons.ts';
import { observation, recorded, settle, targetWith } from '../support/observations.ts';
import { ending, failed, intended, running } from '../support/statuses.ts';
import { told } from '../support/told.ts';

describe('the record of an ending', () => {
  const problem = { reason: 'NoProgress', message: 'the array stands still' } as const;

  it.each([
    ['an attempt that may be alive', intended(), 'Cancelling: Ending the attempt at the array: the array stands still'],
    ['a run without one', failed(), 'Finishing: Ending the run: the array stands still'],
  ])('of %s is told, and acted upon at once', (_, status, words) => {
    const decision = recordEnding(observation({ status }), problem);
    expect(told(decision)).toBe(words);
    expect(decision).toMatchObject({ kind: 'Record', announcements: [], lookAgainInMs: 0 });
    expect(recorded(decision).status.ending).toEqual({
      reason: 'NoProgress',
      message: 'the array stands still. Find out why the array stands still before you run it again.',
      hresult: 'VSS_E_UNEXPECTED',
    });
  });

  it.each([
    ['BackoffLimitExceeded', 'E_OUTOFMEMORY', 'E_OUTOFMEMORY'],
    ['BackoffLimitExceeded', undefined, 'VSS_E_UNEXPECTED'],
    ['BackoffLimitExceeded', 'S_OK', 'VSS_E_UNEXPECTED'],
    ['BackoffLimitExceeded', 'ODD', 'VSS_E_UNEXPECTED'],
    ['VerificationFailed', 'E_OUTOFMEMORY', 'VSS_E_UNEXPECTED_PROVIDER_ERROR'],
    ['VerificationFailed', undefined, 'VSS_E_UNEXPECTED_PROVIDER_ERROR'],
  ] as const)('as %s with %s from the array has the code %s', (reason, given, hresult) => {
    expect(endingOf({ reason, message: 'why' }, given).hresult).toBe(hresult);
  });
});

describe('an ending on record', () => {
  const luns = [targetWith({ outcome: 'Cancelled', safetySnapshotID: '' }, { state: 'Online' })];

  it.each([
    ['NoProgress', 'NoProgress'],
    ['Odd', 'UnexpectedArrayError'],
    ['Completed', 'UnexpectedArrayError'],
    ['Cancelling', 'UnexpectedArrayError'],
  ])('as %s ends the run as %s, in the very words', (reason, ended) => {
    const recordedEnding = { ...ending('NoProgress', 'it stood still. Ask why'), reason };
    const { decision } = settle(observation({ status: failed({ ending: recordedEnding }), luns }));
    expect(told(decision)).toBe(`${ended}: it stood still. Ask why`);
  });
});

describe('a target that others have written to', () => {
  const moved = [targetWith({ outcome: 'Failed' }, { state: 'Online', contentGeneration: 99 })];
  const written = 'LUN vol-1 was written by somebody else after an attempt of this run had ended';
  const remedy = 'Check the content of the LUN, then create a new LunResync if it shall be overwritten.';

  it.each([
    ['is told', undefined, ''],
    ['is told with what the run was ending for', 'NoProgress', '; the run was ending: because'],
    ['is told once', 'TargetChanged', ''],
  ] as const)('%s', (_, reason: ReasonName | undefined, before) => {
    const status = failed(reason === undefined ? {} : { ending: ending(reason) });
    expect(told(decide(observation({ status, luns: moved })))).toBe(`TargetChanged: ${written}${before}. ${remedy}`);
  });

  it('is told within the room of a condition', () => {
    const status = failed({ ending: ending('NoProgress', 'x'.repeat(512)) });
    const words = told(decide(observation({ status, luns: moved })));
    expect(words).toBe(
      `TargetChanged: ${`${written}; the run was ending: ${'x'.repeat(512)}`.slice(0, 397)}.... ${remedy}`,
    );
  });

  it('is what a run that the array has forgotten ends with', () => {
    expect(told(decide(observation({ status: running() })))).toBe(
      'Cancelling: Ending the attempt at the array: the array does not know of an operation that it had accepted: its targets are gone or have been in use since',
    );
  });
});
