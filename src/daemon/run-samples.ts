/** LunResyncs as the metrics see them. */
import type { LunResync } from '../api/lun-resync.ts';
import type { Reason } from '../core/reasons.ts';
import type { RunResult, RunSample } from './run-metrics.ts';

/** How a run with this reason ended; undefined while it is active. */
export function resultOf(name: string, reason: Reason | undefined): RunResult | undefined {
  if (reason === undefined || reason.kind === 'Active') return undefined;
  if (reason.kind === 'Success') return 'succeeded';
  return name === 'Cancelled' ? 'cancelled' : 'failed';
}

/** Every way that a run can end. */
export function runOutcomes(
  reasons: Readonly<Record<string, Reason>>,
): { readonly result: RunResult; readonly reason: string }[] {
  return Object.entries(reasons).flatMap(([name, reason]) => {
    const result = resultOf(name, reason);
    return result === undefined ? [] : [{ result, reason: name }];
  });
}

/** One sample an object. */
export function* runSamples(resyncs: readonly LunResync[]): Generator<RunSample> {
  for (const { metadata, status } of resyncs) {
    const reason = status.conditions?.find((condition) => condition.type === 'Succeeded')?.reason ?? 'Pending';
    const { progress } = status;
    yield {
      namespace: metadata.namespace,
      name: metadata.name,
      reason,
      ...(status.completionTime !== undefined || progress === undefined
        ? {}
        : {
            progress: {
              copiedBytes: progress.copiedBytes ?? 0,
              totalBytes: progress.totalBytes ?? 0,
              atSeconds: Date.parse(progress.lastUpdateTime ?? '') / 1000 || 0,
            },
          }),
    };
  }
}
