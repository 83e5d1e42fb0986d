// What may still become right is waited for, and for how long.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { LunGrant } from '../../src/api/storage-array.ts';
import { decide } from '../../src/core/decide.ts';
import type { Observation } from '../../src/core/observation.ts';
import {
  acted,
  afterWrite,
  ago,
  conditionIn,
  lun,
  NOW,
  type ObservationInput,
  observation,
  pair,
  readView,
  reasonIn,
  recorded,
  source,
  UID,
  UNREACHABLE,
} from '../support/observations.ts';
import { intended, showing } from '../support/statuses.ts';

const granted = (access: 'Source' | 'Target', lunIDs: string[], namespace = 'shop'): LunGrant => ({
  name: access.toLowerCase(),
  namespace,
  access,
  lunIDs,
});

const needy = { pairs: [pair({ sourceNeedsGrant: true, targetNeedsGrant: true })] };

/** Name of the case, the world, the reason that is shown, a part of the message. */
const WAITS: readonly (readonly [string, ObservationInput, string, string])[] = [
  ['the object is suspended', { spec: { suspend: true } }, 'Suspended', 'spec.suspend'],
  ['the array is in maintenance', { policy: { maintenance: true } }, 'Maintenance', 'VSS_E_BAD_STATE'],
  ['the array is abandoned', { policy: { abandoned: true } }, 'Maintenance', 'is abandoned'],
  [
    'there is no StorageArray yet',
    { array: { state: 'missing', final: false, problem: { reason: 'BadState', message: 'there is none' } } },
    'Pending',
    'there is none',
  ],
  [
    'a name leads nowhere yet',
    { pairs: [pair({ problem: { reason: 'ObjectNotFound', message: 'claim orders does not exist' } })] },
    'Pending',
    'pair data: claim orders does not exist',
  ],
  ['there is no grant for the source', needy, 'Pending', 'no grant for LUN snap-1 as a source'],
  [
    'there is a grant for the source but none for the target',
    { ...needy, policy: { lunGrants: [granted('Source', ['snap-*'])] } },
    'Pending',
    'no grant for LUN vol-1 as a target',
  ],
  [
    'the grants are for the other side',
    { ...needy, policy: { lunGrants: [granted('Target', ['snap-1']), granted('Source', ['vol-1'])] } },
    'Pending',
    'no grant for LUN snap-1 as a source',
  ],
  [
    'the grants are for another namespace',
    { ...needy, policy: { lunGrants: [granted('Source', ['*'], 'bank'), granted('Target', ['*'], 'bank')] } },
    'Pending',
    'namespace shop has no grant',
  ],
  ['the array gives no answer', { view: UNREACHABLE }, 'ArrayUnreachable', 'UNAVAILABLE'],
  ['the array was not asked yet', { view: { state: 'unresolved' } }, 'Validating', 'not been asked yet'],
  [
    'the endpoint leads to another array than the StorageArray stands for',
    { array: { ...found(), arrayID: 'array-2' } },
    'Pending',
    'stands for array array-2',
  ],
  ['a LUN does not exist', { luns: [] }, 'Pending', 'LUN vol-1 does not exist'],
  ['a target is published', { luns: [lun({ publishedNodes: ['node-1'] })] }, 'WaitingForTarget', 'node node-1'],
  ['a target is in another run', { luns: [lun({ state: 'Resyncing' })] }, 'WaitingForTarget', 'another operation'],
  [
    'a source is the target of another run',
    { luns: [lun(), source({ state: 'Resyncing' })] },
    'WaitingForTarget',
    'LUN snap-1 is a target of another operation',
  ],
  [
    'a source is half-written',
    { luns: [lun(), source({ state: 'Inconsistent' })] },
    'WaitingForTarget',
    'source LUN snap-1 is INCONSISTENT',
  ],
  [
    'as many operations are under way as the array may have',
    { policy: { maxConcurrentOperations: 2 }, othersRunning: 2 },
    'Pending',
    'maxConcurrentOperations',
  ],
];

