// Arbitrary observations: objects that the parser accepts, tampered statuses included, and whatever an array may say.
import fc from 'fast-check';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { DATA_STATES, PAIR_STATES } from '../../src/api/lun-resync-status.ts';
import { CONDITION_TYPES, FINALIZER } from '../../src/api/names.ts';
import type { ArrayError, Lun, Operation, Outcome, Refusal, Run } from '../../src/core/array.ts';
import type { Answer } from '../../src/core/decision.ts';
import type { Observation, ResolvedPair, View } from '../../src/core/observation.ts';
import { REASONS, type ReasonName } from '../../src/core/reasons.ts';
import { ago, ARRAY_ID, DIGEST, NOW, OWNER, UID } from './observations.ts';

const LUNS = ['snap-1', 'vol-1', 'snap-2', 'vol-2', 'safe-1', 'safe-2'] as const;
const TARGETS = ['vol-1', 'vol-2'] as const;
const REASON_NAMES = Object.keys(REASONS) as ReasonName[];
const OUTCOMES: readonly Outcome[] = [
  'Running',
  'Succeeded',
  'Failed',
  'Cancelled',
  'Interrupted',
  'RolledBack',
  'Unrecognized',
];

const partial = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(shape, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;

/** Most objects are neither finished, deleted nor at their end. */
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const time = fc.integer({ min: -7200, max: 7200 }).map(ago);
const generation = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 4, max: 8 }) }, fc.maxSafeNat());
const operationID = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(`${UID}.1`, `${UID}.2`, `${UID}.3`) },
  fc.constantFrom('not-ours', `${UID}.99999999999`, 'x.0'),
);
const lunID = fc.constantFrom(...LUNS);
const bytes = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.maxSafeNat());
const digest = fc.constantFrom('', 'aa', 'bb');
const words = fc.oneof(fc.constantFrom('', 'plain'), fc.string({ unit: 'binary', maxLength: 512 }));

const arrayError: fc.Arbitrary<ArrayError> = fc.record({
  reason: fc.constantFrom('VSS_E_PROVIDER_VETO', 'E_OUTOFMEMORY', 'VSS_E_BAD_STATE', 'S_OK', 'E_ACCESSDENIED', '', 'X'),
  message: words,
  remedy: words,
  lunID: fc.constantFrom('', ...LUNS),
});

const pairStatus = partial({
  source: partial({ lunID, identifier: fc.constant('3:60'), sizeBytes: bytes }),
  target: partial({ lunID, identifier: fc.constant('3:60'), sizeBytes: bytes, finalSizeBytes: bytes, generation }),
  state: fc.constantFrom(...PAIR_STATES),
  dataState: fc.constantFrom(...DATA_STATES),
  copiedBytes: bytes,
  totalBytes: bytes,
  safetySnapshotID: fc.constantFrom('safe-1', 'safe-2'),
  reason: fc.constantFrom('Odd', 'BadState'),
  message: fc.string({ maxLength: 128 }),
});

const condition = (type: string): fc.Arbitrary<object> =>
  fc.record({
    type: fc.constant(type),
    status:
      type === 'Succeeded'
        ? fc.constantFrom(...Array<'Unknown'>(10).fill('Unknown'), 'True', 'False')
        : fc.constantFrom('True', 'False', 'Unknown'),
    lastTransitionTime: time,
    reason: fc.constantFrom('Odd', ...REASON_NAMES),
    message: fc.string({ maxLength: 100 }),
  });

