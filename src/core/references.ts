/**
 * From the names of claims and snapshots to LUNs. A binding counts only when both sides name each other with their uids, and
 * a handle only with the driver that it belongs to. Names of other namespaces' objects are never told.
 */
import { ends, type Finding, found, lacking } from './finding.ts';
import { type Claim, isMeant, type SnapshotContent, type Volume, type VolumesView } from './volumes.ts';

/** Where names are looked up: one namespace, and the CSI driver of the array (undefined: it serves LUN ids only). */
export type Place = {
  readonly namespace: string;
  readonly driver: string | undefined;
  readonly arrayName: string;
  readonly volumes: VolumesView;
};

/** A claim, and the volume that it and no other is bound to. */
export type BoundClaim = { readonly claim: Claim; readonly volume: Volume };

/** The claim of that name with its volume on this array. */
export function claimNamed(name: string, place: Place): Finding<BoundClaim> {
  const { namespace, volumes } = place;
  const claim = volumes.claim(namespace, name);
  const title = `PersistentVolumeClaim ${name}`;
  if (claim === undefined) return lacking(`${title} does not exist`);
  if (claim.isDeleted) return lacking(`${title} is being deleted`);
  if (claim.volumeName === '') return lacking(`${title} is not bound to a volume`);
  const volume = volumes.volume(claim.volumeName);
  if (volume === undefined) return lacking(`PersistentVolume ${claim.volumeName} of ${title} does not exist`);
  if (volume.claim === undefined || volume.claim.uid === '') return lacking(`${title} is not bound to a volume yet`);
  if (!isMeant(volume.claim, claim.metadata))
    return ends('BadState', `PersistentVolume ${claim.volumeName}, which ${title} names, is bound to another claim`);
  return onThisArray(volume, title, place) ?? found({ claim, volume });
}

function onThisArray(volume: Volume, title: string, { driver, arrayName }: Place): Finding<never> | undefined {
  if (volume.driver === '') return ends('VolumeNotSupported', `the volume of ${title} is not of a CSI driver`);
  return sameDriver(volume.driver, `the volume of ${title}`, { driver, arrayName });
}

function sameDriver(
  driver: string,
  title: string,
  place: Pick<Place, 'driver' | 'arrayName'>,
): Finding<never> | undefined {
  if (place.driver === undefined)
    return lacking(`StorageArray ${place.arrayName} has no spec.csiDriverName, and ${title} is of driver ${driver}`);
  if (driver === place.driver) return undefined;
  const message = `${title} is of CSI driver ${driver}, StorageArray ${place.arrayName} serves ${place.driver}`;
  return ends('VolumeNotSupported', message);
}

/** The content of the snapshot of that name, on this array, ready to be read. */
export function snapshotNamed(name: string, place: Place): Finding<SnapshotContent> {
  const { namespace, volumes } = place;
  const title = `VolumeSnapshot ${name}`;
  const snapshot = volumes.snapshot(namespace, name);
  if (snapshot === undefined)
    return lacking(volumes.hasSnapshots ? `${title} does not exist` : 'the cluster has no VolumeSnapshot API');
  if (snapshot.contentName === '' || !snapshot.isReady)
    return lacking(`${title} is not ready${snapshot.error === '' ? '' : `: ${snapshot.error}`}`);
  const content = volumes.content(snapshot.contentName);
  if (content === undefined) return lacking(`the VolumeSnapshotContent of ${title} does not exist`);
  if (content.snapshot.uid === '') return lacking(`${title} is not bound to its VolumeSnapshotContent yet`);
  if (!isMeant(content.snapshot, snapshot.metadata))
    return ends('AccessDenied', `the VolumeSnapshotContent that ${title} names belongs to another VolumeSnapshot`);
  const foreign = sameDriver(content.driver, title, place);
  if (foreign !== undefined) return foreign;
  if (content.handle === '') return lacking(`${title} has no handle yet`);
  return isOurs(content, place) ? found(content) : ends('AccessDenied', `${title} is of another namespace's volume`);
}

/** One handle may be given to many contents by hand; it is then the namespace's only if it is nobody else's. */
function isOurs({ driver, handle, sourceHandle }: SnapshotContent, { namespace, volumes }: Place): boolean {
  const others = volumes.contentsOf(driver, handle).map(({ snapshot }) => snapshot.namespace);
  return others.every((other) => other === namespace) && isVolumeOurs(driver, sourceHandle, { namespace, volumes });
}

/** Whether no other namespace has a claim on the volume. A volume that nobody has any more is the snapshot's owner's. */
export function isVolumeOurs(
  driver: string,
  handle: string,
  { namespace, volumes }: Pick<Place, 'namespace' | 'volumes'>,
): boolean {
  return volumes.volumesOn(driver, handle).every(({ claim }) => claim === undefined || claim.namespace === namespace);
}

/** The namespace's snapshots of a volume that were taken after `since`, the oldest first; none where either time is not known. */
export function snapshotsSince(
  since: number,
  driver: string,
  handle: string,
  { namespace, volumes }: Pick<Place, 'namespace' | 'volumes'>,
): string[] {
  return volumes
    .contentsFrom(driver, handle)
    .filter(({ snapshot }) => snapshot.namespace === namespace)
    .map(({ snapshot, takenAt = Number.NaN }) => ({ name: snapshot.name, takenAt }))
    .filter(({ takenAt }) => takenAt > since)
    .sort((a, b) => a.takenAt - b.takenAt)
    .map(({ name }) => name);
}

/** Whether the LUN is the volume of the claim with that uid. A uid that is gone never comes back. */
export function isVolumeOf(claimUID: string, lunID: string, { namespace, driver = '', volumes }: Place): boolean {
  return volumes.volumesOn(driver, lunID).some(({ claim: bound }) => {
    const claim = volumes.claim(namespace, bound?.name ?? '');
    return claim?.metadata.uid === claimUID && isMeant(bound, claim.metadata);
  });
}

/** The claim on the volume that the snapshot was taken from: found by the handle, never by a name. */
export function originalOf(name: string, content: SnapshotContent, place: Place): Finding<BoundClaim> {
  if (content.sourceHandle === '')
    return ends('InvalidArgument', `VolumeSnapshot ${name} is pre-provisioned and names no volume: set the target`);
  const owners = place.volumes
    .volumesOn(content.driver, content.sourceHandle)
    .filter((volume) => isBound(volume, place));
  const [owner] = owners;
  if (owner?.claim === undefined)
    return lacking(`the volume that VolumeSnapshot ${name} was taken from has no claim in this namespace`);
  if (owners.length > 1)
    return ends(
      'InvalidArgument',
      `VolumeSnapshot ${name} was taken from a volume with several claims: set the target`,
    );
  return claimNamed(owner.claim.name, place);
}

/** Whether the claim that the volume names names the volume: a released one names a claim that may have been made again. */
function isBound({ claim, metadata }: Volume, { namespace, volumes }: Place): boolean {
  const named = claim === undefined ? undefined : volumes.claim(namespace, claim.name);
  return named !== undefined && isMeant(claim, named.metadata) && named.volumeName === metadata.name;
}
