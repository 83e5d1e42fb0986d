/**
 * One commit as rows, ready to be sent to the store's thread.
 */
import type { Changes } from '../state/draft.ts';
import type { ArrayState, LunRecord, RunRecord } from '../state/records.ts';

/** A row of a table whose key is a text; `null` deletes it. */
export type Row = readonly [key: string, record: string | null];

/** One page of marks: the epochs of 1024 granules as little-endian 32-bit numbers. */
export type MarkPage = { readonly lunID: string; readonly page: number; readonly epochs: Uint8Array };

/** Everything that one transaction writes. */
export type Batch = {
  readonly generation: number;
  readonly serial: number;
  readonly pools: readonly Row[];
  readonly luns: readonly Row[];
  readonly operations: readonly Row[];
  readonly runs: readonly {
    readonly lunID: string;
    readonly owner: string;
    readonly ordinal: number;
    readonly record: string | null;
  }[];
  readonly retiredIDs: readonly string[];
  readonly marks: readonly MarkPage[];
  /** Whether it must survive a power failure; a lost progress report hurts nobody. */
  readonly isFlushed: boolean;
};

/** The rows of a transition's changes. */
export function batchOf(
  before: ArrayState,
  changes: Changes,
  more: { readonly marks: readonly MarkPage[]; readonly isFlushed: boolean },
): Batch {
  return {
    ...more,
    generation: changes.generation,
    serial: changes.serial,
    pools: [...changes.pools].map(([name, pool]) => [name, JSON.stringify(pool)]),
    luns: [...changes.luns].map(([id, lun]) => [id, lun === null ? null : JSON.stringify({ ...lun, runs: [] })]),
    operations: [...changes.operations].map(([id, record]) => [id, record === null ? null : JSON.stringify(record)]),
    runs: [...changes.luns].flatMap(([id, lun]) => (lun === null ? [] : changedRuns(id, before.luns.get(id), lun))),
    retiredIDs: changes.retiredIDs,
  };
}

function changedRuns(lunID: string, before: LunRecord | undefined, after: LunRecord): Batch['runs'][number][] {
  if (before?.runs === after.runs) {
    return [];
  }
  const known = new Set<RunRecord>(before?.runs);
  const kept = new Set(after.runs.map((run) => run.owner));
  const written = after.runs
    .filter((run) => !known.has(run))
    // The generation before an acceptance only grows, so it is the order of the acceptances.
    .map((run) => ({ lunID, owner: run.owner, ordinal: run.intentGeneration, record: JSON.stringify(run) }));
  const dropped = (before?.runs ?? [])
    .filter((run) => !kept.has(run.owner))
    .map((run) => ({ lunID, owner: run.owner, ordinal: 0, record: null }));
  return [...written, ...dropped];
}
