// Builders of runs as the plugin sees them.
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncStatus, PairStatus } from '../../src/api/lun-resync-status.ts';
import { conditionsFor, type Undo } from '../../src/core/conditions.ts';
import { type ReasonName, reasonOf } from '../../src/core/reasons.ts';
import type { RunState } from '../../src/plugin/run.ts';

export const MiB = 2 ** 20;
/** The watcher's clock when a state comes in. */
export const NOW = Date.parse('2026-11-24T12:00:00Z');

type RunOptions = {
  readonly reason: ReasonName;
  readonly message?: string;
  readonly pairs?: readonly PairStatus[];
  readonly status?: LunResyncStatus;
  readonly undo?: Undo;
  readonly deletionTimestamp?: string;
};

/** A run of that reason; of the pairs that the status has, or of one that is not resolved. */
export function run({
  reason,
  message = '',
  pairs,
  status = {},
  undo = 'NotFinished',
  ...rest
}: RunOptions): LunResync {
  const names = (pairs ?? [{ name: 'data' }]).map(({ name }) => name);
  const { dataState = 'Untouched' } = status;
  const now = '2026-11-24T11:59:00Z';
  const shown = { previous: [], generation: 1, now, reason, message, stalled: false, dataState, undo };
  const parsed = parseLunResync({
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: {
      name: 'restore-shop',
      namespace: 'shop',
      uid: 'u-1',
      resourceVersion: '7',
      creationTimestamp: now,
      ...(rest.deletionTimestamp === undefined ? {} : { deletionTimestamp: rest.deletionTimestamp }),
    },
    spec: {
      arrayName: 'array-a',
      pairs: names.map((name) => ({ name, source: { lunID: `${name}-src` }, target: { lunID: `${name}-dst` } })),
    },
    status: {
      conditions: conditionsFor(shown),
      ...(reasonOf(reason).kind === 'Active' ? {} : { completionTime: now }),
      ...status,
      ...(pairs === undefined ? {} : { pairs }),
    },
  });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

export function stateOf(resync: LunResync, sinceMs = 0): RunState {
  return { resync, receivedAt: NOW, now: NOW + sinceMs };
}

export function copyingPair(name: string, copied: number, total = 100 * MiB): PairStatus {
  return {
    name,
    state: 'Copying',
    source: { lunID: `${name}-src` },
    target: { lunID: `${name}-dst` },
    copiedBytes: copied,
    totalBytes: total,
  };
}

/** Two pairs, 75 of 200 MiB, by a clock of the operator that is an hour behind the watcher's. */
export function copying(): LunResync {
  return run({
    reason: 'Copying',
    message: 'The array copies',
    pairs: [copyingPair('orders', 50 * MiB), copyingPair('ledger', 25 * MiB)],
    status: {
      dataState: 'Overwriting',
      pairsSummary: '0/2',
      arrayName: 'array-a',
      progress: {
        percent: 37,
        copiedBytes: 75 * MiB,
        totalBytes: 200 * MiB,
        bytesPerSecond: 5 * MiB,
        lastUpdateTime: '2026-11-24T11:00:00.000Z',
        estimatedCompletionTime: '2026-11-24T11:00:25Z',
      },
    },
  });
}