const status: fc.Arbitrary<LunResyncStatus> = partial({
  observedGeneration: fc.constantFrom(-1, 1, 2),
  conditions: fc
    .subarray([...CONDITION_TYPES])
    .chain((types) => fc.tuple(...types.map(condition)) as fc.Arbitrary<unknown>),
  startTime: time,
  completionTime: rarely(time),
  arrayName: fc.constantFrom('array-a', 'array-b'),
  arrayID: fc.constantFrom(...Array<string>(12).fill(ARRAY_ID), 'array-2'),
  hresult: fc.constant({ name: 'VSS_S_ASYNC_PENDING', code: '0x00042309' }),
  attempt: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 4 }) }, fc.constant(2 ** 31 - 2)),
  operationID,
  operationKind: fc.constantFrom('Resync' as const, 'RollBack' as const),
  failures: fc.integer({ min: 0, max: 5 }),
  rollBackFailures: fc.integer({ min: 0, max: 6 }),
  retryTime: time,
  waitingSince: time,
  pausedSince: time,
  pausedSeconds: fc.integer({ min: 0, max: 100 }),
  ending: rarely(
    fc.record({
      reason: fc.constantFrom('Odd', ...REASON_NAMES),
      message: fc.string({ maxLength: 512 }),
      hresult: fc.constantFrom('S_OK', 'VSS_E_UNEXPECTED', 'Odd'),
    }),
  ),
  safetySnapshotsDeleted: fc.boolean(),
  progress: partial({
    percent: fc.integer({ min: 0, max: 100 }),
    copiedBytes: bytes,
    totalBytes: bytes,
    lastUpdateTime: time,
  }),
  pairs: fc.tuple(pairStatus, pairStatus, fc.boolean()).map(([one, two, right]) => [
    {
      name: 'one',
      ...one,
      ...(right ? { source: { lunID: 'snap-1' }, target: { lunID: 'vol-1', generation: 5 } } : {}),
    },
    {
      name: 'two',
      ...two,
      ...(right ? { source: { lunID: 'snap-2' }, target: { lunID: 'vol-2', generation: 6 } } : {}),
    },
  ]),
}) as fc.Arbitrary<LunResyncStatus>;

const run: fc.Arbitrary<Run> = fc
  .record({
    owner: fc.constantFrom(OWNER, OWNER, OWNER, 'cluster/shop/other/2', 'cluster/else/restore/3'),
    runID: fc.constantFrom('', 'nightly'),
    pairsDigest: fc.constantFrom(DIGEST, DIGEST, 'other'),
    operationID: fc.oneof({ weight: 19, arbitrary: operationID }, fc.constant('')),
    kind: fc.constantFrom('Resync' as const, 'Resync' as const, 'RollBack' as const),
    outcome: fc.constantFrom(...OUTCOMES),
    error: fc.option(arrayError, { nil: undefined }),
    sourceLunID: lunID,
    intentGeneration: generation,
    endGeneration: generation,
    sourceDigest: digest,
    targetDigest: digest,
    safetySnapshotID: fc.constantFrom('', 'safe-1', 'safe-2'),
    originalSizeBytes: bytes,
  })
  .map(({ error, ...rest }) => (error === undefined ? rest : { ...rest, error }));

const lun = (id: string): fc.Arbitrary<Lun> =>
  fc.record({
    id: fc.constant(id),
    kind: fc.constantFrom('Volume', 'Volume', 'Volume', 'Volume', 'Snapshot'),
    identifiers: fc.constantFrom([], [{ codeSet: 1, type: 3, value: `60${id}` }]),
    sizeBytes: bytes,
    generation,
    contentGeneration: generation,
    state: fc.constantFrom('Online', 'Online', 'Online', 'Resyncing', 'Inconsistent', 'Inconsistent', 'Unrecognized'),
    publishedNodes: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(words, { maxLength: 20 })),
    parentLunID: fc.constantFrom('', ...TARGETS),
    volumes: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(words, { maxLength: 3 })),
    runs: fc.array(run, { maxLength: 3 }),
    safetyOwner: fc.constantFrom('', OWNER),
  });

const operation: fc.Arbitrary<Operation> = fc.record({
  operationID,
  owner: fc.constantFrom(OWNER, 'other'),
  kind: fc.constantFrom('Resync', 'RollBack'),
  step: fc.constantFrom('Accepted', 'Snapshotting', 'Resizing', 'Copying', 'Verifying'),
  outcome: fc.constantFrom(...OUTCOMES),
  pairs: fc.array(
    fc.record({
      sourceLunID: lunID,
      targetLunID: lunID,
      copiedBytes: bytes,
      totalBytes: bytes,
      safetySnapshotID: fc.constantFrom('', 'safe-1'),
    }),
    { maxLength: 3 },
  ),
  heartbeat: fc.nat(),
});

