// Builders of statuses as the rules write them, for one pair `data` of LUN snap-1 over LUN vol-1.
import type { LunResyncStatus, PairStatus } from '../../src/api/lun-resync-status.ts';
import { conditionsFor } from '../../src/core/conditions.ts';
import { type ReasonName, reasonOf } from '../../src/core/reasons.ts';
import { ARRAY_ID, ago, GENERATION, GiB, UID } from './observations.ts';

export const recordedPair = (over: Partial<PairStatus> = {}): PairStatus => ({
  name: 'data',
  source: { lunID: 'snap-1', identifier: '3:6001405snap-1', sizeBytes: 10 * GiB },
  target: { lunID: 'vol-1', identifier: '3:6001405vol-1', sizeBytes: 10 * GiB, generation: GENERATION },
  ...over,
});

export function showing(
  reason: ReasonName,
  over: LunResyncStatus & { readonly message?: string } = {},
): LunResyncStatus {
  const { message = 'as before', ...status } = over;
  return {
    observedGeneration: 1,
    conditions: conditionsFor({
      previous: [],
      generation: 1,
      now: ago(60),
      reason,
      message,
      stalled: false,
      dataState: status.dataState ?? 'Untouched',
      undo: 'NotFinished',
    }),
    ...(reasonOf(reason).kind === 'Active' ? {} : { completionTime: ago(60) }),
    ...status,
  };
}

export function intended(over: LunResyncStatus = {}, attempt = 1): LunResyncStatus {
  return showing('Starting', {
    attempt,
    operationID: `${UID}.${attempt}`,
    operationKind: 'Resync',
    arrayName: 'array-a',
    arrayID: ARRAY_ID,
    pairs: [recordedPair()],
    ...over,
  });
}

export const running = (over: LunResyncStatus = {}): LunResyncStatus =>
  intended({ ...showing('Copying'), startTime: ago(60), ...over });

export function failed(over: LunResyncStatus = {}): LunResyncStatus {
  const { operationID: _id, operationKind: _kind, ...rest } = running({ ...showing('RetryBackoff'), failures: 1 });
  return { ...rest, ...over };
}

export const ending = (reason: ReasonName, message = 'because'): NonNullable<LunResyncStatus['ending']> => ({
  reason,
  message,
  hresult: reasonOf(reason).hresult,
});
