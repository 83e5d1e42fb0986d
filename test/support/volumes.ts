// A cluster's storage objects as plain values: claim orders on volume pv-orders, LUN vol-1, with snapshot nightly, LUN snap-1.
import type { TargetUser } from '../../src/api/lun-resync-status.ts';
import type { Claim, Snapshot, SnapshotContent, Volume, VolumesView } from '../../src/core/volumes.ts';

export const DRIVER = 'sim.lunresync.io';
export const NAMESPACE = 'shop';

const meta = (name: string, uid = `${name}-uid`): Claim['metadata'] => ({
  namespace: NAMESPACE,
  name,
  uid,
  resourceVersion: '5',
});

export function claimObject(over: Partial<Claim> = {}): Claim {
  return {
    metadata: meta('orders'),
    volumeName: 'pv-orders',
    requestBytes: 2 ** 30,
    capacityBytes: 2 ** 30,
    isDeleted: false,
    ...over,
  };
}

export function volumeObject(over: Partial<Volume> = {}): Volume {
  return {
    metadata: { name: 'pv-orders', uid: 'pv-orders-uid', resourceVersion: '5' },
    claim: { namespace: NAMESPACE, name: 'orders', uid: 'orders-uid' },
    driver: DRIVER,
    handle: 'vol-1',
    mode: 'Filesystem',
    fsType: 'ext4',
    ...over,
  };
}

export function snapshotObject(over: Partial<Snapshot> = {}): Snapshot {
  return { metadata: meta('nightly'), contentName: 'content-nightly', isReady: true, error: '', ...over };
}

export function contentObject(over: Partial<SnapshotContent> = {}): SnapshotContent {
  return {
    metadata: { name: 'content-nightly', uid: 'content-uid', resourceVersion: '5' },
    snapshot: { namespace: NAMESPACE, name: 'nightly', uid: 'nightly-uid' },
    driver: DRIVER,
    handle: 'snap-1',
    sourceHandle: 'vol-1',
    sourceMode: 'Filesystem',
    takenAt: undefined,
    ...over,
  };
}

export type Storage = {
  readonly claims?: readonly Claim[];
  readonly volumes?: readonly Volume[];
  readonly snapshots?: readonly Snapshot[];
  readonly contents?: readonly SnapshotContent[];
  readonly hasSnapshots?: boolean;
  readonly users?: readonly TargetUser[] | undefined;
};

/** A view over these objects; those above where a kind is left out. */
export function volumesView(storage: Storage = {}): VolumesView {
  const {
    claims = [claimObject()],
    volumes = [volumeObject()],
    snapshots = [snapshotObject()],
    contents = [contentObject()],
    hasSnapshots = true,
  } = storage;
  const named = <T extends { readonly metadata: { readonly namespace: string; readonly name: string } }>(
    objects: readonly T[],
  ) => {
    return (namespace: string, name: string): T | undefined =>
      objects.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  };
  return {
    claim: named(claims),
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    volumesOn: (driver, handle) => volumes.filter((one) => one.driver === driver && one.handle === handle),
    hasSnapshots,
    snapshot: named(snapshots),
    content: (name) => contents.find(({ metadata }) => metadata.name === name),
    contentsOf: (driver, handle) => contents.filter((one) => one.driver === driver && one.handle === handle),
    contentsFrom: (driver, source) => contents.filter((one) => one.driver === driver && one.sourceHandle === source),
    usersOf: () => ('users' in storage ? storage.users : []),
  };
}
