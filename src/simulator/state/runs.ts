/**
 * The runs of a LUN: one entry an owner, the newest 256, newest last.
 */
import type { LunRecord, RunRecord } from './records.ts';

/** How many owners a LUN remembers. Source: lunarray.proto, Lun.runs. */
export const maxRuns = 256;

/** What became of an owner's newest operation on a LUN, or undefined. */
export function runOf(lun: LunRecord | undefined, owner: string): RunRecord | undefined {
  return lun?.runs.find((run) => run.owner === owner);
}

/** The LUN with a run as its newest, in place of the owner's older one. */
export function withNewestRun(lun: LunRecord, run: RunRecord): LunRecord {
  const others = lun.runs.filter((other) => other.owner !== run.owner);
  return { ...lun, runs: [...others, run].slice(-maxRuns) };
}

/** The LUN with the fields of an operation's own run changed; a run that was dropped or replaced stays so. */
export function withChangedRun(
  lun: LunRecord,
  operationID: string,
  change: Partial<Omit<RunRecord, 'owner' | 'operationID'>>,
): LunRecord {
  return { ...lun, runs: lun.runs.map((run) => (run.operationID === operationID ? { ...run, ...change } : run)) };
}
