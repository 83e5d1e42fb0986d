// Builders for the pure rules: one pair `data` of LUN snap-1 over LUN vol-1 on array-a. A test names what matters.
import { expect } from 'vitest';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { FINALIZER } from '../../src/api/names.ts';
import type { Lun, Operation, Run } from '../../src/core/array.ts';
import { conditionOf } from '../../src/core/conditions.ts';
import { decide } from '../../src/core/decide.ts';
import type { Action, Decision } from '../../src/core/decision.ts';
import type {
  ArrayPolicy,
  Observation,
  ReadView,
  ResolvedPair,
  TargetClaim,
  View,
} from '../../src/core/observation.ts';

export const NOW = Date.parse('2026-11-24T10:00:00Z');
export const UID = '6f9c1d5e-0000-4000-8000-000000000001';
export const OWNER = `cluster/shop/restore/${UID}`;
export const ARRAY_ID = 'array-1';
export const DIGEST = 'd1'.repeat(32);
export const GENERATION = 5;
export const GiB = 2 ** 30;

/** RFC 3339, so many seconds before NOW. */
export const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

export type ResyncInput = {
  readonly metadata?: Partial<LunResync['metadata']>;
  readonly spec?: Partial<LunResync['spec']>;
  readonly status?: LunResyncStatus;
};

