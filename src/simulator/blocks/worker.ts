/** Entry of a block worker thread: runs one task at a time, synchronously, and answers each with a reply or a failure. */
import { parentPort } from 'node:worker_threads';
import { BlockIoError } from './file-bytes.ts';
import { copyRegion, zeroTarget } from './worker-copy.ts';
import type { BlockFailure, BlockReplies, BlockRequest, BlockResponse, BlockTask } from './worker-tasks.ts';
import { digestRegion, mapRegions, verifyRegion } from './worker-verify.ts';

const port = parentPort;
if (port === null) {
  throw new Error('worker.ts is the entry of a worker thread and cannot be run on its own');
}

port.on('message', ({ id, task }: BlockRequest) => {
  port.postMessage(respond(id, task));
});

function respond(id: number, task: BlockTask): BlockResponse {
  try {
    return { id, ok: true, reply: run(task) };
  } catch (error) {
    return { id, ok: false, failure: describe(error) };
  }
}

function run(task: BlockTask): BlockReplies[keyof BlockReplies] {
  switch (task.kind) {
    case 'map':
      return mapRegions(task);
    case 'copy':
      return copyRegion(task);
    case 'zero':
      return zeroTarget(task);
    case 'verify':
      return verifyRegion(task);
    case 'digest':
      return digestRegion(task);
  }
}

function describe(error: unknown): BlockFailure {
  if (error instanceof BlockIoError) {
    return { code: error.code, message: error.message, file: error.file, offset: error.offset };
  }
  // A defect, not an I/O error: the stack is all there is to find it by.
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message, file: 'target', offset: 0 };
}
