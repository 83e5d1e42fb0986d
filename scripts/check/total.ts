// Prints what a whole CI run came to, as its last line: `N passed, N failed`. Arguments: the JSON results of vitest, its
// exit code, the output of `npm run check`, its exit code. A result that is missing counts as a failure, never as zero.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Passed and failed. */
export type Total = { readonly passed: number; readonly failed: number };

const Results = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

/** The tests. A file that failed without a failed test, and an exit code that no failure explains, are failures too. */
export function testTotal(json: string | undefined, exitCode: number): Total & { readonly skipped: number } {
  if (json === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const results = Results.parse(JSON.parse(json));
  const brokenFiles = results.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  const counted = results.numFailedTests + brokenFiles.length;
  const failed = counted === 0 && exitCode !== 0 ? 1 : counted;
  return { passed: results.numPassedTests, failed, skipped: results.numPendingTests + results.numTodoTests };
}

/** The checks, from the last line of their output. */
export function checkTotal(output: string, exitCode: number): Total {
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  const counted = Number(failed ?? 0);
  return { passed: Number(passed ?? 0), failed: counted === 0 && exitCode !== 0 ? 1 : counted };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const [results = '', testCode = '1', checkOutput = '', checkCode = '1'] = process.argv.slice(2);
  const tests = testTotal(textOf(results), Number(testCode));
  const checks = checkTotal(textOf(checkOutput) ?? '', Number(checkCode));
  console.log(`Checks: ${checks.passed} passed, ${checks.failed} failed.`);
  console.log(`Tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped.`);
  const failed = checks.failed + tests.failed;
  console.log(`${checks.passed + tests.passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
