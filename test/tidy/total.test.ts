/** The last line of a CI run must not be better than the run was. */
import { describe, expect, it } from 'vitest';
import { checkTotal, testTotal } from '../../scripts/check/total.ts';

const results = (passed: number, failed: number, files: readonly object[] = []): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: files,
  });

describe('the total of a CI run', () => {
  it('counts the tests that passed and failed, and no skipped one as either', () => {
    const files = [{ status: 'failed', assertionResults: [{ status: 'failed' }] }];
    expect(testTotal(results(7, 1, files), 1)).toEqual({ passed: 7, failed: 1, skipped: 3 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    expect(testTotal(results(7, 0, [{ status: 'failed', assertionResults: [] }]), 1).failed).toBe(1);
  });

  it('is a failure when the tests gave no result, or an exit code that no failed test explains', () => {
    expect(testTotal(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(testTotal(results(7, 0), 1).failed).toBe(1);
  });

  it('takes the checks from their last line, and a check that printed none as failed', () => {
    expect(checkTotal('ok types\n5 passed, 1 failed\n', 1)).toEqual({ passed: 5, failed: 1 });
    expect(checkTotal('node: not found', 127)).toEqual({ passed: 0, failed: 1 });
  });
});
