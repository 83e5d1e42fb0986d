// LunResyncs of LUNs that are named by their ids: a snapshot, which each of them copies over a LUN of its own.
import type { ArrayProcess } from '../../test/support/array.ts';
import { MIB, type Sizes } from '../options.ts';
import type { BenchContext } from '../report.ts';
import { createStorageArray, NAMESPACE, openCluster, Resyncs } from './cluster.ts';
import type { End } from './end-watch.ts';

const LUN_BYTES = BigInt(MIB);

/** The snapshot that every resync copies. */
const SOURCE = 'source-snapshot';

export type Stage = AsyncDisposable & {
  readonly array: ArrayProcess;
  readonly operatorPID: number;
  readonly metricsURL: string;
  /** Makes a target LUN of 1 MiB with other bytes than the source. */
  target(id: string): Promise<void>;
  /** Makes a snapshot of a LUN that is full of bytes. */
  source(id: string, sizeBytes: bigint): Promise<void>;
  /** Applies a LunResync, with defaults in everything, that copies a snapshot over the LUN of the same name. */
  apply(name: string, source?: string): Promise<void>;
  /** Waits for its end; throws when it is no success. */
  completed(name: string): Promise<End>;
  /** How many LunResyncs have an operation and have not ended. */
  running(): Promise<number>;
};

/** Starts all of it: about ten seconds. */
export async function openStage(
  { folder, say }: BenchContext<Sizes>,
  apiServerArgs: readonly string[] = [],
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const cluster = await openCluster({ stack, folder, say, apiServerArgs });
  const { array, operator } = cluster;
  await makeSource(array, SOURCE, LUN_BYTES);
  await createStorageArray(cluster, { lunGrants: [grant('Source'), grant('Target')] });
  const resyncs = stack.use(await Resyncs.open(cluster));
  const owned = stack.move();
  return {
    operatorPID: operator.pid,
    metricsURL: operator.metricsURL,
    array,
    target: (id) => makeTarget(array, id),
    source: (id, sizeBytes) => makeSource(array, id, sizeBytes),
    apply: (name, source = SOURCE) => resyncs.apply(name, { source: { lunID: source }, target: { lunID: name } }),
    completed: (name) => resyncs.completed(name),
    running: () => resyncs.running(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function makeSource({ admin }: ArrayProcess, id: string, sizeBytes: bigint): Promise<void> {
  const lunId = `${id}-of`;
  await admin.createLun({ id: lunId, pool: 'pool', sizeBytes });
  await admin.fillPattern({ lunId, seed: 'source' });
  await admin.snapshot({ lunId, id });
}

async function makeTarget({ admin }: ArrayProcess, id: string): Promise<void> {
  await admin.createLun({ id, pool: 'pool', sizeBytes: LUN_BYTES });
  await admin.fillPattern({ lunId: id, seed: id });
}

function grant(access: 'Source' | 'Target'): object {
  return { name: access.toLowerCase(), namespace: NAMESPACE, access, lunIDs: ['*'] };
}
