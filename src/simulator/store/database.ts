/**
 * The array's durable memory: one SQLite database in write-ahead mode, held by one process at a time.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ArrayState, LunRecord, OperationRecord, PoolRecord, RunRecord } from '../state/records.ts';
import type { Batch, MarkPage, Row } from './batch.ts';
import { createTables, schemaVersion } from './schema.ts';

/** Everything that a store holds when it is opened. */
export type StoredArray = {
  readonly state: ArrayState;
  readonly marks: readonly MarkPage[];
  readonly faults: readonly Uint8Array[];
};

/** The data directory cannot be used: it is in use, of a newer version, or damaged. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** An open store. Every method is synchronous; it lives in a thread of its own. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #isFlushing = true;

  /** Opens or creates the store. Throws StoreError when another process holds it or it is of a newer version. */
  constructor(path: string, newArrayID: () => string = randomUUID) {
    this.#database = new DatabaseSync(path, { timeout: 3_000 });
    try {
      this.#prepare(path, newArrayID);
    } catch (error) {
      this.#database.close();
      throw error instanceof StoreError ? error : explained(path, error);
    }
  }

  /** Reads everything. */
  load(): StoredArray {
    return {
      state: this.#loadState(),
      marks: this.#all('SELECT lun_id AS lunID, page, epochs FROM marks') as MarkPage[],
      faults: this.#all('SELECT record FROM faults ORDER BY id').map((row) => row['record'] as Uint8Array),
    };
  }

  /** Writes a batch in one transaction; durable when it returns, if the batch asks for it. */
  commit(batch: Batch): void {
    this.#flushNext(batch.isFlushed);
    this.#transaction(() => {
      this.#run("UPDATE meta SET value = ? WHERE key = 'generation'", String(batch.generation));
      this.#run("UPDATE meta SET value = ? WHERE key = 'serial'", String(batch.serial));
      this.#putRows('pools', 'name', batch.pools);
      this.#putRows('luns', 'id', batch.luns);
      this.#putRows('operations', 'id', batch.operations);
      this.#putRuns(batch);
      for (const { lunID, page, epochs } of batch.marks) {
        this.#run('INSERT OR REPLACE INTO marks VALUES (?, ?, ?)', lunID, page, epochs);
      }
      for (const id of batch.retiredIDs) {
        this.#forgetLun(id);
      }
    });
  }

  /** The 32-byte digests of a snapshot's chunks, one after another; undefined when they are not known. */
  digests(lunID: string): Uint8Array | undefined {
    return this.#all('SELECT chunks FROM digests WHERE lun_id = ?', lunID)[0]?.['chunks'] as Uint8Array | undefined;
  }

  putDigests(lunID: string, chunks: Uint8Array): void {
    this.#flushNext(true);
    this.#run('INSERT OR REPLACE INTO digests VALUES (?, ?)', lunID, chunks);
  }

  /** Keeps a fault over restarts; `null` forgets it. */
  putFault(id: string, record: Uint8Array | null): void {
    this.#flushNext(true);
    if (record === null) {
      this.#run('DELETE FROM faults WHERE id = ?', id);
      return;
    }
    this.#run('INSERT OR REPLACE INTO faults VALUES (?, ?)', id, record);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(path: string, newArrayID: () => string): void {
    // Exclusive locking makes SQLite's own file lock the lock of the data directory: it ends with the process.
    this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#database.exec('BEGIN IMMEDIATE');
    const version = Number(this.#all('PRAGMA user_version')[0]?.['user_version'] ?? 0);
    if (version > schemaVersion) {
      throw new StoreError(
        `${path} has schema version ${version} and this program knows ${schemaVersion}. Use a newer program for it.`,
      );
    }
    if (version === 0) {
      this.#database.exec(createTables);
      this.#run("INSERT INTO meta VALUES ('array_id', ?), ('generation', '0'), ('serial', '0')", newArrayID());
      this.#database.exec(`PRAGMA user_version = ${schemaVersion}`);
    }
    this.#database.exec('COMMIT');
  }

  #loadState(): ArrayState {
    const meta = new Map(this.#all('SELECT key, value FROM meta').map((row) => [row['key'], String(row['value'])]));
    const runs = Map.groupBy(
      this.#all('SELECT lun_id, record FROM runs ORDER BY lun_id, ordinal'),
      (row) => row['lun_id'],
    );
    const luns = this.#records<LunRecord>('luns').map((lun) => ({
      ...lun,
      runs: (runs.get(lun.id) ?? []).map((row) => JSON.parse(String(row['record'])) as RunRecord),
    }));
    return {
      arrayID: meta.get('array_id') ?? '',
      generation: Number(meta.get('generation')),
      serial: Number(meta.get('serial')),
      luns: new Map(luns.map((lun) => [lun.id, lun])),
      operations: new Map(this.#records<OperationRecord>('operations').map((record) => [record.operationID, record])),
      pools: new Map(this.#records<PoolRecord>('pools').map((pool) => [pool.name, pool])),
      retiredIDs: new Set(this.#all('SELECT id FROM retired').map((row) => String(row['id']))),
    };
  }

  #records<T>(table: string): T[] {
    return this.#all(`SELECT record FROM ${table}`).map((row) => JSON.parse(String(row['record'])) as T);
  }

  #putRows(table: string, key: string, rows: readonly Row[]): void {
    for (const [id, record] of rows) {
      if (record === null) {
        this.#run(`DELETE FROM ${table} WHERE ${key} = ?`, id);
      } else {
        this.#run(
          `INSERT INTO ${table} (${key}, record) VALUES (?, ?) ON CONFLICT (${key}) DO UPDATE SET record = excluded.record`,
          id,
          record,
        );
      }
    }
  }

  #putRuns(batch: Batch): void {
    for (const { lunID, owner, ordinal, record } of batch.runs) {
      if (record === null) {
        this.#run('DELETE FROM runs WHERE lun_id = ? AND owner = ?', lunID, owner);
      } else {
        this.#run('INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)', lunID, owner, ordinal, record);
      }
    }
  }

  #forgetLun(id: string): void {
    for (const table of ['runs', 'marks', 'digests']) {
      this.#run(`DELETE FROM ${table} WHERE lun_id = ?`, id);
    }
    this.#run('INSERT OR IGNORE INTO retired VALUES (?)', id);
  }

  #flushNext(isFlushed: boolean): void {
    if (isFlushed !== this.#isFlushing) {
      this.#database.exec(`PRAGMA synchronous = ${isFlushed ? 'FULL' : 'NORMAL'}`);
      this.#isFlushing = isFlushed;
    }
  }

  #transaction(write: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) {
        this.#database.exec('ROLLBACK');
      }
      throw error;
    }
  }

  #run(sql: string, ...values: readonly (string | number | Uint8Array)[]): void {
    this.#statement(sql).run(...values);
  }

  #all(sql: string, ...values: readonly (string | number)[]): Record<string, unknown>[] {
    return this.#statement(sql).all(...values);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function explained(path: string, cause: unknown): StoreError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (message.includes('locked')) {
    return new StoreError(`${path} is in use by another process. Stop that one, or name another data directory.`, {
      cause,
    });
  }
  return new StoreError(`${path} cannot be opened as the store of an array: ${message}.`, { cause });
}