function found(): Extract<Observation['array'], { state: 'found' }> {
  const { array } = observation();
  if (array.state !== 'found') throw new Error('the default has an array');
  return array;
}

describe('what may still become right', () => {
  it.each(WAITS)('is waited for: %s', (_, input, reason, message) => {
    const { status, lookAgainInMs, ended } = recorded(decide(observation(input)));
    expect(reasonIn(status)).toBe(reason);
    expect(conditionIn(status, 'Succeeded')?.message).toContain(message);
    expect(conditionIn(status, 'Reconciling')?.status).toBe('True');
    expect(ended).toBeUndefined();
    expect(lookAgainInMs).toBeGreaterThan(0);
    expect(status.operationID).toBeUndefined();
  });

  it.each(WAITS)('is written once and then waited for without a write: %s', (_, input) => {
    const o = observation(input);
    const next = decide(afterWrite(o, recorded(decide(o)), { now: NOW + 1_000 }));
    expect(next.kind).toBe('Wait');
  });

  it.each(WAITS)('holds a recorded attempt back as well, without letting go of it: %s', (name, input) => {
    // These are asked of a first attempt only, or the answer is another one when an operation may be alive.
    const others = [
      'the endpoint leads',
      'a name leads',
      'there is no StorageArray',
      'not asked',
      'gives no answer',
      'as many',
    ];
    if (others.some((part) => name.includes(part))) return;
    const decision = recorded(decide(observation({ ...input, status: intended() })));
    expect(decision.status.operationID).toBe(`${UID}.1`);
    expect(decision.ended).toBeUndefined();
  });

  it('tells who holds the target, at most sixteen of them', () => {
    const publishedNodes = Array.from({ length: 20 }, (_, nth) => `node-${nth}`);
    const { status, announcements } = recorded(decide(observation({ luns: [lun({ publishedNodes })] })));
    expect(status.users).toHaveLength(16);
    expect(status.users?.[0]).toEqual({ kind: 'Node', name: 'node-0', pair: 'data' });
    expect(announcements.map(({ reason }) => reason)).toEqual(['WaitingForTarget']);
  });

  it('no longer tells who holds the target when nobody does', () => {
    const status = showing('WaitingForTarget', { users: [{ kind: 'Node', name: 'node-1' }], waitingSince: ago(5) });
    expect(recorded(decide(observation({ status }))).status.users).toBeUndefined();
  });

  it('begins when a grant with a trailing star covers the LUNs', () => {
    const lunGrants = [granted('Source', ['snap-1']), granted('Target', ['vol*'])];
    expect(recorded(decide(observation({ ...needy, policy: { lunGrants } }))).status.attempt).toBe(1);
  });

  it('shows nothing of a LUN without a grant', () => {
    const { status } = recorded(decide(observation(needy)));
    expect(JSON.stringify(status)).not.toContain('6001405');
    expect(status.pairs).toBeUndefined();
  });

  it('says the same of a LUN without a grant whether it exists or not', () => {
    const message = (luns: ObservationInput['luns']): string | undefined => {
      const { status } = recorded(decide(observation({ ...needy, ...(luns === undefined ? {} : { luns }) })));
      return conditionIn(status, 'Succeeded')?.message;
    };
    expect(message([source({ id: 'vol-7' })])).toBe(message(undefined));
  });
});

/** Reason shown, since how many seconds, the world, the reason in the end. */
const LIMITS: readonly (readonly [string, number, ObservationInput, string])[] = [
  ['Pending', 300, { luns: [] }, 'ObjectNotFound'],
  ['Pending', 300, needy, 'AccessDenied'],
  ['Pending', 300, { array: { ...found(), arrayID: 'array-2' } }, 'ArrayChanged'],
  ['ArrayUnreachable', 300, { view: UNREACHABLE }, 'BadState'],
  ['Validating', 300, { view: { state: 'unresolved' } }, 'BadState'],
  ['WaitingForTarget', 300, { luns: [lun({ publishedNodes: ['node-1'] })] }, 'TargetInUse'],
  ['WaitingForTarget', 300, { luns: [lun({ state: 'Resyncing' })] }, 'ResyncInProgress'],
  ['WaitingForTarget', 300, { luns: [lun(), source({ state: 'Inconsistent' })] }, 'BadState'],
  [
    'Pending',
    300,
    { pairs: [pair({ problem: { reason: 'ObjectNotFound', message: 'not there' } })] },
    'ObjectNotFound',
  ],
];

