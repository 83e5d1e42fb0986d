/**
 * Claims, volumes, snapshots, attachments and Pods as the API server has them, reduced to what is used: a cluster has many.
 * Fields: Kubernetes API reference, core/v1 and storage.k8s.io/v1; snapshot.storage.k8s.io/v1 of the external-snapshotter.
 */
import { z } from 'zod';
import type { Claim, Snapshot, SnapshotContent, Volume } from '../core/volumes.ts';
import type { ApiTransport } from './http.ts';
import { parseQuantity } from './quantity.ts';
import { Resource } from './resource.ts';
import type { ObjectMeta, StoredObject } from './stored-object.ts';

/** A Pod, and the claims of its namespace that it uses. */
export type Pod = StoredObject & { readonly claims: readonly string[]; readonly isOver: boolean };

/** A VolumeAttachment. */
export type Attachment = StoredObject & { readonly volumeName: string };

const text = z.string().default('');
const reference = z.object({ namespace: text, name: text, uid: text });
const mode = z.enum(['Filesystem', 'Block']);

const claimSchema = z.object({
  metadata: z.object({ deletionTimestamp: z.string().optional() }),
  spec: z.object({
    volumeName: text,
    resources: z
      .object({ requests: z.object({ storage: z.string().default('0') }).default({ storage: '0' }) })
      .optional(),
  }),
  status: z.object({ capacity: z.object({ storage: z.string().optional() }).optional() }).optional(),
});

const volumeSchema = z.object({
  spec: z.object({
    claimRef: reference.optional(),
    volumeMode: mode.default('Filesystem'),
    csi: z.object({ driver: text, volumeHandle: text, fsType: text }).optional(),
  }),
});

const snapshotSchema = z.object({
  status: z
    .object({
      boundVolumeSnapshotContentName: text,
      readyToUse: z.boolean().default(false),
      error: z.object({ message: text }).optional(),
    })
    .optional(),
});

const contentSchema = z.object({
  spec: z.object({
    driver: text,
    volumeSnapshotRef: reference.default({ namespace: '', name: '', uid: '' }),
    source: z.object({ volumeHandle: text, snapshotHandle: text }).default({ volumeHandle: '', snapshotHandle: '' }),
    sourceVolumeMode: mode.optional(),
  }),
  /** `creationTime` is in nanoseconds. */
  status: z.object({ snapshotHandle: text, creationTime: z.number().optional() }).optional(),
});

const attachmentSchema = z.object({ spec: z.object({ source: z.object({ persistentVolumeName: text }) }) });

const podSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    volumes: z
      .array(
        z.object({
          name: text,
          persistentVolumeClaim: z.object({ claimName: text }).optional(),
          ephemeral: z.unknown().optional(),
        }),
      )
      .default([]),
  }),
  status: z.object({ phase: text }).optional(),
});

/** PersistentVolumeClaims. */
export function claimResource(server: ApiTransport): Resource<Claim> {
  const parse = (object: StoredObject): Claim => {
    const { metadata, spec, status } = claimSchema.parse(object);
    return {
      metadata: namespaced(object.metadata),
      volumeName: spec.volumeName,
      requestBytes: parseQuantity(spec.resources?.requests.storage ?? '0'),
      capacityBytes: parseQuantity(status?.capacity?.storage ?? '0'),
      isDeleted: metadata.deletionTimestamp !== undefined,
    };
  };
  return new Resource(server, { group: '', version: 'v1', plural: 'persistentvolumeclaims', parse });
}

/** PersistentVolumes. */
export function volumeResource(server: ApiTransport): Resource<Volume> {
  const parse = (object: StoredObject): Volume => {
    const { claimRef, volumeMode, csi } = volumeSchema.parse(object).spec;
    return {
      metadata: short(object.metadata),
      claim: claimRef,
      driver: csi?.driver ?? '',
      handle: csi?.volumeHandle ?? '',
      mode: volumeMode,
      fsType: csi?.fsType ?? '',
    };
  };
  return new Resource(server, { group: '', version: 'v1', plural: 'persistentvolumes', parse });
}

const SNAPSHOTS = { group: 'snapshot.storage.k8s.io', version: 'v1' };

/** VolumeSnapshots. The cluster may not have them. */
export function snapshotResource(server: ApiTransport): Resource<Snapshot> {
  const parse = (object: StoredObject): Snapshot => {
    const { status } = snapshotSchema.parse(object);
    return {
      metadata: namespaced(object.metadata),
      contentName: status?.boundVolumeSnapshotContentName ?? '',
      isReady: status?.readyToUse ?? false,
      error: status?.error?.message ?? '',
    };
  };
  return new Resource(server, { ...SNAPSHOTS, plural: 'volumesnapshots', parse });
}

/** VolumeSnapshotContents. The cluster may not have them. */
export function contentResource(server: ApiTransport): Resource<SnapshotContent> {
  const parse = (object: StoredObject): SnapshotContent => {
    const { spec, status } = contentSchema.parse(object);
    return {
      metadata: short(object.metadata),
      snapshot: spec.volumeSnapshotRef,
      driver: spec.driver,
      handle: status?.snapshotHandle ?? spec.source.snapshotHandle,
      sourceHandle: spec.source.volumeHandle,
      sourceMode: spec.sourceVolumeMode,
      takenAt: status?.creationTime === undefined ? undefined : status.creationTime / 1e6,
    };
  };
  return new Resource(server, { ...SNAPSHOTS, plural: 'volumesnapshotcontents', parse });
}

/** VolumeAttachments. */
export function attachmentResource(server: ApiTransport): Resource<Attachment> {
  const parse = (object: StoredObject): Attachment => {
    const { source } = attachmentSchema.parse(object).spec;
    return { metadata: short(object.metadata), volumeName: source.persistentVolumeName };
  };
  return new Resource(server, { group: 'storage.k8s.io', version: 'v1', plural: 'volumeattachments', parse });
}

/** Pods. */
export function podResource(server: ApiTransport): Resource<Pod> {
  const parse = (object: StoredObject): Pod => {
    const { metadata, spec, status } = podSchema.parse(object);
    const claims = spec.volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
      // A generic ephemeral volume's claim has the Pod's name in its own (KEP-1698).
      if (ephemeral !== undefined) return [`${metadata.name}-${name}`];
      return persistentVolumeClaim === undefined ? [] : [persistentVolumeClaim.claimName];
    });
    const isOver = ['Succeeded', 'Failed'].includes(status?.phase ?? '');
    return { metadata: namespaced(object.metadata), claims, isOver };
  };
  return new Resource(server, { group: '', version: 'v1', plural: 'pods', parse });
}

function short({ name, uid, resourceVersion }: ObjectMeta): {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
} {
  return { name, uid, resourceVersion };
}

function namespaced(metadata: ObjectMeta): Claim['metadata'] {
  return { ...short(metadata), namespace: metadata.namespace ?? '' };
}
