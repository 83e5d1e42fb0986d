// The largest LunResyncs that the schema allows and the operator writes, built from the bounds in the CRD themselves.

import type { LunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncStatus, PairStatus } from '../../src/api/lun-resync-status.ts';

const NUMBER = Number.MAX_SAFE_INTEGER;
const TIME = '2026-11-24T10:00:00.000000+00:00';
const long = (size: number): string => 'x'.repeat(size);

/** 96 characters a pair, which is the bound of 6144 for 64 of them; the name counts twice. */
const PAIR_TEXT = 96;

/** How long the names of the pairs are: names or what they name use up the bound. */
export type NameLength = 12 | 47;

const pairNames = (length: NameLength): string[] =>
  Array.from({ length: 64 }, (_, position) => `p${position}`.padEnd(length, 'x'));

/** 128 characters a pair, which is the bound of 8192 for 64 of them. */
const pairStatuses = (names: NameLength): readonly PairStatus[] =>
  pairNames(names).map((name) => ({
    name,
    source: { lunID: long(23), identifier: long(23), sizeBytes: NUMBER },
    target: {
      lunID: long(23),
      claimUID: long(36),
      identifier: long(23),
      sizeBytes: NUMBER,
      finalSizeBytes: NUMBER,
      generation: NUMBER,
    },
    state: 'RollingBack',
    dataState: 'MatchesSource',
    copiedBytes: NUMBER,
    totalBytes: NUMBER,
    safetySnapshotID: long(128),
    reason: long(64),
    message: long(128),
  }));

/** The status of a run with every field at its largest, before the operator makes it fit. */
export const largestRun = (names: NameLength): LunResyncStatus => ({
  observedGeneration: NUMBER,
  conditions: ['Succeeded', 'Ready', 'Reconciling', 'Stalled', 'UndoAvailable', 'TargetConsistent'].map((type) => ({
    type,
    status: 'Unknown',
    observedGeneration: NUMBER,
    lastTransitionTime: TIME,
    reason: long(64),
    message: long(512),
  })),
  startTime: TIME,
  completionTime: TIME,
  arrayName: long(253),
  arrayID: long(128),
  hresult: { name: long(64), code: '0x0004230A' },
  attempt: 2147483647,
  operationID: long(128),
  operationKind: 'RollBack',
  failures: 2147483647,
  rollBackFailures: 2147483647,
  retryTime: TIME,
  waitingSince: TIME,
  pausedSince: TIME,
  pausedSeconds: 2147483647,
  ending: { reason: long(64), message: long(512), hresult: long(64) },
  safetySnapshotsDeleted: false,
  progress: {
    percent: 100,
    copiedBytes: NUMBER,
    totalBytes: NUMBER,
    bytesPerSecond: NUMBER,
    estimatedCompletionTime: TIME,
    lastUpdateTime: TIME,
    display: long(32),
  },
  pairsSummary: long(16),
  dataState: 'MatchesSource',
  pairs: pairStatuses(names),
  users: Array.from({ length: 16 }, () => ({
    pair: pairNames(names)[0],
    kind: 'VolumeAttachment' as const,
    name: long(253),
  })),
});

/** The same under mode Plan, where nothing was started: there are no snapshots, bytes or results. */
export const largestPlan = (names: NameLength): LunResyncStatus => ({
  ...largestRun(names),
  pairs: pairStatuses(names).map(({ name, source, target, state, reason, message }) => ({
    name,
    source,
    target,
    state,
    dataState: 'Untouched',
    reason,
    message,
  })),
  plan: pairNames(names).map((pair) => ({ pair, action: long(256), severity: 'Blocked' })),
});

/** The largest LunResync with that status. */
export function largestLunResync(status: LunResyncStatus, names: NameLength = 12): LunResync {
  const rest = (PAIR_TEXT - 2 * names) / 2;
  return {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: {
      name: long(253),
      namespace: long(63),
      uid: long(36),
      resourceVersion: long(20),
      generation: NUMBER,
      creationTimestamp: TIME,
      deletionTimestamp: TIME,
      finalizers: ['lunresync.io/lunresync', 'foregroundDeletion'],
    },
    spec: {
      arrayName: long(253),
      pairs: pairNames(names).map((name) => ({
        name,
        source: { volumeSnapshotName: long(rest) },
        target: { persistentVolumeClaimName: long(rest) },
      })),
      mode: 'Plan',
      sizePolicy: 'MatchSource',
      claimResize: 'Never',
      identityPolicy: 'RevertToOriginal',
      unselectedVolumePolicy: 'Overwrite',
      safetySnapshot: 'Always',
      verify: 'Digest',
      targetInUseTimeoutSeconds: 604800,
      runID: long(128),
      suspend: false,
      cancel: false,
      activeDeadlineSeconds: 2147483647,
      stallTimeoutSeconds: 604800,
      backoffLimit: 100,
      safetySnapshotRetentionSeconds: 2147483647,
      ttlSecondsAfterFinished: 2147483647,
    },
    status,
  };
}
