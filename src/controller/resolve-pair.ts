/** One pair of a spec: its names as they lead to LUNs at this moment. */
import type { LunResync } from '../api/lun-resync.ts';
import type { Finding } from '../core/finding.ts';
import type { ResolvedPair, TargetClaim } from '../core/observation.ts';
import type { Problem } from '../core/problem.ts';
import {
  type BoundClaim,
  claimNamed,
  isVolumeOf,
  originalOf,
  type Place,
  snapshotNamed,
  snapshotsSince,
} from '../core/references.ts';
import { isMeant, type SnapshotContent, type Volume } from '../core/volumes.ts';

/** Where names are looked up. `undone`: by their names, the runs that the spec wants to undo. */
export type Names = Place & { readonly undone: ReadonlyMap<string, LunResync> };

type SpecPair = LunResync['spec']['pairs'][number];

/** The pairs by their names. An undo's source is known only when the array has been asked: see `withSafetySnapshot`. */
export function resolvePairs(resync: LunResync, names: Names): ResolvedPair[] {
  return resync.spec.pairs.map((pair) => {
    const resolved = resolvePair(pair, names);
    return resync.spec.mode === 'Plan' ? withNewerSnapshots(resolved, pair, names) : resolved;
  });
}

/** One of them. */
export function resolvePair(pair: SpecPair, names: Names): ResolvedPair {
  return withOwner(resolveNames(pair, names), names);
}

function resolveNames(pair: SpecPair, names: Names): ResolvedPair {
  const { undoOf, volumeSnapshotName, lunID = '' } = pair.source;
  if (undoOf !== undefined) return undoPair(pair, undoOf, names);
  if (volumeSnapshotName === undefined)
    return withTarget({ ...base(pair), sourceLunID: lunID, sourceNeedsGrant: true }, pair, names);
  const content = snapshotNamed(volumeSnapshotName, names);
  if (content.kind === 'Missing') return missing(pair, content);
  const source = { ...base(pair), ...sourceOf(volumeSnapshotName, content.value, names) };
  if (pair.target !== undefined) return withTarget(source, pair, names);
  const original = originalOf(volumeSnapshotName, content.value, names);
  return original.kind === 'Missing' ? missing(pair, original) : { ...source, ...targetOf(original.value) };
}

/** The source's half of a pair. */
function sourceOf(
  name: string,
  { handle, driver, sourceHandle, sourceMode }: SnapshotContent,
  { volumes }: Names,
): Partial<ResolvedPair> {
  const original = volumes.volumesOn(driver, sourceHandle)[0];
  const mode = sourceMode ?? original?.mode;
  return {
    sourceLunID: handle,
    snapshot: { name, volumeHandle: sourceHandle },
    ...(mode === undefined ? {} : { sourceMode: mode }),
    ...(original === undefined ? {} : { sourceFsType: original.fsType }),
  };
}

function withTarget(half: ResolvedPair, pair: SpecPair, names: Names): ResolvedPair {
  const { lunID = '', persistentVolumeClaimName } = pair.target ?? {};
  if (persistentVolumeClaimName === undefined) return { ...half, targetLunID: lunID, targetNeedsGrant: true };
  const bound = claimNamed(persistentVolumeClaimName, names);
  return bound.kind === 'Missing' ? missing(pair, bound) : { ...half, ...targetOf(bound.value) };
}

function targetOf({ claim, volume }: BoundClaim): Partial<ResolvedPair> {
  return { targetLunID: volume.handle, targetNeedsGrant: false, claim: claimOf({ claim, volume }) };
}

function claimOf({ claim, volume }: BoundClaim): TargetClaim {
  const { name, uid, resourceVersion } = claim.metadata;
  const { requestBytes, capacityBytes } = claim;
  return { name, uid, resourceVersion, mode: volume.mode, fsType: volume.fsType, requestBytes, capacityBytes };
}

/**
 * Adds whose the target LUN is, however it was named: one that backs a PersistentVolume is its claim's, and who uses that
 * claim holds the LUN. An id whose claim is in the namespace needs the grant all the same; an undo does not.
 */
function withOwner(pair: ResolvedPair, names: Names): ResolvedPair {
  const { driver, namespace, volumes } = names;
  if (driver === undefined || pair.targetLunID === '') return pair;
  const owners = volumes.volumesOn(driver, pair.targetLunID);
  if (owners.length === 0) return pair;
  const claims = owners.flatMap((volume): BoundClaim[] => {
    const claim = volumes.claim(namespace, volume.claim?.name ?? '');
    return claim !== undefined && isMeant(volume.claim, claim.metadata) ? [{ claim, volume }] : [];
  });
  const own = claims.find(({ claim }) => claim.metadata.uid === pair.claim?.uid) ?? claims[0];
  if (own === undefined || claims.length < owners.length) return { ...pair, isForeign: true };
  const used = claims.map(({ claim }) => volumes.usersOf(claim));
  const isRead = used.every((users) => users !== undefined);
  return {
    ...pair,
    // An array may list a volume under its CSI handle, which is the LUN's id: that of the claim is meant to be overwritten.
    selectedVolumes: [pair.targetLunID],
    claim: claimOf(own),
    otherClaims: claims.filter((one) => one !== own).map(({ claim }) => claim.metadata.name),
    users: used.flatMap((users) => users ?? []),
    ...(isRead || pair.problem !== undefined ? {} : { problem: notRead(namespace) }),
  };
}

