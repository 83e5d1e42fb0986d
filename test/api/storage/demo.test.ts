// The demo, as a person starts it: its exit code and its last line must be true.
import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { STORAGE_START_MS } from '../../support/storage/storage.ts';

type Ended = { readonly code: number; readonly result: unknown };

/** Runs the demo to its end. */
function demo(...flags: readonly string[]): Promise<Ended> {
  const ended = Promise.withResolvers<Ended>();
  execFile(process.execPath, ['scripts/demo/main.ts', '--json', ...flags], (error, stdout, stderr) => {
    const line = stdout.trim().split('\n').at(-1) ?? '';
    if (line === '') ended.reject(new Error(`the demo has no result: ${stderr.slice(-2_000)}`));
    else ended.resolve({ code: Number(error?.code ?? 0), result: JSON.parse(line) });
  });
  return ended.promise;
}

describe('npm run demo -- --volumes', { timeout: STORAGE_START_MS }, () => {
  it('puts snapshots back over claims, which stay what they are, undoes it, and ends with 0', async () => {
    const { code, result } = await demo('--volumes');
    expect(result).toMatchObject({
      succeeded: true,
      reason: 'Completed',
      dataState: 'MatchesSource',
      bytesEqual: true,
      undoBytesEqual: true,
      claimsKept: true,
    });
    expect(code).toBe(0);
  });

  it('ends with 1 when the array damages what it copies, and the claims have what they had', async () => {
    const { code, result } = await demo('--volumes', '--inject', 'corrupt-copy');
    expect(result).toMatchObject({
      succeeded: false,
      reason: 'VerificationFailed',
      dataState: 'RolledBack',
      bytesEqual: false,
      bytesAsBefore: true,
      claimsKept: true,
    });
    expect(code).toBe(1);
  });
});
