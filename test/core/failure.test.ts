// What a failure of the array means for the run, in words and in codes.
import { describe, expect, it } from 'vitest';
import type { ArrayError, Run } from '../../src/core/array.ts';
import { type Failure, failureOf, failureOfError, oneMore } from '../../src/core/failure.ts';
import { error } from '../support/answers.ts';
import { run } from '../support/observations.ts';

/** The operation `op.1`, whose targets have these runs. */
function failureOfRuns(outcome: Run['outcome'], ...runs: Partial<Run>[]): Failure {
  return failureOf({
    attempt: 1,
    operationID: 'op.1',
    kind: 'Resync',
    outcome,
    runs: runs.map((over) => run({ outcome, ...over })),
  });
}

describe('an operation without success', () => {
  const full = error('VSS_E_INSUFFICIENT_STORAGE', { message: 'pool full', remedy: 'Grow the pool' });

  it('that was interrupted is worth another attempt', () => {
    expect(failureOfRuns('Interrupted', { error: full })).toEqual({
      problem: { reason: 'BackoffLimitExceeded', message: 'operation op.1 was interrupted by a restart of the array' },
      retry: true,
    });
  });

  it.each([
    ['ended at the array without an error', 'Failed', {}, 'FAILED'],
    ['cancelled there, whatever error it left', 'Cancelled', { error: full }, 'CANCELLED'],
  ] as const)('that was %s is worth another attempt', (_, outcome, over, word) => {
    expect(failureOfRuns(outcome, over)).toEqual({
      problem: { reason: 'BackoffLimitExceeded', message: `operation op.1 was ended at the array as ${word}` },
      retry: true,
    });
  });

  it('has the error of whichever target has one', () => {
    expect(failureOfRuns('Failed', {}, { error: full })).toEqual(failureOfError(full));
  });

  it('in which something else was read back than written is not tried again', () => {
    const mismatch = { sourceDigest: 'aa', targetDigest: 'bb', sourceLunID: 'snap-2' };
    expect(failureOfRuns('Failed', {}, { ...mismatch, error: full })).toEqual({
      problem: {
        reason: 'VerificationFailed',
        message: 'what the array read back after operation op.1 is not what LUN snap-2 holds',
      },
      retry: false,
    });
  });

  it.each([
    ['aa', 'aa'],
    ['aa', ''],
    ['', 'bb'],
    ['', ''],
  ])('with the digests %j and %j has read nothing else back', (sourceDigest, targetDigest) => {
    expect(failureOfRuns('Failed', { sourceDigest, targetDigest }).problem.reason).toBe('BackoffLimitExceeded');
  });
});

describe('an error of the array', () => {
  const told = (over: Partial<ArrayError>): Failure['problem'] =>
    failureOfError({ ...error('VSS_E_INSUFFICIENT_STORAGE'), ...over }).problem;

  it('is told with its LUN, its words, its code and its remedy', () => {
    expect(failureOfError(error('E_OUTOFMEMORY', { message: 'no memory', remedy: 'Wait' }))).toEqual({
      problem: { reason: 'ArrayOutOfMemory', message: 'LUN vol-1: no memory (E_OUTOFMEMORY)', remedy: 'Wait' },
      hresult: 'E_OUTOFMEMORY',
      retry: true,
    });
  });

  it('of no LUN names none, and without a remedy leaves that to the reason', () => {
    expect(told({ lunID: '' })).toEqual({ reason: 'InsufficientStorage', message: 'no (VSS_E_INSUFFICIENT_STORAGE)' });
  });

  it('that is a veto owes a remedy', () => {
    expect(told({ reason: 'VSS_E_PROVIDER_VETO' }).message).toBe(
      'LUN vol-1: no (VSS_E_PROVIDER_VETO); the array gave no remedy, which its contract demands of a veto',
    );
  });

  it('that denies access is about the certificate', () => {
    expect(told({ reason: 'E_ACCESSDENIED' }).remedy).toBe(
      "Give the operator's client certificate the right to do this at the array",
    );
  });

  it.each(['S_OK', 'VSS_S_ASYNC_FINISHED', 'ODD'])('with the code %s is an unexpected one', (reason) => {
    expect(failureOfError(error(reason))).toEqual({
      problem: { reason: 'UnexpectedArrayError', message: `LUN vol-1: no (${reason})` },
      hresult: 'VSS_E_UNEXPECTED_PROVIDER_ERROR',
      retry: false,
    });
  });

  it('has no more room than the status has', () => {
    const { message, remedy } = told({ message: 'x'.repeat(999), remedy: 'y'.repeat(999) });
    expect([message.length, remedy?.length]).toEqual([300, 180]);
    expect(told({ reason: 'z'.repeat(999) }).message).toBe(`LUN vol-1: no (${'z'.repeat(61)}...)`);
  });
});

describe('one more of a count', () => {
  it.each([
    [undefined, 1],
    [1, 2],
    [2 ** 31 - 2, 2 ** 31 - 1],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])('of %s is %s, within the 32 bits of the status', (count, more) => {
    expect(oneMore(count)).toBe(more);
  });
});
