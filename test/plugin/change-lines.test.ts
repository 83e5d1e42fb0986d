/** What watch writes on a pipe: one line for each change. */
import { describe, expect, it } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import { changeLines } from '../../src/plugin/change-lines.ts';
import { EXIT } from '../../src/plugin/exit-codes.ts';
import { exitCodeOf } from '../../src/plugin/run.ts';
import { copying, copyingPair, MiB, run, stateOf } from './runs.ts';

const TIME = '2026-11-24T12:00:00Z ';
const linesOf = (before: LunResync | undefined, after: LunResync): string[] =>
  changeLines(before, stateOf(after)).map((line) =>
    line.startsWith(TIME) ? line.slice(TIME.length) : `no time: ${line}`,
  );

describe('the lines of a watched run', () => {
  it('tell everything at first, and nothing while nothing changes but the time', () => {
    expect(linesOf(undefined, copying())).toEqual([
      'Copying, 37%, 75 MiB of 200 MiB, 5 MiB/s, 25 s left, pairs 0/2, data Overwriting',
      'pair orders Copying',
      'pair ledger Copying',
    ]);
    expect(changeLines(copying(), stateOf(copying(), 5_000))).toEqual([]);
  });

  it('name a pair only when its state changes', () => {
    const { status } = copying();
    const [orders, ledger] = [copyingPair('orders', 100 * MiB), copyingPair('ledger', 25 * MiB)];
    const after = run({
      reason: 'Copying',
      pairs: [{ ...orders, state: 'Verifying' }, ledger],
      status,
    });
    expect(linesOf(copying(), after)).toEqual(['pair orders Verifying']);
  });

  it('end with the message and what to do, once', () => {
    const failed = run({
      reason: 'TargetInUse',
      message: 'LUN data-dst is in use',
      status: { dataState: 'Untouched' },
    });
    expect(linesOf(run({ reason: 'WaitingForTarget' }), failed)).toEqual([
      'TargetInUse, data Untouched',
      'LUN data-dst is in use',
      'What to do: Stop what status.users names, then create a new LunResync.',
    ]);
    expect(linesOf(failed, failed)).toEqual([]);
  });

  it('say a new message of a run that waits', () => {
    const first = run({ reason: 'Pending', message: 'claim a is not there' });
    const second = run({ reason: 'Pending', message: 'claim b is not there' });
    expect(linesOf(first, second)).toEqual(['Pending, claim b is not there']);
  });

  it('have no control characters', () => {
    expect(linesOf(undefined, run({ reason: 'Pending', message: 'a\u001b[2Jb\nc' }))).toEqual(['Pending, a?[2Jb c']);
  });
});

describe('the exit code', () => {
  it.each([
    ['Completed', EXIT.Success],
    ['AlreadyCompleted', EXIT.Success],
    ['Planned', EXIT.Success],
    ['Cancelled', EXIT.Cancelled],
    ['TargetInUse', EXIT.Failed],
    ['DeadlineExceeded', EXIT.Failed],
  ] as const)('of a run that ended as %s is %i', (reason, code) => {
    expect(exitCodeOf(run({ reason }))).toBe(code);
  });
});
