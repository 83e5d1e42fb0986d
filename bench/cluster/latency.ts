// How long a user waits for one small resync: from the POST until the watch says that it has succeeded.
import type { Sizes } from '../options.ts';
import type { BenchContext, Row } from '../report.ts';
import { median, percentile } from '../statistics.ts';
import { openStage, type Stage } from './stage.ts';

/** Median and 90th percentile of resyncs of 1 MiB, one after another. */
export async function measureLatency(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  await using stage = await openStage(context);
  // The first one waits until the operator has made the array's acquaintance.
  await timeOne(stage, 'warm-up');
  const seconds: number[] = [];
  for (let run = 1; run <= context.sizes.latencyRuns; run += 1) seconds.push(await timeOne(stage, `one-${run}`));
  return [
    { what: `apply to Succeeded, 1 MiB, median of ${seconds.length}`, value: median(seconds) * 1000, unit: ' ms' },
    { what: 'apply to Succeeded, 1 MiB, p90', value: percentile(seconds, 90) * 1000, unit: ' ms' },
  ];
}

async function timeOne(stage: Stage, name: string): Promise<number> {
  await stage.target(name);
  const startedAt = performance.now();
  await stage.apply(name);
  const { atMs } = await stage.completed(name);
  return (atMs - startedAt) / 1000;
}
