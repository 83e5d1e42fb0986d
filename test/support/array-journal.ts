/**
 * What an array's journal on disk says was written to its LUNs, and on whose behalf: evidence that does not come from the
 * operator. The format is that of src/simulator/store/schema.ts, read here by a parser of its own.
 */
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { until } from './until.ts';

const FILES = ['array.sqlite', 'array.sqlite-wal'] as const;
const KNOWN_VERSION = 1;

const lunSchema = z.object({ id: z.string(), generation: z.number(), contentGeneration: z.number() });
const runSchema = z.object({ owner: z.string(), operationID: z.string(), kind: z.string(), sourceLunID: z.string() });
const operationSchema = z.object({
  operationID: z.string(),
  owner: z.string(),
  outcome: z.string(),
  isCancelRequested: z.boolean(),
  isReleased: z.boolean(),
});

/** An operation that was accepted with this LUN as a target: the newest one of its owner. */
export type JournalRun = z.output<typeof runSchema> & { readonly lunID: string };

/** The journal at one instant. */
export type ArrayJournal = {
  /** By LUN; all that there are now. */
  readonly luns: ReadonlyMap<string, z.output<typeof lunSchema>>;
  /** They outlive the operations' records. */
  readonly runs: readonly JournalRun[];
  /** Those whose record has not been released. */
  readonly operations: ReadonlyMap<string, z.output<typeof operationSchema>>;
};

/** A LUN whose content may have changed: `by` are `namespace/name` of the runs that did it, `from` their sources. */
export type Written = { readonly lunID: string; readonly by: readonly string[]; readonly from: readonly string[] };

/** Reads the journal of an array that may be running: of a copy, made while nothing was written. */
export async function readJournal(dataDirectory: string): Promise<ArrayJournal> {
  const folder = await mkdtemp(join(tmpdir(), 'array-journal-'));
  try {
    const changes = async (): Promise<string> => JSON.stringify(await Promise.all(FILES.map((file) => stampOf(file))));
    const stampOf = async (file: string): Promise<unknown> => {
      const found = await stat(join(dataDirectory, file), { bigint: true }).catch(() => undefined);
      return found === undefined ? null : [String(found.mtimeNs), String(found.size)];
    };
    await until(
      () => `the journal in ${dataDirectory} to rest`,
      async () => {
        const before = await changes();
        for (const file of FILES)
          if ((await stampOf(file)) !== null) await copyFile(join(dataDirectory, file), join(folder, file));
        return before === (await changes());
      },
      10_000,
    );
    return parse(join(folder, FILES[0]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parse(path: string): ArrayJournal {
  const database = new DatabaseSync(path);
  try {
    const rows = (sql: string): Record<string, unknown>[] => database.prepare(sql).all();
    const version = rows('PRAGMA user_version')[0]?.['user_version'];
    if (version !== KNOWN_VERSION)
      throw new Error(`${path} has version ${String(version)}, this reader knows ${KNOWN_VERSION}`);
    const damage = rows('PRAGMA quick_check')[0]?.['quick_check'];
    if (damage !== 'ok') throw new Error(`${path} is damaged: ${String(damage)}`);
    const recordOf = (row: Record<string, unknown>): unknown => JSON.parse(String(row['record']));
    const luns = rows('SELECT record FROM luns').map((row) => lunSchema.parse(recordOf(row)));
    const operations = rows('SELECT record FROM operations').map((row) => operationSchema.parse(recordOf(row)));
    return {
      luns: new Map(luns.map((lun) => [lun.id, lun])),
      runs: rows('SELECT lun_id, record FROM runs').map((row) => {
        return { ...runSchema.parse(recordOf(row)), lunID: String(row['lun_id']) };
      }),
      operations: new Map(operations.map((operation) => [operation.operationID, operation])),
    };
  } finally {
    database.close();
  }
}

/**
 * The LUNs that were written between two instants. Whatever may change a content raises its generation, so that a write
 * nobody answers for is found too: its `by` is empty.
 */
export function writtenBetween(before: ArrayJournal, after: ArrayJournal): Written[] {
  const known = new Set(before.runs.map(runKey));
  const fresh = after.runs.filter((run) => !known.has(runKey(run)));
  const raised = [...before.luns.values()].filter(
    ({ id, contentGeneration }) => after.luns.get(id)?.contentGeneration !== contentGeneration,
  );
  const lunIDs = new Set([...raised.map(({ id }) => id), ...fresh.map(({ lunID }) => lunID)]);
  return [...lunIDs].sort().map((lunID) => {
    const runs = fresh.filter((run) => run.lunID === lunID);
    return { lunID, by: unique(runs.map(objectOf)), from: unique(runs.map(({ sourceLunID }) => sourceLunID)) };
  });
}

/** `namespace/name` of the LunResync that the run was for. */
export function objectOf({ owner }: Pick<JournalRun, 'owner'>): string {
  return owner.split('/').slice(1, 3).join('/');
}

function runKey({ lunID, owner, operationID }: JournalRun): string {
  return `${lunID} ${owner} ${operationID}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
