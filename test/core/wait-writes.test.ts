// A wait is written when it tells people something new, and is looked at again soon enough.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  afterWrite,
  ago,
  conditionIn,
  lun,
  NOW,
  type ObservationInput,
  observation,
  pair,
  type Recorded,
  recorded,
  targetWith,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, running, showing } from '../support/statuses.ts';
import { told } from '../support/told.ts';

const nodes = (...names: string[]): ObservationInput => ({ luns: [lun({ publishedNodes: names })] });
const held = nodes('node-1');

describe('a wait', () => {
  it.each([
    ['spec.suspend', { spec: { suspend: true } }, 60_000],
    ['maintenance', { policy: { maintenance: true } }, 60_000],
    ['an array without an answer', { view: UNREACHABLE }, 5_000],
    ['an array without an answer to a cancel', { view: UNREACHABLE, status: cancelled('Resync') }, 5_000],
    ['an array without an answer to a roll-back', { view: UNREACHABLE, status: cancelled('RollBack') }, 5_000],
    ['a LUN that is not there', { luns: [] }, 2_000],
    ['a target in use', held, 2_000],
  ])('for the end of %s is looked at again in time', (_, input, ms) => {
    expect(recorded(decide(observation(input))).lookAgainInMs).toBe(ms);
  });

  it.each([
    ['a target', held, 'target LUN vol-1 is used by node node-1'],
    ['a LUN', { luns: [lun({ state: 'Resyncing' })] }, 'LUN vol-1 is a target of another operation'],
  ] as const)('for %s in use is announced once', (_, input, note) => {
    const o = observation(input);
    const write = recorded(decide(o));
    expect(write.announcements).toEqual([{ type: 'Normal', reason: 'WaitingForTarget', action: 'Wait', note }]);
    const again = afterWrite(o, write, { view: observation(nodes('node-2')).view });
    expect(recorded(decide(again)).announcements).toEqual([]);
  });

  it.each([
    ['a LUN that is not there', { luns: [] }],
    ['the array', { view: UNREACHABLE }],
    ['spec.suspend', { spec: { suspend: true } }],
  ])('for %s is not announced', (_, input) => {
    expect(recorded(decide(observation(input))).announcements).toEqual([]);
  });

  it('that cannot help ends the run, and nobody holds a target', () => {
    const problem = { reason: 'NotImplemented', message: 'volumes of this kind have no LUN' } as const;
    const { status, ended } = recorded(decide(observation({ pairs: [pair({ problem, final: true })] })));
    expect([ended, status.users]).toEqual(['NotImplemented', undefined]);
  });

  it('that was too long ends the run with those who hold the target', () => {
    const status = showing('WaitingForTarget', { waitingSince: ago(300) });
    const write = recorded(decide(observation({ ...held, status })));
    expect(write.ended).toBe('TargetInUse');
    expect(write.status.users).toEqual([{ kind: 'Node', name: 'node-1', pair: 'data' }]);
  });

  function cancelled(operationKind: 'Resync' | 'RollBack'): LunResyncStatus {
    return running({ operationKind, ending: ending('Cancelled') });
  }
});

describe('what has been written', () => {
  const written = (input: ObservationInput): readonly [Observation, Recorded] => {
    const o = observation(input);
    return [o, recorded(decide(o))];
  };
  const generation = (o: Observation, next: number): Observation['resync'] => ({
    ...o.resync,
    metadata: { ...o.resync.metadata, generation: next },
  });

  it('is written again for a new generation of the spec', () => {
    const [o, write] = written(held);
    const seen = afterWrite(o, write);
    expect(recorded(decide({ ...seen, resync: generation(seen, 2) })).status.observedGeneration).toBe(2);
  });

  it('is written again for other users of the target, though the message is the same', () => {
    const [o, write] = written(nodes('a', 'b', 'c', 'd', 'e'));
    const next = decide(afterWrite(o, write, { view: observation(nodes('a', 'b', 'c', 'd', 'f')).view }));
    expect(told(next)).toBe(told(write));
    expect(recorded(next).status.users?.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'f']);
  });

  it('is written again when a person has to act, though the message is the same', () => {
    const [o, write] = written({ view: UNREACHABLE });
    const next = decide(afterWrite(o, write, { unreachableMs: 300_000 }));
    expect(told(next)).toBe(told(write));
    expect(conditionIn(recorded(next).status, 'Stalled')?.status).toBe('True');
  });

  it('is written again under another word, though the message is the same', () => {
    const [o, write] = written({ luns: [] });
    const { message = '' } = conditionIn(write.status, 'Succeeded') ?? {};
    const status = showing('Validating', { message, waitingSince: ago(1) });
    expect(told(decide({ ...o, resync: { ...o.resync, status } }))).toBe(`Pending: ${message}`);
  });

  it('is written again when the end of the run is not on record, though the message is the same', () => {
    const [o, write] = written({ view: UNREACHABLE, status: running(), spec: { cancel: true } });
    const { ending: recordedEnding, ...status } = write.status;
    const next = decide(afterWrite(o, { ...write, status }));
    expect(recorded(next).status.ending).toEqual(recordedEnding);
  });

  it('of a back-off is written again for a new generation of the spec, and announces nothing', () => {
    const status = failed({ retryTime: new Date(NOW + 10_000).toISOString() });
    const o = observation({ status, luns: [targetWith({ outcome: 'Interrupted' })] });
    const write = recorded(decide({ ...o, resync: generation(o, 2) }));
    expect(write).toMatchObject({ announcements: [], lookAgainInMs: 10_000 });
    expect(told(write)).toBe('RetryBackoff: as before');
  });
});
