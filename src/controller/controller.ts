/**
 * The controller: what changes becomes a key, workers reconcile keys, and the arrays are watched, swept and looked at.
 * Runs while this process leads.
 */
import type { LunResync } from '../api/lun-resync.ts';
import type { StorageArray } from '../api/storage-array.ts';
import type { ArrayClient, ArrayTask, ControllerReport } from './ports.ts';
import type { WorkQueue } from './queue.ts';
import { reconcile } from './reconcile.ts';
import { measureSnapshots } from './snapshot-usage.ts';
import { reconcileArray, type StorageArrayWorld } from './storage-arrays.ts';
import { type Sweep, sweepArray } from './sweep.ts';
import { runWorkers } from './workers.ts';
import { keyOfResync, type World } from './world.ts';

/** Changes of one kind of object. The function that it gives ends the observing. */
export type Changes<T> = {
  readonly observe: (observer: {
    readonly onAdd: (object: T) => void;
    /** `isRelisted`: what was known was replaced by what a new list says, be it older. */
    readonly onUpdate: (before: T, after: T, isRelisted: boolean) => void;
    readonly onDelete: (object: T) => void;
  }) => () => void;
};

export type ControllerParts = {
  readonly world: World;
  readonly arrayWorld: StorageArrayWorld;
  readonly sweep: Sweep;
  readonly resyncs: Changes<LunResync>;
  readonly storageArrays: Changes<StorageArray>;
  readonly queue: WorkQueue<string>;
  readonly arrayQueue: WorkQueue<string>;
  readonly workers: number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onArrayGone: (name: string) => void;
  readonly report: ControllerReport;
};

const SWEEP_EVERY_MS = 600_000;
const WATCH_AGAIN_MS = 2_000;
const MEASURE_EVERY_MS = 60_000;

/** Runs until the signal aborts; resolves when the last worker has come to the end of its step. */
export async function runController(parts: ControllerParts, signal: AbortSignal): Promise<void> {
  const tasks = new Map<string, AbortController>();
  const unobserve = [
    parts.resyncs.observe(resyncObserver(parts)),
    parts.storageArrays.observe(arrayObserver(parts, tasks, signal)),
  ];
  try {
    await Promise.all([
      runWorkers({
        queue: parts.queue,
        count: parts.workers,
        reconcile: (key) => reconcile(key, parts.world, signal),
        report: (reconciled) => parts.report.onReconciled({ controller: 'lunresync', ...reconciled }),
        signal,
      }),
      runWorkers({
        queue: parts.arrayQueue,
        count: 2,
        reconcile: (name) => reconcileArray(name, parts.arrayWorld, signal),
        report: (reconciled) => parts.report.onReconciled({ controller: 'storagearray', ...reconciled }),
        signal,
      }),
    ]);
  } finally {
    for (const stop of unobserve) stop();
    for (const task of tasks.values()) task.abort();
  }
}

function resyncObserver({ queue, arrayQueue, world }: ControllerParts): Parameters<Changes<LunResync>['observe']>[0] {
  const wakeArray = (resync: LunResync): void => {
    if (resync.status.arrayName !== undefined) arrayQueue.add(resync.status.arrayName);
  };
  return {
    onAdd: (resync) => queue.add(keyOfResync(resync)),
    onUpdate: (before, after, isRelisted) => {
      // An etcd that was put back has objects as they were before our own writes.
      if (isRelisted || isNews(before, after)) queue.add(keyOfResync(after));
      if (before.status.arrayName !== after.status.arrayName) wakeArray(after);
      if (before.status.completionTime === after.status.completionTime) return;
      for (const other of world.store.list()) if (undoes(other, after)) queue.add(keyOfResync(other));
    },
    onDelete: (resync) => {
      wakeArray(resync);
      queue.add(keyOfResync(resync));
    },
  };
}

/** Our own status writes come back by the watch; they are no news, and a look at the array for each would be waste. */
function isNews(before: LunResync, after: LunResync): boolean {
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    JSON.stringify(before.metadata.finalizers) !== JSON.stringify(after.metadata.finalizers) ||
    before.status.operationID !== after.status.operationID
  );
}

