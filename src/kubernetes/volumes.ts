/** Copies of the storage objects of the cluster, and the changes that a LunResync may wait for. */
import { Superseded, type Volumes } from '../controller/ports.ts';
import { formatQuantity } from '../core/format.ts';
import type { Claim, Reference, Snapshot, SnapshotContent, Volume, VolumesView } from '../core/volumes.ts';
import { failedWith } from './api-error.ts';
import { HandleIndex } from './handle-index.ts';
import type { ApiTransport } from './http.ts';
import { PodCopies } from './pod-copies.ts';
import { Reflector, type ReflectorOptions, type ReflectorReport } from './reflector.ts';
import type { Resource } from './resource.ts';
import type { StoredObject } from './stored-object.ts';
import {
  type Attachment,
  attachmentResource,
  claimResource,
  contentResource,
  snapshotResource,
  volumeResource,
} from './volume-objects.ts';

export type VolumeCopiesOptions = Pick<ReflectorOptions<StoredObject>, 'report' | 'clock' | 'random'> & {
  readonly server: ApiTransport;
  /** Only claims and snapshots of this namespace; undefined: of all. */
  readonly namespace: string | undefined;
  /** Something changed that LunResyncs of that namespace may wait for. */
  readonly onChange: (namespace: string) => void;
};

/** The copies. They are filled until the signal aborts. */
export class VolumeCopies implements Volumes {
  readonly view: VolumesView;
  readonly #claims: Copy<Claim>;
  readonly #volumes: Copy<Volume>;
  readonly #snapshots: Copy<Snapshot>;
  readonly #contents: Copy<SnapshotContent>;
  readonly #attachments: Copy<Attachment>;
  readonly #pods: PodCopies;
  readonly #volumesByHandle: HandleIndex<Volume>;
  readonly #contentsByHandle: HandleIndex<SnapshotContent>;

  constructor(options: VolumeCopiesOptions, signal: AbortSignal) {
    const { server, namespace, onChange } = options;
    const report = quietAboutSnapshots(options.report);
    const copy = <T extends StoredObject>(resource: Resource<T>, of?: string): Copy<T> => {
      const reflector = new Reflector<T>({ ...options, report, resource, selection: { namespace: of } });
      return { resource, reflector };
    };
    this.#claims = copy(claimResource(server), namespace);
    this.#volumes = copy(volumeResource(server));
    this.#snapshots = copy(snapshotResource(server), namespace);
    this.#contents = copy(contentResource(server));
    this.#attachments = copy(attachmentResource(server));
    this.#pods = new PodCopies({ ...options, report, onChange }, signal);
    this.view = this.#viewOver(
      (space, name) => this.#claims.reflector.get({ namespace: space, name }),
      (name) => this.#volumes.reflector.get({ name }),
    );
    this.#observe(onChange);
    this.#volumesByHandle = new HandleIndex(this.#volumes.reflector);
    this.#contentsByHandle = new HandleIndex(this.#contents.reflector);
    for (const { reflector } of [this.#claims, this.#volumes, this.#snapshots, this.#contents, this.#attachments])
      void reflector.run(signal);
  }

  /** Resolves when claims, volumes and attachments have been read. Snapshots may not exist in this cluster. */
  get synced(): Promise<unknown> {
    return Promise.all([this.#claims, this.#volumes, this.#attachments].map(({ reflector }) => reflector.synced));
  }

  async fresh(namespace: string, names: readonly string[], signal: AbortSignal): Promise<VolumesView> {
    const claims = new Map<string, Claim | undefined>();
    const volumes = new Map<string, Volume | undefined>();
    for (const name of names) {
      const claim = await this.#claims.resource.get({ namespace, name }, { signal });
      claims.set(name, claim);
      const volumeName = claim?.volumeName ?? '';
      if (volumeName !== '')
        volumes.set(volumeName, await this.#volumes.resource.get({ name: volumeName }, { signal }));
    }
    return this.#viewOver(
      (space, name) => (space === namespace && claims.has(name) ? claims.get(name) : this.view.claim(space, name)),
      (name) => (volumes.has(name) ? volumes.get(name) : this.view.volume(name)),
    );
  }

  async raiseClaim(...[namespace, claim, requestBytes, signal]: Parameters<Volumes['raiseClaim']>): Promise<void> {
    const spec = { resources: { requests: { storage: formatQuantity(requestBytes) } } };
    try {
      const name = { namespace, name: claim.name };
      this.#claims.reflector.seen(await this.#claims.resource.patch(name, { spec }, claim, { signal }));
    } catch (error) {
      if (failedWith(error, 'Conflict', 'NotFound')) throw new Superseded('the claim has changed', { cause: error });
      throw error;
    }
  }

  #viewOver(claim: VolumesView['claim'], volume: VolumesView['volume']): VolumesView {
    const snapshots = this.#snapshots.reflector;
    const contents = this.#contents.reflector;
    return {
      claim,
      volume,
      volumesOn: (driver, handle) => {
        const known = this.#volumesByHandle.of(driver, handle);
        return known.flatMap(({ metadata }) => volume(metadata.name) ?? []).filter((one) => isOn(one, driver, handle));
      },
      get hasSnapshots() {
        return snapshots.hasSynced && contents.hasSynced;
      },
      snapshot: (namespace, name) => snapshots.get({ namespace, name }),
      content: (name) => contents.get({ name }),
      contentsOf: (driver, handle) => this.#contentsByHandle.of(driver, handle),
      contentsFrom: (driver, sourceHandle) =>
        contents.list().filter((content) => content.driver === driver && content.sourceHandle === sourceHandle),
      usersOf: ({ metadata: { namespace, name }, volumeName }) => {
        const pods = this.#pods.using(namespace, name);
        const attachments = this.#attachments.reflector.list().filter((one) => one.volumeName === volumeName);
        return pods === undefined
          ? undefined
          : [
              ...pods,
              ...attachments.map(({ metadata }) => ({ kind: 'VolumeAttachment' as const, name: metadata.name })),
            ];
      },
    };
  }

  #observe(onChange: (namespace: string) => void): void {
    onEach(this.#claims, ({ metadata }) => onChange(metadata.namespace));
    onEach(this.#snapshots, ({ metadata }) => onChange(metadata.namespace));
    onEach(this.#contents, ({ snapshot }) => onChange(snapshot.namespace));
    const ofVolume = ({ claim }: { readonly claim: Reference | undefined }): void => {
      if (claim !== undefined) onChange(claim.namespace);
    };
    onEach(this.#volumes, ofVolume);
    onEach(this.#attachments, ({ volumeName }) => {
      const volume = this.view.volume(volumeName);
      if (volume !== undefined) ofVolume(volume);
    });
  }
}

type Copy<T extends StoredObject> = { readonly resource: Resource<T>; readonly reflector: Reflector<T> };

function onEach<T extends StoredObject>({ reflector }: Copy<T>, tell: (object: T) => void): void {
  reflector.observe({
    onAdd: tell,
    onUpdate: (before, after) => {
      tell(before);
      tell(after);
    },
    onDelete: tell,
  });
}

function isOn(volume: Volume, driver: string, handle: string): boolean {
  return volume.driver === driver && volume.handle === handle;
}

/** A cluster without the snapshot API is no failure to tell of each half a minute. */
function quietAboutSnapshots(report: (report: ReflectorReport) => void): (report: ReflectorReport) => void {
  return (one) => {
    const isAbsent =
      one.kind === 'Failed' && one.resource.startsWith('volumesnapshot') && failedWith(one.error, 'NotFound');
    if (!isAbsent) report(one);
  };
}
