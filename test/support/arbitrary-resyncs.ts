// Arbitrary LunResyncs that the parser accepts, with statuses that no rule would have written.
import fc from 'fast-check';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import { DATA_STATES, type LunResyncStatus, PAIR_STATES } from '../../src/api/lun-resync-status.ts';
import { CONDITION_TYPES, FINALIZER } from '../../src/api/names.ts';
import { bytes, generation, lunID, operationID, partial, REASON_NAMES, rarely, time } from './arbitrary-values.ts';
import { ARRAY_ID, ago, UID } from './observations.ts';

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

export const resync: fc.Arbitrary<LunResync> = fc
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
