// What a program, of one process or more, needs for a piece of work.
import { type ApiRequests, isWrite, sentBetween, settled } from './api-requests.ts';
import { cpuSeconds, peakMemoryMiB } from './process-usage.ts';

/** A program that is measured. */
export type Program = {
  readonly pids: readonly number[];
  /** The requests that it has sent so far. */
  readonly requests: () => Promise<ApiRequests>;
};

export type Cost = {
  readonly seconds: number;
  /** Most first. */
  readonly requests: readonly (readonly [string, number])[];
  readonly writes: number;
  readonly reads: number;
  readonly cpuSeconds: number;
  /** The most memory of each process over its life, added up. */
  readonly peakMemoryMiB: number;
};

/** Does the work, which gives its time in seconds, and waits until the program has nothing more to send. */
export async function costOf({ pids, requests }: Program, work: () => Promise<number>): Promise<Cost> {
  const [requestsBefore, cpuBefore] = [await settled(requests), await sumOf(pids, cpuSeconds)];
  const seconds = await work();
  const sent = sentBetween(requestsBefore, await settled(requests));
  const count = (isCounted: (key: string) => boolean): number =>
    sent.filter(([key]) => isCounted(key)).reduce((sum, [, times]) => sum + times, 0);
  return {
    seconds,
    requests: sent,
    writes: count(isWrite),
    reads: count((key) => !isWrite(key)),
    cpuSeconds: (await sumOf(pids, cpuSeconds)) - cpuBefore,
    peakMemoryMiB: await sumOf(pids, peakMemoryMiB),
  };
}

async function sumOf(pids: readonly number[], measure: (pid: number) => Promise<number>): Promise<number> {
  const all = await Promise.all(pids.map((pid) => measure(pid)));
  return all.reduce((sum, one) => sum + one, 0);
}
