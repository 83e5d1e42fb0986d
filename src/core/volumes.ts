/**
 * What Kubernetes knows of storage, as far as a reference needs it: claims, volumes, snapshots, and who uses a claim.
 * Names and meanings are those of the Kubernetes and CSI snapshot APIs.
 */
import type { TargetUser } from '../api/lun-resync-status.ts';

export type VolumeMode = 'Filesystem' | 'Block';

/** An object that another one says it is bound to. */
export type Reference = { readonly namespace: string; readonly name: string; readonly uid: string };

/** A PersistentVolumeClaim. */
export type Claim = {
  readonly metadata: ClaimMeta;
  /** Empty until it is bound. */
  readonly volumeName: string;
  /** spec.resources.requests.storage in bytes. */
  readonly requestBytes: number;
  /** status.capacity.storage in bytes: what its users have; 0 until it is bound. */
  readonly capacityBytes: number;
  readonly isDeleted: boolean;
};

export type ClaimMeta = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
};

/** A PersistentVolume. */
export type Volume = {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly claim: Reference | undefined;
  /** CSI driver and volume handle; both empty for a volume that is not CSI's. */
  readonly driver: string;
  readonly handle: string;
  readonly mode: VolumeMode;
  /** Empty when it is the driver's default. */
  readonly fsType: string;
};

/** A VolumeSnapshot. */
export type Snapshot = {
  readonly metadata: ClaimMeta;
  /** Empty until it is bound. */
  readonly contentName: string;
  readonly isReady: boolean;
  /** What the snapshotter says went wrong; empty: nothing. */
  readonly error: string;
};

/** A VolumeSnapshotContent. */
export type SnapshotContent = {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly snapshot: Reference;
  readonly driver: string;
  /** Empty until the driver has told. */
  readonly handle: string;
  /** The handle of the volume that it was taken from; empty for a pre-provisioned one, which does not say. */
  readonly sourceHandle: string;
  readonly sourceMode: VolumeMode | undefined;
  /** When the snapshot was taken, in milliseconds since the epoch; undefined when the driver has not told. */
  readonly takenAt: number | undefined;
};

/** All of it as last seen. A name that is not there is undefined. */
export type VolumesView = {
  readonly claim: (namespace: string, name: string) => Claim | undefined;
  readonly volume: (name: string) => Volume | undefined;
  /** Every PersistentVolume on that LUN: there may be several. */
  readonly volumesOn: (driver: string, handle: string) => readonly Volume[];
  /** Whether the cluster has the snapshot API. */
  readonly hasSnapshots: boolean;
  readonly snapshot: (namespace: string, name: string) => Snapshot | undefined;
  readonly content: (name: string) => SnapshotContent | undefined;
  readonly contentsOf: (driver: string, handle: string) => readonly SnapshotContent[];
  /** Every VolumeSnapshotContent that was taken from the volume of that handle. */
  readonly contentsFrom: (driver: string, sourceHandle: string) => readonly SnapshotContent[];
  /** Pods that may use the claim and attachments of its volume; undefined while the Pods have not been read yet. */
  readonly usersOf: (claim: Claim) => readonly TargetUser[] | undefined;
};

/** Whether the object is the one that the reference means. */
export function isMeant(
  reference: Reference | undefined,
  metadata: { readonly namespace: string; readonly name: string; readonly uid: string },
): boolean {
  return (
    reference?.namespace === metadata.namespace && reference.name === metadata.name && reference.uid === metadata.uid
  );
}
