/**
 * The tables of the array's store. A version that this program does not know is refused, never touched.
 */

/** Kept in SQLite's `user_version`. */
export const schemaVersion = 1;

/** Makes an empty database into a store. */
export const createTables = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE pools (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE luns (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE retired (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE runs (
    lun_id TEXT NOT NULL, owner TEXT NOT NULL, ordinal INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (lun_id, owner)
  ) STRICT;
  CREATE TABLE operations (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE marks (
    lun_id TEXT NOT NULL, page INTEGER NOT NULL, epochs BLOB NOT NULL, PRIMARY KEY (lun_id, page)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE digests (lun_id TEXT PRIMARY KEY, chunks BLOB NOT NULL) STRICT;
  CREATE TABLE faults (id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT;
`;
