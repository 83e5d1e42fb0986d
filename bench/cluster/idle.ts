// What an operator costs that has nothing to do: memory, and what it asks of the API server and of the array in a minute.
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../test/support/until.ts';
import { MIB, type Sizes } from '../options.ts';
import type { Aim, BenchContext, Row } from '../report.ts';
import { median } from '../statistics.ts';
import { type ApiRequests, sentBetween, settled } from './api-requests.ts';
import { allAtOnce, forEach, namesFor, type Work } from './at-once.ts';
import { AuditLog } from './audit-log.ts';
import { ownMemoryMiB, peakMemoryMiB, residentMemoryMiB } from './process-usage.ts';
import { openStage, type Stage } from './stage.ts';

const SAMPLE_MS = 1_000;

/** 64 MiB at 128 KiB a second take more than eight minutes, and move by 1 % more often than progress is written. */
const SLOW_SOURCE = 'slow-snapshot';
const SLOW_BYTES = BigInt(64 * MIB);
const SLOW_RATE = BigInt(MIB / 8);
const START_TIMEOUT_MS = 120_000;
const AT_ONCE = 100;

/** With no LunResync at all, and with many that have ended and some that run throughout. */
export async function measureIdle(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  const { log, apiServerArgs } = await AuditLog.prepare(context.folder);
  await using stage = await openStage(context, apiServerArgs);
  const { idleFinished, idleRunning, idleSeconds } = context.sizes;
  await settled(() => log.requestsOf(PROGRAM));
  context.say(`no LunResync: ${idleSeconds} s`);
  const without = await quiet({ stage, log, seconds: idleSeconds });
  await makeResyncs(stage, context);
  context.say(`${idleFinished} finished LunResyncs and ${idleRunning} running ones: ${idleSeconds} s`);
  const withResyncs = await quiet({ stage, log, seconds: idleSeconds });
  const left = await stage.running();
  if (left !== idleRunning) throw new Error(`only ${left} of ${idleRunning} LunResyncs ran until the end`);
  return [
    ...rowsOf('no LunResync', without, { kind: 'at most', value: 60 }),
    ...rowsOf(`${idleFinished} finished, ${idleRunning} running`, withResyncs),
  ];
}

async function makeResyncs(stage: Stage, { sizes, say }: BenchContext<Sizes>): Promise<void> {
  const [finished, running] = [namesFor('finished', sizes.idleFinished), namesFor('running', sizes.idleRunning)];
  say(`making ${sizes.idleFinished} finished LunResyncs`);
  await forEach([...finished, ...running], (name) => stage.target(name));
  const work: Work = { begin: (name) => stage.apply(name), ended: (name) => stage.completed(name) };
  // The end of each is waited for for so long only, and on a slow machine the last of a thousand would come later.
  for (let from = 0; from < finished.length; from += AT_ONCE)
    await allAtOnce(finished.slice(from, from + AT_ONCE), work);
  await stage.source(SLOW_SOURCE, SLOW_BYTES);
  await stage.array.admin.setBandwidth({ bytesPerSecond: SLOW_RATE });
  for (const name of running) await stage.apply(name, SLOW_SOURCE);
  const areRunning = async (): Promise<boolean> => (await stage.running()) === running.length;
  await until(() => `${running.length} LunResyncs to run`, areRunning, START_TIMEOUT_MS);
}

/** What was seen in a while in which nobody asked for anything. Counts are of that while. */
type Quiet = {
  readonly seconds: number;
  readonly residentMiB: number;
  readonly ownMiB: number;
  /** Since the process was started. */
  readonly peakMiB: number;
  readonly requests: readonly (readonly [string, number])[];
  readonly arrayCalls: readonly (readonly [string, number])[];
};

/** The user agent of the operator. */
const PROGRAM = ['lunresync'];

async function quiet(of: { stage: Stage; log: AuditLog; seconds: number }): Promise<Quiet> {
  const { stage, log, seconds } = of;
  const pid = stage.operatorPID;
  const [requests, calls] = [await log.allRequestsOf(PROGRAM), callsOf(stage)];
  const samples: { readonly residentMiB: number; readonly ownMiB: number }[] = [];
  for (let passedMs = 0; passedMs < seconds * 1000; passedMs += SAMPLE_MS) {
    await delay(SAMPLE_MS);
    samples.push({ residentMiB: await residentMemoryMiB(pid), ownMiB: await ownMemoryMiB(pid) });
  }
  return {
    seconds,
    residentMiB: median(samples.map(({ residentMiB }) => residentMiB)),
    ownMiB: median(samples.map(({ ownMiB }) => ownMiB)),
    peakMiB: await peakMemoryMiB(pid),
    requests: sentBetween(requests, await log.allRequestsOf(PROGRAM)),
    arrayCalls: sentBetween(calls, callsOf(stage)),
  };
}

/** The calls that the array has answered so far, by method. */
function callsOf({ array }: Stage): ApiRequests {
  return new Map(
    Object.entries(Object.groupBy(array.callLog(), ({ method }) => method)).map(([method, calls]) => [
      method,
      calls?.length ?? 0,
    ]),
  );
}

function rowsOf(when: string, seen: Quiet, requestsAim?: Aim): readonly Row[] {
  const counts = (what: string, by: Quiet['requests'], aim?: Aim): readonly Row[] => {
    const aMinute = (count: number): number => (count * 60) / seen.seconds;
    const total = by.reduce((sum, [, count]) => sum + count, 0);
    return [
      { what: `${when}, ${what} per minute`, value: aMinute(total), unit: '', ...(aim === undefined ? {} : { aim }) },
      ...by.map(([key, count]) => ({ what: `${when}, ${what} per minute: ${key}`, value: aMinute(count), unit: '' })),
    ];
  };
  return [
    {
      what: `${when}, resident memory (VmRSS)`,
      value: seen.residentMiB,
      unit: ' MiB',
      aim: { kind: 'below', value: 100 },
    },
    { what: `${when}, of it the process's own (RssAnon)`, value: seen.ownMiB, unit: ' MiB' },
    { what: `${when}, peak memory so far (VmHWM)`, value: seen.peakMiB, unit: ' MiB' },
    ...counts('API requests', seen.requests, requestsAim),
    ...counts('array calls', seen.arrayCalls),
  ];
}