/** As an array writes them: the same operation on both targets, and nobody there since. */
function withRuns(item: Lun, runs: readonly Run[]): Lun {
  const [last] = runs;
  const sourceLunID = item.id.replace('vol', 'snap');
  return {
    ...item,
    state: last === undefined && item.state === 'Resyncing' ? 'Online' : item.state,
    identifiers: [{ codeSet: 1, type: 3, value: `60${item.id}` }],
    publishedNodes: [],
    volumes: [],
    contentGeneration: last?.endGeneration ?? item.contentGeneration,
    runs: runs.map((each) => ({ ...each, sourceLunID })),
  };
}

const ALL = ['Resync', 'Resize', 'RollBack', 'Verify', 'RevertIdentity'] as const;

const view: fc.Arbitrary<View> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<View>({ state: 'unresolved' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      state: fc.constant('unread' as const),
      cause: fc.constantFrom('Unreachable' as const, 'Unauthenticated' as const),
      message: words,
    }),
  },
  {
    weight: 8,
    arbitrary: fc
      .record({
        identity: fc.record({
          arrayID: fc.constantFrom(...Array<string>(12).fill(ARRAY_ID), 'array-2'),
          vendor: fc.constant('v'),
          product: fc.constant('p'),
          contractVersion: fc.constantFrom(1, 1, 1, 0),
          capabilities: fc.constantFrom(ALL, ALL, ALL, [] as const),
        }),
        luns: fc.tuple(...LUNS.map((id) => fc.option(lun(id), { nil: undefined, freq: 12 }))),
        operation: fc.option(operation, { nil: undefined }),
        shared: fc.option(fc.array(run, { maxLength: 1 }), { nil: undefined }),
      })
      .map(({ identity, luns, operation: record, shared }): View => {
        const known = luns.flatMap((item) => (item === undefined ? [] : [item]));
        const agreed = shared === undefined ? known : known.map((item) => withRuns(item, shared));
        const map = new Map(agreed.map((item) => [item.id, item]));
        return { state: 'read', identity, luns: map, ...(record === undefined ? {} : { operation: record }) };
      }),
  },
);

const resolvedPair = (name: string, nth: 0 | 1): fc.Arbitrary<ResolvedPair> =>
  fc
    .record({
      sourceLunID: fc.oneof({ weight: 9, arbitrary: fc.constant(`snap-${nth + 1}`) }, lunID),
      targetLunID: fc.oneof({ weight: 9, arbitrary: fc.constant(`vol-${nth + 1}`) }, lunID),
      sourceNeedsGrant: fc.constantFrom(false, false, false, false, true),
      targetNeedsGrant: fc.constantFrom(false, false, false, false, true),
      selectedVolumes: fc.constant([]),
      final: fc.boolean(),
      problem: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, problem()),
    })
    .map(({ problem: what, ...rest }) =>
      what === undefined ? { name, ...rest } : { name, ...rest, problem: what, sourceLunID: '', targetLunID: '' },
    );

function problem(): fc.Arbitrary<NonNullable<ResolvedPair['problem']>> {
  return fc.record({ reason: fc.constantFrom('ObjectNotFound', 'VolumeModeMismatch'), message: words });
}

const resync: fc.Arbitrary<LunResync> = fc
  .record({
    metadata: partial({
      deletionTimestamp: rarely(time),
      finalizers: fc.constantFrom([FINALIZER], [FINALIZER], [FINALIZER], [FINALIZER], ['other']),
      labels: fc.constantFrom({}, { 'app.kubernetes.io/managed-by': 'Helm' }),
    }),
    spec: partial({
      mode: rarely(fc.constant('Plan')),
      sizePolicy: fc.constantFrom('MatchSource', 'KeepLarger'),
      identityPolicy: fc.constantFrom('KeepTarget', 'RevertToOriginal'),
      unselectedVolumePolicy: fc.constantFrom('Refuse', 'Overwrite'),
      safetySnapshot: fc.constantFrom('Always', 'Never'),
      verify: fc.constantFrom('Digest', 'None'),
      runID: fc.constant('nightly'),
      suspend: rarely(fc.boolean()),
      cancel: rarely(fc.boolean()),
      activeDeadlineSeconds: rarely(fc.integer({ min: 1, max: 10_000 })),
      backoffLimit: fc.integer({ min: 0, max: 3 }),
      targetInUseTimeoutSeconds: fc.constantFrom(0, 300),
      safetySnapshotRetentionSeconds: fc.integer({ min: 0, max: 7200 }),
      ttlSecondsAfterFinished: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    }),
    status,
  })
  .map(({ metadata, spec, status: written }) => {
    const pairs = [1, 2].map((nth) => ({
      name: nth === 1 ? 'one' : 'two',
      source: { lunID: `snap-${nth}` },
      target: { lunID: `vol-${nth}` },
    }));
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
      spec: { pairs, ...spec },
      status: JSON.parse(JSON.stringify(written)),
    });
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.value;
  });

