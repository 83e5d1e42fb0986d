/**
 * The store's thread: a commit waits for the disk, and no caller of the array shall wait with it.
 */
import { parentPort } from 'node:worker_threads';
import { Database, StoreError } from './database.ts';
import type { StoreRequest, StoreResponse } from './store-messages.ts';

let database: Database | undefined;

function opened(): Database {
  if (database === undefined) {
    throw new Error('The store has not been opened.');
  }
  return database;
}

function answer(request: StoreRequest): unknown {
  switch (request.kind) {
    case 'open':
      database = new Database(request.path);
      return database.load();
    case 'commit':
      return opened().commit(request.batch);
    case 'digests':
      return opened().digests(request.lunID);
    case 'putDigests':
      return opened().putDigests(request.lunID, request.chunks);
    case 'putFault':
      return opened().putFault(request.id, request.record);
    case 'close':
      return database?.close();
  }
}

parentPort?.on('message', (request: StoreRequest) => {
  let response: StoreResponse;
  try {
    response = { ok: true, value: answer(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    response = { ok: false, message, isStoreError: error instanceof StoreError };
  }
  parentPort?.postMessage(response);
});