/** A LunResync as the parser gives it, with the finalizer on. */
export function resyncObject({ metadata, spec, status }: ResyncInput = {}): LunResync {
  const parsed = parseLunResync({
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: {
      name: 'restore',
      namespace: 'shop',
      uid: UID,
      resourceVersion: '7',
      generation: 1,
      creationTimestamp: ago(60),
      finalizers: [FINALIZER],
      ...metadata,
    },
    spec: { pairs: [{ name: 'data', source: { lunID: 'snap-1' }, target: { lunID: 'vol-1' } }], ...spec },
    ...(status === undefined ? {} : { status }),
  });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

export function lun(over: Partial<Lun> = {}): Lun {
  const id = over.id ?? 'vol-1';
  return {
    id,
    kind: 'Volume',
    identifiers: [{ codeSet: 1, type: 3, value: `6001405${id}` }],
    sizeBytes: 10 * GiB,
    generation: GENERATION,
    contentGeneration: GENERATION,
    state: 'Online',
    publishedNodes: [],
    parentLunID: '',
    volumes: [],
    runs: [],
    safetyOwner: '',
    allocatedBytes: 0,
    ...over,
  };
}

export const source = (over: Partial<Lun> = {}): Lun => lun({ id: 'snap-1', kind: 'Snapshot', ...over });

/** The safety snapshot of vol-1. */
export const safetySnapshot = (over: Partial<Lun> = {}): Lun =>
  lun({ id: 'safe-1', kind: 'Snapshot', parentLunID: 'vol-1', safetyOwner: OWNER, ...over });

/** A run of the first attempt; what has ended ended with generation 7. */
export function run(over: Partial<Run> = {}): Run {
  const outcome = over.outcome ?? 'Running';
  const digest = outcome === 'Succeeded' || outcome === 'RolledBack' ? 'aa'.repeat(32) : '';
  return {
    owner: OWNER,
    runID: '',
    pairsDigest: DIGEST,
    operationID: `${UID}.1`,
    kind: 'Resync',
    outcome,
    sourceLunID: 'snap-1',
    intentGeneration: GENERATION,
    endGeneration: outcome === 'Running' ? 0 : 7,
    sourceDigest: digest,
    targetDigest: digest,
    safetySnapshotID: 'safe-1',
    originalSizeBytes: 10 * GiB,
    ...over,
  };
}

/** vol-1 with one run of ours, in the state that the run leaves it in. */
export function targetWith(over: Partial<Run> = {}, lunOver: Partial<Lun> = {}): Lun {
  const { outcome } = run(over);
  const ended = outcome !== 'Running';
  const whole = outcome === 'Succeeded' || outcome === 'RolledBack';
  return lun({
    generation: ended ? 7 : 6,
    contentGeneration: ended ? 7 : 6,
    state: ended ? (whole ? 'Online' : 'Inconsistent') : 'Resyncing',
    runs: [run(over)],
    ...lunOver,
  });
}

export function operation(over: Partial<Operation> = {}): Operation {
  return {
    operationID: `${UID}.1`,
    owner: OWNER,
    kind: 'Resync',
    step: 'Copying',
    outcome: 'Running',
    pairs: [
      {
        sourceLunID: 'snap-1',
        targetLunID: 'vol-1',
        copiedBytes: 5 * GiB,
        totalBytes: 10 * GiB,
        safetySnapshotID: 'safe-1',
      },
    ],
    heartbeat: 3,
    ...over,
  };
}

/** The claim orders, which is bound to vol-1. */
export const claim = (over: Partial<TargetClaim> = {}): TargetClaim => ({
  name: 'orders',
  uid: 'claim-uid',
  resourceVersion: '5',
  mode: 'Filesystem',
  fsType: 'ext4',
  requestBytes: 8 * GiB,
  capacityBytes: 0,
  ...over,
});

export function pair(over: Partial<ResolvedPair> = {}): ResolvedPair {
  return {
    name: 'data',
    sourceLunID: 'snap-1',
    targetLunID: 'vol-1',
    sourceNeedsGrant: false,
    targetNeedsGrant: false,
    selectedVolumes: [],
    final: false,
    ...over,
  };
}

/** `data`, and `logs` of LUN snap-2 over LUN vol-2. */
export const twoPairs = [
  pair(),
  pair({ name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' }),
] as const satisfies readonly ResolvedPair[];

export function readView(over: Partial<ReadView> & { readonly lunList?: readonly Lun[] } = {}): ReadView {
  const { lunList = [source(), lun()], ...rest } = over;
  return {
    state: 'read',
    identity: {
      arrayID: ARRAY_ID,
      vendor: 'v',
      product: 'p',
      contractVersion: 1,
      capabilities: ['Resync', 'Resize', 'RollBack', 'Verify', 'RevertIdentity'],
    },
    luns: new Map(lunList.map((item) => [item.id, item])),
    ...rest,
  };
}

export type ObservationInput = ResyncInput &
  Partial<Omit<Observation, 'resync' | 'settings' | 'array' | 'view'>> & {
    readonly resync?: LunResync;
    readonly policy?: Partial<ArrayPolicy>;
    readonly array?: Observation['array'];
    readonly view?: View;
    /** All LUNs that the array answers with; the source is added. */
    readonly luns?: readonly Lun[];
    readonly operation?: Operation;
  };

/** By default: a new object whose attempt may begin at once. */
export function observation(input: ObservationInput = {}): Observation {
  const { metadata, spec, status, policy, luns, operation: record, ...rest } = input;
  const resync = resyncObject({
    ...(metadata === undefined ? {} : { metadata }),
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  });
  const lunList = luns === undefined ? undefined : luns.some(({ id }) => id === 'snap-1') ? luns : [source(), ...luns];
  return {
    now: NOW,
    resync,
    owner: OWNER,
    settings: { referenceTimeoutMs: 300_000, progressIntervalMs: 10_000, pollIntervalMs: 1_000 },
    array: {
      state: 'found',
      name: 'array-a',
      arrayID: ARRAY_ID,
      policy: {
        maintenance: false,
        abandoned: false,
        lunGrants: [],
        maxConcurrentOperations: 0,
        maxCopyBytesPerSecond: 0,
        ...policy,
      },
    },
    pairs: [pair()],
    view: readView({
      ...(lunList === undefined ? {} : { lunList }),
      ...(record === undefined ? {} : { operation: record }),
    }),
    pairsDigest: DIGEST,
    idleMs: 0,
    unreachableMs: 0,
    othersRunning: 0,
    ...rest,
  };
}

export const UNREACHABLE: View = { state: 'unread', cause: 'Unreachable', message: 'the call ended with UNAVAILABLE' };

/** A status that shows this reason since a minute ago. */
/** The intent of an attempt is recorded. */
/** The first attempt runs since a minute ago. */
/** The first attempt is over and counted; `failures` says how often that happened. */
export type Recorded = Extract<Decision, { kind: 'Record' }>;

/** The decision's status write; fails the test when it is none. */
export function recorded(decision: Decision): Recorded {
  if (decision.kind !== 'Record') expect.fail(`expected a status write, got ${JSON.stringify(decision)}`);
  return decision;
}

/** The decision's action; fails the test when it is none. */
export function acted<K extends Action['kind']>(decision: Decision, kind: K): Extract<Action, { kind: K }> {
  if (decision.kind !== 'Act' || decision.action.kind !== kind)
    expect.fail(`expected ${kind}, got ${JSON.stringify(decision)}`);
  return decision.action as Extract<Action, { kind: K }>;
}

/** The word in the STATUS column. */
export const reasonIn = (status: LunResyncStatus): string | undefined =>
  conditionOf(status.conditions, 'Succeeded')?.reason;

/** Status, reason and message of a condition. */
export const conditionIn = (
  status: LunResyncStatus,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined =>
  conditionOf(status.conditions, type);

/** What the next look sees after the write: the same world, with the status written and `change` on top. */
export function afterWrite(o: Observation, { status }: Recorded, change: Partial<Observation> = {}): Observation {
  return { ...o, resync: { ...o.resync, status }, ...change };
}

/** Decides and writes until something other than a write at once is decided. Bounded. */
export function settle(o: Observation): { readonly o: Observation; readonly decision: Decision } {
  let seen = o;
  for (let step = 0; step < 12; step++) {
    const decision = decide(seen);
    if (decision.kind !== 'Record' || decision.lookAgainInMs !== 0) return { o: seen, decision };
    seen = afterWrite(seen, decision);
    if (decision.ended !== undefined) return { o: seen, decision };
  }
  return expect.fail('the rules write for ever');
}
