// A success is believed of every target, or of none; what is wrong with it is told.
import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/core/array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { afterSuccess } from '../../src/core/success.ts';
import { observation, pair, recorded, run, source, targetWith, UID } from '../support/observations.ts';
import { recordedPair, running } from '../support/statuses.ts';
import { told } from '../support/told.ts';

const pairs = [pair(), pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' })];
const logs = { name: 'logs', source: { lunID: 'snap-2' }, target: { lunID: 'vol-2', generation: 8 } };

/** Two targets that succeeded, the second with these differences; what is on record of it. */
function outcome(over: Partial<Run> = {}, second: Parameters<typeof recordedPair>[0] | 'nothing' = logs): Decision {
  const luns = [
    source(),
    source({ id: 'snap-2' }),
    targetWith({ outcome: 'Succeeded' }),
    targetWith({ outcome: 'Succeeded', sourceLunID: 'snap-2', intentGeneration: 8, ...over }, { id: 'vol-2' }),
  ];
  const known = second === 'nothing' ? [] : [recordedPair(second)];
  return decide(observation({ status: running({ pairs: [recordedPair(), ...known] }), pairs, luns }));
}

const violation = (what: string): string =>
  `ArrayContractViolation: operation ${UID}.1 ended with SUCCEEDED, ${what}. Report the message to the vendor of the array.`;

describe('a success of two targets', () => {
  it('is one when each has the generation and the source of its own pair', () => {
    expect(recorded(outcome()).ended).toBe('Completed');
  });

  it.each([
    ['another source', { sourceLunID: 'snap-1' }, 'but not with LUN snap-2 over LUN vol-2'],
    ['other pairs', { pairsDigest: 'other' }, 'for other pairs than those of the object'],
    ['another generation', { intentGeneration: 9 }, 'for generation 9 of LUN vol-2, and 8 was intended'],
    ['no source digest', { sourceDigest: '' }, 'without the digests that were asked for'],
    ['no target digest', { targetDigest: '' }, 'without the digests that were asked for'],
  ])('is a violation of the contract when the second one has %s', (_, over, what) => {
    expect(told(outcome(over))).toBe(violation(what));
  });

  it.each([
    ['its pair', 'nothing'],
    ['its target', { name: 'logs', target: undefined }],
    ['its generation', { name: 'logs', target: { lunID: 'vol-2' } }],
  ] as const)('is a violation of the contract where the record lacks %s', (_, second) => {
    expect(told(outcome({}, second))).toBe(violation('for generation 8 of LUN vol-2, and none was intended'));
  });

  it('is a failure when one of them was read back differently', () => {
    expect(recorded(outcome({ targetDigest: 'bb' })).ended).toBe('VerificationFailed');
  });
});

describe('a success', () => {
  it('of a roll-back is a violation of the contract', () => {
    const o = observation({ status: running(), luns: [targetWith({ kind: 'RollBack', outcome: 'Succeeded' })] });
    expect(told(decide(o))).toBe(violation('as a roll-back, which ends with ROLLED_BACK'));
  });

  it('is none of a target that has no run of it', () => {
    const newest = {
      attempt: 1,
      operationID: `${UID}.1`,
      kind: 'Resync',
      outcome: 'Succeeded',
      runs: [run()],
    } as const;
    const history = { targets: [{ pair: pair(), moved: false }], lastAttempt: 1, newest };
    const decision = afterSuccess(observation({ status: running() }), history, newest);
    expect(told(decision)).toBe(violation('but not with LUN snap-1 over LUN vol-1'));
  });
});