/** Anything that the rules may ever be asked about. */
export const anyObservation: fc.Arbitrary<Observation> = fc.record({
  now: fc.constant(NOW),
  resync,
  owner: fc.constant(OWNER),
  settings: fc.constant({ referenceTimeoutMs: 300_000, progressIntervalMs: 10_000, pollIntervalMs: 1_000 }),
  array: fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({
        state: fc.constant('missing' as const),
        problem: fc.constant({ reason: 'AmbiguousArray' as const, message: 'two' }),
        final: fc.boolean(),
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        state: fc.constant('found' as const),
        name: fc.constant('array-a'),
        arrayID: fc.constantFrom(undefined, ...Array<string>(8).fill(ARRAY_ID), 'array-2'),
        policy: fc.record({
          maintenance: rarely(fc.constant(true)).map(Boolean),
          abandoned: rarely(fc.constant(true)).map(Boolean),
          lunGrants: fc.constant([]),
          maxConcurrentOperations: fc.constantFrom(0, 1),
          maxCopyBytesPerSecond: fc.constantFrom(0, 1000),
        }),
      }),
    },
  ),
  pairs: fc.tuple(resolvedPair('one', 0), resolvedPair('two', 1)),
  view,
  pairsDigest: fc.constant(DIGEST),
  idleMs: fc.constantFrom(0, 0, 400_000),
  unreachableMs: fc.constantFrom(0, 400_000),
  othersRunning: fc.constantFrom(0, 0, 1),
});

const REFUSALS: readonly Refusal[] = [
  'STALE',
  'BUSY',
  'TARGET_PUBLISHED',
  'SOURCE_INCONSISTENT',
  'SOURCE_PUBLISHED',
  'SAME_LUN',
  'UNKNOWN_LUN',
  'IDENTIFIERS',
  'UNSELECTED_VOLUME',
  'DISK_SIGNATURE',
  'SAFETY_SNAPSHOT',
  'STORAGE',
  'ARRAY',
  'Unrecognized',
];

const notKnown = fc.record({
  kind: fc.constant('NotKnown' as const),
  cause: fc.constantFrom('Unreachable' as const, 'Unauthenticated' as const),
  message: words,
});
const refusedCall = fc.record({ kind: fc.constant('Refused' as const), error: arrayError });
const done = fc.oneof(fc.constant({ kind: 'Done' as const }), refusedCall, notKnown);

/** Any answer to any action. */
export const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    to: fc.constant('Start' as const),
    answer: fc.oneof(
      fc.record({ kind: fc.constant('Accepted' as const), operation }),
      fc.record({ kind: fc.constant('Refused' as const), refusal: fc.constantFrom(...REFUSALS), error: arrayError }),
      fc.record({ kind: fc.constant('Malformed' as const), message: words }),
      notKnown,
    ),
  }),
  fc.record({
    to: fc.constant('Cancel' as const),
    answer: fc.oneof(
      fc.constant({ kind: 'Stopping' as const }),
      fc.record({ kind: fc.constant('Ended' as const), outcome: fc.constantFrom(...OUTCOMES) }),
      fc.constant({ kind: 'Dead' as const }),
      refusedCall,
      notKnown,
    ),
  }),
  fc.record({ to: fc.constant('Release' as const), answer: done }),
  fc.record({ to: fc.constant('DeleteSafetySnapshots' as const), answer: done }),
);
