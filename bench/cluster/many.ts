// What many resyncs at once cost: time, requests to the API server, the operator's processor time and memory.
import type { Sizes } from '../options.ts';
import type { BenchContext, Row } from '../report.ts';
import { type ApiRequests, isWrite, readApiRequests, sentBetween, settled } from './api-requests.ts';
import { allAtOnce, namesFor, type Work } from './at-once.ts';
import { cpuSeconds, peakMemoryMiB } from './process-usage.ts';
import { openStage, type Stage } from './stage.ts';

const WARM_UP = 20;

/** Resyncs of 1 MiB from one snapshot to as many targets, all applied at once. */
export async function measureMany(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  await using stage = await openStage(context);
  const work: Work = { begin: (name) => stage.apply(name), ended: (name) => stage.completed(name) };
  const count = context.sizes.manyResyncs;
  context.say(`making ${count} LUNs`);
  const [warmUp, names] = [await targets(stage, 'warm-up', WARM_UP), await targets(stage, 'many', count)];
  // An operator runs for weeks: what its first runs cost until the code is compiled is not what a resync costs.
  await allAtOnce(warmUp, work);
  const read = (): Promise<ApiRequests> => readApiRequests(stage.metricsURL);
  const requestsBefore = await settled(read);
  const cpuBefore = await cpuSeconds(stage.operatorPID);
  context.say(`applying ${count} LunResyncs at once`);
  const seconds = await allAtOnce(names, work);
  const sent = sentBetween(requestsBefore, await settled(read));
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
  const names = namesFor(prefix, count);
  for (const name of names) await stage.target(name);
  return names;
}
