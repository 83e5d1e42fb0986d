// LunResyncs of LUNs that are named by their ids: one snapshot, which each of them copies over a LUN of its own.
import type { ArrayProcess } from '../../test/support/array.ts';
import { MIB, type Sizes } from '../options.ts';
import type { BenchContext } from '../report.ts';
import { createStorageArray, NAMESPACE, openCluster, Resyncs } from './cluster.ts';
import type { End } from './end-watch.ts';

const LUN_BYTES = BigInt(MIB);

/** The snapshot that every resync copies. */
const SOURCE = 'source-snapshot';

export type Stage = AsyncDisposable & {
  readonly operatorPID: number;
  readonly metricsURL: string;
  /** Makes a target LUN of 1 MiB with other bytes than the source. */
  target(id: string): Promise<void>;
  /** Applies a LunResync, with defaults in everything, that copies the source over the LUN of the same name. */
  apply(name: string): Promise<void>;
  /** Waits for its end; throws when it is no success. */
  completed(name: string): Promise<End>;
};

/** Starts all of it: about ten seconds. */
export async function openStage({ folder, say }: BenchContext<Sizes>): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const cluster = await openCluster({ stack, folder, say });
  const { array, operator } = cluster;
  await makeSource(array);
  await createStorageArray(cluster, { lunGrants: [grant('Source'), grant('Target')] });
  const resyncs = stack.use(await Resyncs.open(cluster));
  const owned = stack.move();
  return {
    operatorPID: operator.pid,
    metricsURL: operator.metricsURL,
    target: (id) => makeTarget(array, id),
    apply: (name) => resyncs.apply(name, { source: { lunID: SOURCE }, target: { lunID: name } }),
    completed: (name) => resyncs.completed(name),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function makeSource({ admin }: ArrayProcess): Promise<void> {
  await admin.createLun({ id: 'source', pool: 'pool', sizeBytes: LUN_BYTES });
  await admin.fillPattern({ lunId: 'source', seed: 'source' });
  await admin.snapshot({ lunId: 'source', id: SOURCE });
}

async function makeTarget({ admin }: ArrayProcess, id: string): Promise<void> {
  await admin.createLun({ id, pool: 'pool', sizeBytes: LUN_BYTES });
  await admin.fillPattern({ lunId: id, seed: id });
}

function grant(access: 'Source' | 'Target'): object {
  return { name: access.toLowerCase(), namespace: NAMESPACE, access, lunIDs: ['*'] };
}
