/** What watch draws on a terminal, as a function of the run and the terminal's size. */
import { describe, expect, it } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import { frame } from '../../src/plugin/frame.ts';
import { render } from '../../src/plugin/text.ts';
import { copying, copyingPair, MiB, run, stateOf } from './runs.ts';

type Look = { readonly columns?: number; readonly rows?: number; readonly sinceMs?: number; readonly notice?: string };

function drawn(resync: LunResync, { columns = 80, rows = 24, sinceMs = 0, notice }: Look = {}): string[] {
  const lines = frame(stateOf(resync, sinceMs), { columns, rows }, notice);
  return lines.map((line) => render(line, { width: columns, colour: false }));
}

describe('the frame of a run that copies', () => {
  it('has the run, its progress and each pair within 80 columns', () => {
    expect(drawn(copying())).toEqual([
      'restore-shop  Copying  pairs 0/2  data Overwriting  array array-a',
      '[#########...............]  37%  75 MiB of 200 MiB  5 MiB/s  25 s left',
      '  orders  Copying      [#####.....]  50%  50 MiB of 100 MiB',
      '  ledger  Copying      [###.......]  25%  25 MiB of 100 MiB',
      'The array copies',
    ]);
  });

  it('has longer bars and the way of each pair within 120 columns', () => {
    expect(drawn(copying(), { columns: 120 })).toEqual([
      'restore-shop  Copying  pairs 0/2  data Overwriting  array array-a',
      '[###############.........................]  37%  75 MiB of 200 MiB  5 MiB/s  25 s left',
      '  orders  Copying      [##########..........]  50%  50 MiB of 100 MiB         orders-src → orders-dst',
      '  ledger  Copying      [#####...............]  25%  25 MiB of 100 MiB         ledger-src → ledger-dst',
      'The array copies',
    ]);
  });

  it('counts the time left down by the own clock, whatever time the operator has, and not below nothing', () => {
    expect(drawn(copying(), { sinceMs: 10_000 })[1]).toMatch(/ {2}15 s left$/);
    expect(drawn(copying(), { sinceMs: 60_000 })[1]).toMatch(/ {2}0 s left$/);
  });

  it.each([20, 40, 79, 80, 119, 120, 200])('is never wider than a terminal of %i columns', (columns) => {
    const long = run({
      reason: 'Copying',
      message: 'word '.repeat(90),
      pairs: [{ ...copyingPair('a'.repeat(63), MiB), message: 'x'.repeat(128) }],
      status: copying().status,
    });
    for (const resync of [copying(), long]) {
      for (const line of drawn(resync, { columns })) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it.each([3, 5, 10, 24])('leaves one of %i rows free and counts the pairs that have no room', (rows) => {
    const pairs = Array.from({ length: 64 }, (_, at) => copyingPair(`p${at}`, MiB));
    const lines = drawn(run({ reason: 'Copying', message: 'The array copies', pairs, status: copying().status }), {
      rows,
    });
    expect(lines.length).toBeLessThan(rows);
    if (rows === 10) expect(lines[7]).toBe('  … and 59 more pairs: 59 Copying');
  });
});

describe('the frame of a run that waits or has ended', () => {
  it('says what is waited for and who holds the target', () => {
    const users = [{ pair: 'data', kind: 'Pod' as const, name: 'orders-0' }];
    const lines = drawn(run({ reason: 'WaitingForTarget', message: 'LUN data-dst is in use', status: { users } }));
    expect(lines).toEqual([
      'restore-shop  WaitingForTarget',
      '  data  Pending',
      'LUN data-dst is in use',
      'In use by Pod orders-0',
    ]);
  });

  it('says what to do after a failure', () => {
    const lines = drawn(
      run({ reason: 'TargetInUse', message: 'LUN data-dst is in use', status: { dataState: 'Untouched' } }),
    );
    expect(lines.at(-1)).toBe('What to do: Stop what status.users names, then create a new LunResync.');
  });

  it('shows the plan of a run that changes nothing', () => {
    const plan = [{ pair: 'data', severity: 'Info' as const, action: 'copy 1 GiB' }];
    expect(drawn(run({ reason: 'Planned', message: 'Nothing stands against it', status: { plan } }))).toContain(
      '  data: copy 1 GiB',
    );
  });

  it('shows a deletion and the number of a later attempt', () => {
    const resync = run({ reason: 'RollingBack', deletionTimestamp: '2026-11-24T11:59:30Z', status: { attempt: 2 } });
    expect(drawn(resync)[0]).toBe('restore-shop  RollingBack  being deleted  attempt 2');
  });

  it('has no place for control characters, which would do things to the terminal', () => {
    const lines = drawn(run({ reason: 'Pending', message: 'a\u001b[2Jb\u0007c\nd' }));
    expect(lines.at(-1)).toBe('a?[2Jb?c d');
  });

  it('has a last line about the watching itself where there is something to say', () => {
    expect(drawn(copying(), { notice: 'The API server gives no answer' }).at(-1)).toBe(
      'The API server gives no answer',
    );
  });
});

describe('a line', () => {
  const line = [{ text: 'Copying', style: 'cyan' as const }, { text: '  of data' }];

  it('has escape codes only where colour is wanted', () => {
    expect(render(line, { width: 80, colour: false })).toBe('Copying  of data');
    expect(render(line, { width: 80, colour: true })).toBe('\u001b[36mCopying\u001b[39m  of data');
  });

  it('is cut with an ellipsis at the width, also at the border of two pieces', () => {
    const cut = (width: number): string => render(line, { width, colour: false });
    expect([cut(16), cut(15), cut(8), cut(7), cut(1)]).toEqual([
      'Copying  of data',
      'Copying  of da…',
      'Copying…',
      'Copyin…',
      '…',
    ]);
  });
});
