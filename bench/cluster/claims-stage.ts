// LunResyncs of claims and VolumeSnapshots beside what makes the snapshots: the external-snapshotter, at full speed.
import { join } from 'node:path';
import { findSnapshotCRDs } from '../../scripts/control-plane/snapshot-crds.ts';
import { sendOk } from '../../test/support/api-client.ts';
import { nodeID } from '../../test/support/csi.ts';
import { DRIVER_NAME } from '../../test/support/storage/cluster-objects.ts';
import { startStorage } from '../../test/support/storage/storage.ts';
import { MIB, type Sizes } from '../options.ts';
import type { BenchContext } from '../report.ts';
import { allAtOnce, forEach, type Work } from './at-once.ts';
import { AuditLog } from './audit-log.ts';
import { type Cluster, createStorageArray, NAMESPACE, openCluster, Resyncs } from './cluster.ts';
import { EndWatch } from './end-watch.ts';
import type { Program } from './program-cost.ts';

const LIMITS = ['--kube-api-qps=1000', '--kube-api-burst=2000'];
const AT_FULL_SPEED = [...LIMITS, '--worker-threads=50'];

/** The two programs that make a VolumeSnapshot ready. */
const SNAPSHOTTER = ['snapshot-controller', 'csi-snapshotter'] as const;

export type ClaimsStage = AsyncDisposable & {
  readonly operator: Program;
  readonly snapshotter: Program;
  /** Makes bound claims of 1 MiB with bytes of their own. */
  claims(names: readonly string[]): Promise<void>;
  /** Writes other bytes to all of them. */
  damage(names: readonly string[]): Promise<void>;
  /** A VolumeSnapshot of the claim of the same name. */
  readonly snapshot: Work;
  /** A LunResync that puts the snapshot of that name back over the claim of that name. */
  readonly resync: Work;
};

/** Starts all of it: about fifteen seconds. */
export async function openClaimsStage({ folder, say }: BenchContext<Sizes>): Promise<ClaimsStage> {
  await using stack = new AsyncDisposableStack();
  const { log, apiServerArgs } = await AuditLog.prepare(folder);
  const arrayFlags = ['--csi-endpoint', `unix://${join(folder, 'csi.sock')}`, '--csi-node-id', nodeID];
  const crds = [await findSnapshotCRDs()];
  const cluster = await openCluster({ stack, folder, say, apiServerArgs, arrayFlags, crds });
  const { plane, array, operator } = cluster;
  await createStorageArray(cluster, { csiDriverName: DRIVER_NAME });
  const flags = {
    'kube-controller-manager': LIMITS,
    'csi-provisioner': AT_FULL_SPEED,
    'csi-snapshotter': AT_FULL_SPEED,
    'snapshot-controller': AT_FULL_SPEED,
  };
  const storage = stack.use(await startStorage(plane, array, { flags, say }));
  const bound = stack.use(await EndWatch.open(plane.admin, { path: CLAIMS, outcomeOf: whenBound }));
  const ready = stack.use(await EndWatch.open(plane.admin, { path: SNAPSHOTS, outcomeOf: whenReady }));
  const resyncs = stack.use(await Resyncs.open(cluster));
  const fill = async (names: readonly string[], seed: string): Promise<void> => {
    const luns = await lunsOfClaims(cluster);
    await forEach(names, async (name) => {
      await array.admin.fillPattern({ lunId: luns.get(name) ?? '', seed: `${name} ${seed}` });
    });
  };
  const owned = stack.move();
  return {
    operator: { pids: [operator.pid], requests: () => log.requestsOf(['lunresync']) },
    snapshotter: {
      pids: SNAPSHOTTER.map((program) => storage.pidOf(program)),
      requests: () => log.requestsOf(SNAPSHOTTER),
    },
    claims: async (names) => {
      const begin = (name: string): Promise<void> => storage.createClaim(NAMESPACE, name, { sizeBytes: MIB });
      await allAtOnce(names, { begin, ended: (name) => bound.ended(name) });
      await fill(names, 'as it should be');
    },
    damage: (names) => fill(names, 'damaged'),
    snapshot: {
      begin: (name) => storage.createSnapshot(NAMESPACE, name, name),
      ended: (name) => ready.ended(name),
    },
    resync: {
      begin: (name) =>
        resyncs.apply(name, { source: { volumeSnapshotName: name }, target: { persistentVolumeClaimName: name } }),
      ended: (name) => resyncs.completed(name),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const CLAIMS = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`;
const SNAPSHOTS = `/apis/snapshot.storage.k8s.io/v1/namespaces/${NAMESPACE}/volumesnapshots`;

function whenBound(object: unknown): string | undefined {
  const { status } = object as { readonly status?: { readonly phase?: string } };
  return status?.phase === 'Bound' ? 'Bound' : undefined;
}

function whenReady(object: unknown): string | undefined {
  const { status } = object as { readonly status?: { readonly readyToUse?: boolean } };
  return status?.readyToUse === true ? 'Ready' : undefined;
}

/** The LUN of each claim, by the claim's name. */
async function lunsOfClaims({ plane }: Cluster): Promise<ReadonlyMap<string, string>> {
  type Volume = {
    readonly spec: { readonly claimRef?: { readonly name: string }; readonly csi: { readonly volumeHandle: string } };
  };
  const { items } = await sendOk(plane.admin, 'GET', '/api/v1/persistentvolumes');
  return new Map((items as Volume[]).map(({ spec }) => [spec.claimRef?.name ?? '', spec.csi.volumeHandle]));
}