describe('the limit of a wait', () => {
  it.each(LIMITS)('ends %s after %s seconds', (reason, seconds, input, end) => {
    const waiting = (since: number): LunResyncStatus => showing(reason as 'Pending', { waitingSince: ago(since) });
    const before = decide(observation({ ...input, status: waiting(seconds - 1) }));
    expect(before.kind === 'Record' ? before.ended : undefined).toBeUndefined();
    const { status, ended } = recorded(decide(observation({ ...input, status: waiting(seconds) })));
    expect(ended).toBe(end);
    expect(status.completionTime).toBeDefined();
  });

  it('is the target-in-use timeout of the spec, and 0 ends at once', () => {
    const luns = [lun({ publishedNodes: ['node-1'] })];
    expect(recorded(decide(observation({ luns, spec: { targetInUseTimeoutSeconds: 0 } }))).ended).toBe('TargetInUse');
  });

  it('is not used up by a wait for room, which has none', () => {
    const room = observation({ policy: { maxConcurrentOperations: 1 }, othersRunning: 1 });
    const write = recorded(decide(room));
    expect(write.status.waitingSince).toBeUndefined();
    const later = { now: NOW + 3_600_000, othersRunning: 0, view: readView({ lunList: [source()] }) };
    expect(recorded(decide(afterWrite(room, write, later))).ended).toBeUndefined();
  });

  it('for room does not hold an intent that is on record: others count it, and would wait for it', () => {
    const o = observation({ policy: { maxConcurrentOperations: 1 } });
    const intent = recorded(decide(o));
    expect(intent.status.operationID).toBeDefined();
    expect(decide(afterWrite(o, intent, { othersRunning: 5 }))).toMatchObject({ action: { kind: 'Start' } });
  });

  it('counts anew when the status forgot since when it waits', () => {
    const o = observation({ status: showing('Pending', { message: 'x' }), luns: [] });
    const first = recorded(decide(o));
    const again = afterWrite(o, { ...first, status: { ...first.status, waitingSince: undefined } });
    expect(recorded(decide(again)).status.waitingSince).toBeDefined();
  });

  it('is looked at when it comes', () => {
    const status = showing('Pending', { waitingSince: ago(299) });
    expect(recorded(decide(observation({ status, luns: [] }))).lookAgainInMs).toBe(1_000);
  });

  it.each([
    ['Suspended', { spec: { suspend: true } }],
    ['Maintenance', { policy: { maintenance: true } }],
  ] as const)('does not exist for %s', (reason, input) => {
    const status = showing(reason, { waitingSince: ago(1_000_000) });
    const decision = decide(observation({ ...input, status }));
    expect(decision.kind === 'Record' ? decision.ended : undefined).toBeUndefined();
  });

  it('does not exist for an array without an answer once an attempt was made', () => {
    const status = intended({ ...showing('ArrayUnreachable'), waitingSince: ago(1_000_000) });
    expect(recorded(decide(observation({ status, view: UNREACHABLE }))).ended).toBeUndefined();
  });

  it('ends a recorded attempt at the array first, and only then the run', () => {
    const status = intended({ ...showing('WaitingForTarget'), waitingSince: ago(300) });
    const o = observation({ status, luns: [lun({ publishedNodes: ['node-1'] })] });
    const write = recorded(decide(o));
    expect(write.ended).toBeUndefined();
    expect(write.status.ending?.reason).toBe('TargetInUse');
    acted(decide(afterWrite(o, write)), 'Cancel');
  });
});