function undoes(other: LunResync, finished: LunResync): boolean {
  return (
    other.metadata.namespace === finished.metadata.namespace &&
    other.spec.pairs.some((pair) => pair.source.undoOf === finished.metadata.name)
  );
}

function arrayObserver(
  parts: ControllerParts,
  tasks: Map<string, AbortController>,
  signal: AbortSignal,
): Parameters<Changes<StorageArray>['observe']>[0] {
  const start = (array: StorageArray): void => {
    const { name } = array.metadata;
    parts.arrayQueue.add(name);
    wakeResyncs(parts, name);
    tasks.get(name)?.abort();
    const task = new AbortController();
    tasks.set(name, task);
    const both = AbortSignal.any([signal, task.signal]);
    const work: readonly Task[] = [
      { task: 'watch', everyMs: WATCH_AGAIN_MS, run: () => watchArray(parts, name, both) },
      { task: 'sweep', everyMs: SWEEP_EVERY_MS, run: () => sweep(parts, name, both) },
      { task: 'measure', everyMs: MEASURE_EVERY_MS, run: () => measure(parts, name, both) },
    ];
    for (const each of work) void repeat(parts, name, each, both);
  };
  return {
    onAdd: start,
    onUpdate: (before, after) => {
      if (JSON.stringify(before.spec) !== JSON.stringify(after.spec)) return start(after);
      if (before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp)
        parts.arrayQueue.add(after.metadata.name);
      if (before.status.arrayID !== after.status.arrayID) wakeResyncs(parts, after.metadata.name);
    },
    onDelete: ({ metadata: { name } }) => {
      tasks.get(name)?.abort();
      tasks.delete(name);
      parts.onArrayGone(name);
      wakeResyncs(parts, name);
    },
  };
}

/** Grants, maintenance, a new array: everything that is not finished may go on now. */
function wakeResyncs({ world, queue }: ControllerParts, arrayName: string): void {
  for (const resync of world.store.list()) {
    const name = resync.status.arrayName ?? resync.spec.arrayName;
    const concerned = name === undefined || name === arrayName;
    const open = resync.status.completionTime === undefined || resync.metadata.deletionTimestamp !== undefined;
    if (concerned && open) queue.add(keyOfResync(resync));
  }
}

type Task = { readonly task: ArrayTask; readonly everyMs: number; readonly run: () => Promise<void> };

async function repeat(parts: ControllerParts, array: string, task: Task, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await task.run();
    } catch (error) {
      if (!signal.aborted) parts.report.onArrayTaskFailed(array, task.task, error);
    }
    await parts.pause(task.everyMs, signal).catch(() => undefined);
  }
}

/** The end of an operation wakes its object up at once; without the watch, and for its steps, there is the next look. */
async function watchArray({ world, queue }: ControllerParts, name: string, signal: AbortSignal): Promise<void> {
  const client = (await reached(world, name, signal))?.client;
  if (client === undefined) return;
  for await (const operation of client.watch(`${world.clusterID}/`, signal)) {
    if (operation.outcome === 'Running') continue;
    const [, namespace, object, uid] = operation.owner.split('/');
    const resync = world.store.get(`${namespace}/${object}`);
    if (resync?.metadata.uid === uid && resync?.status.completionTime === undefined)
      queue.add(`${namespace}/${object}`);
  }
}

async function sweep({ world, sweep: parts }: ControllerParts, name: string, signal: AbortSignal): Promise<void> {
  const client = (await reached(world, name, signal))?.client;
  if (client !== undefined) await sweepArray(client, parts, signal);
}

async function measure({ world, report }: ControllerParts, name: string, signal: AbortSignal): Promise<void> {
  const seen = await reached(world, name, signal);
  const usage = seen && (await measureSnapshots(seen.client, seen.array, world.store.list(), signal));
  if (!signal.aborted) report.onSnapshotUsage(name, usage);
}

type Reached = { readonly array: StorageArray; readonly client: ArrayClient };

async function reached({ arrays }: World, name: string, signal: AbortSignal): Promise<Reached | undefined> {
  const array = arrays.get(name);
  if (array === undefined) return undefined;
  const client = await arrays.client(array, signal);
  return 'kind' in client ? undefined : { array, client };
}
