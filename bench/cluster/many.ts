// What many resyncs at once cost: time, requests to the API server, the operator's processor time and memory.
import type { Sizes } from '../options.ts';
import type { BenchContext, Row } from '../report.ts';
import { isWrite, sentBetween, settledApiRequests } from './api-requests.ts';
import { cpuSeconds, peakMemoryMiB } from './process-usage.ts';
import { openStage, type Stage } from './stage.ts';

/** So many POSTs are under way at a time: more would measure this client's TLS connections. */
const CLIENTS = 16;
const WARM_UP = 20;

/** Resyncs of 1 MiB from one snapshot to as many targets, all applied at once. */
export async function measureMany(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  await using stage = await openStage(context);
  const count = context.sizes.manyResyncs;
  context.say(`making ${count} LUNs`);
  const [warmUp, names] = [await targets(stage, 'warm-up', WARM_UP), await targets(stage, 'many', count)];
  // An operator runs for weeks: what its first runs cost until the code is compiled is not what a resync costs.
  await applyAll(stage, warmUp);
  const requestsBefore = await settledApiRequests(stage.metricsURL);
  const cpuBefore = await cpuSeconds(stage.operatorPID);
  context.say(`applying ${count} LunResyncs at once`);
  const seconds = await applyAll(stage, names);
  const sent = sentBetween(requestsBefore, await settledApiRequests(stage.metricsURL));
  const cpu = (await cpuSeconds(stage.operatorPID)) - cpuBefore;
  const writes = sent.filter(([key]) => isWrite(key)).reduce((sum, [, requests]) => sum + requests, 0);
  return [
    { what: `${count} resyncs of 1 MiB at once, first POST to last Succeeded`, value: seconds, unit: ' s' },
    {
      what: 'API writes per resync, Events included',
      value: writes / count,
      unit: '',
      aim: { kind: 'at most', value: 6 },
    },
    ...sent.map(([key, requests]) => ({ what: `API requests per resync: ${key}`, value: requests / count, unit: '' })),
    { what: 'operator CPU', value: cpu, unit: ' s' },
    { what: 'operator CPU per resync', value: (cpu * 1000) / count, unit: ' ms', aim: { kind: 'at most', value: 8 } },
    { what: 'operator peak memory (VmHWM)', value: await peakMemoryMiB(stage.operatorPID), unit: ' MiB' },
  ];
}

async function targets(stage: Stage, prefix: string, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
  for (const name of names) await stage.target(name);
  return names;
}

/** Applies all and waits for the last; returns the seconds from the first POST. */
async function applyAll(stage: Stage, names: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const waiting = [...names];
  const client = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await stage.apply(name);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const ends = await Promise.all(names.map((name) => stage.completed(name)));
  return (Math.max(...ends.map(({ atMs }) => atMs)) - startedAt) / 1000;
}
