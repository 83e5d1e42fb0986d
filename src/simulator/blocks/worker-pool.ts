/**
 * The two worker threads that do all bulk reading, writing, comparing and hashing of the simulated array, shared by every
 * copy that runs. They start on first use and do not keep the process alive while idle.
 */
import { Worker } from 'node:worker_threads';
import type { BlockFailure, BlockReplies, BlockRequest, BlockResponse, BlockTask } from './worker-tasks.ts';

/** Two saturate two processors; more only take turns, and would starve the main thread. */
const WORKERS = 2;
/** One runs, one waits in the worker's mailbox, so that a busy main thread does not leave a worker idle. */
const TASKS_PER_WORKER = 2;

/** A task failed in a worker: errno's name, which of the two files, and the byte offset at which it happened. */
export class BlockTaskError extends Error {
  override readonly name = 'BlockTaskError';
  readonly code: string;
  readonly file: 'source' | 'target';
  readonly offset: number;

  constructor(failure: BlockFailure) {
    super(failure.message);
    this.code = failure.code;
    this.file = failure.file;
    this.offset = failure.offset;
  }
}

type Pending = {
  readonly task: BlockTask;
  readonly resolve: (reply: BlockReplies[keyof BlockReplies]) => void;
  readonly reject: (error: Error) => void;
};

type Slot = { readonly worker: Worker; readonly running: Map<number, Pending> };

const queue: Pending[] = [];
const slots: Slot[] = [];
let lastId = 0;

/**
 * Runs one task on the next free worker, in the order of the calls, and resolves with its reply.
 * Rejects with a BlockTaskError. Files stay open until it settles: the caller owns the descriptors that it passes.
 */
export function runBlockTask<Kind extends BlockTask['kind']>(
  task: Extract<BlockTask, { kind: Kind }>,
): Promise<BlockReplies[Kind]> {
  const { promise, resolve, reject } = Promise.withResolvers<BlockReplies[keyof BlockReplies]>();
  queue.push({ task, resolve, reject });
  dispatch();
  return promise as Promise<BlockReplies[Kind]>;
}

function dispatch(): void {
  while (queue.length > 0) {
    const slot = freestSlot();
    const next = slot && queue.shift();
    if (slot === undefined || next === undefined) {
      return;
    }
    lastId += 1;
    slot.worker.ref();
    slot.running.set(lastId, next);
    slot.worker.postMessage({ id: lastId, task: next.task } satisfies BlockRequest);
  }
}

function freestSlot(): Slot | undefined {
  const idle = slots.find((slot) => slot.running.size === 0);
  if (idle !== undefined) {
    return idle;
  }
  if (slots.length < WORKERS) {
    return startWorker();
  }
  return slots.find((slot) => slot.running.size < TASKS_PER_WORKER);
}

function startWorker(): Slot {
  // The sources run as they stand in development and compiled from dist: the worker has the same extension as this file.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), { name: 'blocks', execArgv: [] });
  const slot: Slot = { worker, running: new Map() };
  worker.on('message', (response: BlockResponse) => {
    settle(slot, response);
  });
  // 'exit' follows 'error', and says the rest of what there is to say.
  let cause: unknown;
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', (exitCode) => {
    discard(slot, exitCode, cause);
  });
  worker.unref();
  slots.push(slot);
  return slot;
}

function settle(slot: Slot, response: BlockResponse): void {
  const pending = slot.running.get(response.id);
  slot.running.delete(response.id);
  if (slot.running.size === 0) {
    slot.worker.unref();
  }
  if (response.ok) {
    pending?.resolve(response.reply);
  } else {
    pending?.reject(new BlockTaskError(response.failure));
  }
  dispatch();
}

/** A worker that ended (out of memory, a defect) fails its tasks; the next task starts a new one. */
function discard(slot: Slot, exitCode: number, cause: unknown): void {
  slots.splice(slots.indexOf(slot), 1);
  for (const pending of slot.running.values()) {
    pending.reject(
      new Error(`a block worker ended with code ${exitCode} while it ran a ${pending.task.kind} task`, { cause }),
    );
  }
  dispatch();
}