function notRead(namespace: string): Problem {
  const remedy = 'The operator needs the right to list and watch them';
  return { reason: 'BadState', message: `the Pods of namespace ${namespace} have not been read yet`, remedy };
}

/** A block copy leaves the newer snapshots of its target as they are, so that they are no obstacle but worth knowing. */
function withNewerSnapshots(resolved: ResolvedPair, { source }: SpecPair, names: Names): ResolvedPair {
  const { driver, namespace, volumes, undone } = names;
  if (driver === undefined || resolved.claim === undefined) return resolved;
  const { volumeSnapshotName = '', undoOf = '' } = source;
  const contentName = volumes.snapshot(namespace, volumeSnapshotName)?.contentName ?? '';
  // A safety snapshot is taken when its run begins.
  const since = volumes.content(contentName)?.takenAt ?? Date.parse(undone.get(undoOf)?.status.startTime ?? '');
  return { ...resolved, newerSnapshots: snapshotsSince(since, driver, resolved.targetLunID, names) };
}

function undoPair(pair: SpecPair, name: string, names: Names): ResolvedPair {
  const other = names.undone.get(name);
  const wait = (message: string): ResolvedPair => ({ ...base(pair), problem: { reason: 'ObjectNotFound', message } });
  if (other === undefined) return wait(`LunResync ${name} does not exist`);
  if (other.status.completionTime === undefined) return wait(`LunResync ${name} has not finished`);
  const undone = other.status.pairs?.find((candidate) => candidate.name === pair.name);
  const { lunID: targetLunID, claimUID } = undone?.target ?? {};
  if (targetLunID === undefined)
    return noSnapshot(pair, `LunResync ${name} has no pair ${pair.name} that was resolved`);
  if (claimUID !== undefined && names.driver !== undefined && !isVolumeOf(claimUID, targetLunID, names))
    return claimReplaced(pair, other, names.volumes.volumesOn(names.driver, targetLunID));
  const wanted = withTarget(base(pair), pair, names);
  if (wanted.problem !== undefined) return wanted;
  if (wanted.targetLunID !== '' && wanted.targetLunID !== targetLunID)
    return noSnapshot(
      pair,
      `LunResync ${name} had another target for pair ${pair.name} than LUN ${wanted.targetLunID}`,
    );
  return { ...wanted, targetLunID, targetNeedsGrant: !hasClaim(targetLunID, names) };
}

/** The name is a guess for people, from the specs or from a volume that was of the claim; the uid is what was compared. */
function claimReplaced(pair: SpecPair, other: LunResync, released: readonly Volume[]): ResolvedPair {
  const { name, namespace } = other.metadata;
  const undone = other.spec.pairs.find((candidate) => candidate.name === pair.name);
  const claimName =
    (pair.target ?? undone?.target)?.persistentVolumeClaimName ??
    released.find(({ claim }) => claim?.namespace === namespace)?.claim?.name;
  const title = claimName === undefined ? 'the claim' : `claim ${claimName}`;
  const message = `${title}, which LunResync ${name} overwrote, is gone or was made again since`;
  return { ...base(pair), final: true, problem: { reason: 'ClaimReplaced', message } };
}

/** The claim may have been made again since over another volume; then the LUN is nobody's, and needs a grant. */
function hasClaim(lunID: string, { driver, namespace, volumes }: Names): boolean {
  return driver !== undefined && volumes.volumesOn(driver, lunID).some(({ claim }) => claim?.namespace === namespace);
}

/** A pair whose run to undo has no safety snapshot for it. */
export function noSnapshot(pair: { readonly name: string }, message: string): ResolvedPair {
  return { ...base(pair), final: true, problem: { reason: 'SnapshotNotInSet', message } };
}

function missing(pair: SpecPair, { problem, final }: Extract<Finding<never>, { kind: 'Missing' }>): ResolvedPair {
  return { ...base(pair), final, problem };
}

function base({ name }: { readonly name: string }): ResolvedPair {
  return {
    name,
    sourceLunID: '',
    targetLunID: '',
    sourceNeedsGrant: false,
    targetNeedsGrant: false,
    selectedVolumes: [],
    final: false,
  };
}
