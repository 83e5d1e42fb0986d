// How the runs of several LUNs are read as one history.
import { describe, expect, it } from 'vitest';
import type { Lun } from '../../src/core/array.ts';
import { attemptOf, type History, movedTarget, readHistory } from '../../src/core/history.ts';
import { lun, OWNER, pair, readView, run, targetWith, UID } from '../support/observations.ts';

const first = pair();
const second = pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' });
const read = (...lunList: readonly Lun[]): History => readHistory(OWNER, [first, second], readView({ lunList }));
const failedRun = (operationID: string): ReturnType<typeof run> => run({ outcome: 'Failed', operationID });

describe('the history', () => {
  it('of LUNs without a run of ours has no operation, and nothing was moved', () => {
    const [one, two] = [lun(), lun({ id: 'vol-2', runs: [run({ owner: 'somebody' })] })];
    expect(read(one, two)).toStrictEqual({
      targets: [
        { pair: first, lun: one, moved: false },
        { pair: second, lun: two, moved: false },
      ],
      lastAttempt: 0,
    });
  });

  it('of one operation is that operation with all its runs', () => {
    const [one, two] = [targetWith({ outcome: 'Failed' }), targetWith({ outcome: 'Failed' }, { id: 'vol-2' })];
    const runs = [run({ outcome: 'Failed' }), run({ outcome: 'Failed' })];
    expect(read(one, two)).toStrictEqual({
      targets: [
        { pair: first, lun: one, run: runs[0], moved: false },
        { pair: second, lun: two, run: runs[1], moved: false },
      ],
      lastAttempt: 1,
      newest: { attempt: 1, operationID: runs[0]?.operationID, kind: 'Resync', outcome: 'Failed', runs },
    });
  });

  it.each([
    [
      'has ended, the highest number is',
      [failedRun(`${UID}.1`), failedRun(`${UID}.3`), failedRun(`${UID}.2`)],
      `${UID}.3`,
    ],
    ['runs, it is, whatever the numbers say', [failedRun(`${UID}.3`), run({ operationID: `${UID}.1` })], `${UID}.1`],
    ['runs under ids without a number, the first is', ['x', 'y'].map((id) => run({ operationID: id })), 'x'],
  ])('begins anew with the newest operation: of what %s', (_, runs, newest) => {
    const history = readHistory(OWNER, [first], readView({ lunList: [lun({ runs })] }));
    expect(history.targets[0]?.run?.operationID).toBe(newest);
  });

  it.each(['', 'x', `${UID}.0`, `${UID}.01`, `${UID}.1.2`, 'other.1', '__proto__'])(
    'has nothing of an operation that has ended under an id that no attempt of the object can have: %j',
    (operationID) => {
      const history = read(targetWith({ outcome: 'Succeeded', operationID }), lun({ id: 'vol-2' }));
      expect([history.newest, history.targets[0]?.run]).toEqual([undefined, undefined]);
    },
  );

  it('counts the highest number of an attempt, also behind the one that runs', () => {
    const history = read(targetWith({ operationID: `${UID}.1` }), lun({ id: 'vol-2', runs: [failedRun(`${UID}.3`)] }));
    expect([history.newest?.attempt, history.lastAttempt]).toEqual([1, 3]);
  });

  it('takes a target for moved when it is gone or was written to after the end, not while it is written', () => {
    const history = read(targetWith());
    expect(history.targets.map(({ moved }) => moved)).toEqual([false, true]);
    expect(read(targetWith({ outcome: 'Failed' }, { contentGeneration: 8 })).targets[0]?.moved).toBe(true);
  });
});

describe('targets that are no parts of one history', () => {
  const one = targetWith({ outcome: 'Failed', operationID: `${UID}.2` });
  const other = (operationID: string, outcome: 'Failed' | 'Succeeded', kind: 'Resync' | 'RollBack' = 'Resync'): Lun =>
    targetWith({ outcome, operationID, kind }, { id: 'vol-2' });

  it.each([
    ['one is gone', [one], 'LUN vol-2 is gone from the array'],
    ['one has no run', [one, lun({ id: 'vol-2' })], `LUN vol-2 has no record of operation ${UID}.2`],
    ['one ended otherwise', [one, other(`${UID}.2`, 'Succeeded')], `the LUNs disagree on how operation ${UID}.2 ended`],
    ['one was left behind', [one, other(`${UID}.1`, 'Failed')], `LUN vol-2 last had operation ${UID}.1, not ${UID}.2`],
    ['one is ahead', [one, other(`${UID}.3`, 'Failed')], `LUN vol-1 last had operation ${UID}.2, not ${UID}.3`],
    ['a roll-back left none behind', [one, other(`${UID}.3`, 'Failed', 'RollBack')], undefined],
  ])('are told of: %s', (_, luns, disagreement) => {
    expect(read(...luns).disagreement).toBe(disagreement);
  });
});

describe('a target that was moved', () => {
  it('is one that had a run of ours', () => {
    expect(movedTarget(read(lun()))).toBeUndefined();
    const moved = targetWith({ outcome: 'Failed' }, { id: 'vol-2', contentGeneration: 99 });
    expect(movedTarget(read(targetWith({ outcome: 'Failed' }), moved))).toBe(
      'LUN vol-2 was written by somebody else after an attempt of this run had ended',
    );
  });
});

describe('the number of an attempt', () => {
  it.each([
    ['u.2147483646', 2_147_483_646],
    ['u.2147483647', 0],
    ['u.-1', 0],
    [undefined, 0],
  ])('in %s is %s: another one can always follow', (operationID, attempt) => {
    expect(attemptOf(operationID)).toBe(attempt);
  });
});
