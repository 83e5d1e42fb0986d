/** From the names in a spec to an array and to LUNs on it. What is not there yet is a problem of the pair, not a failure. */
import type { LunResync } from '../api/lun-resync.ts';
import type { StorageArray } from '../api/storage-array.ts';
import type { Lun } from '../core/array.ts';
import { formatNames } from '../core/format.ts';
import type { ObservedArray, ResolvedPair } from '../core/observation.ts';
import type { Problem } from '../core/problem.ts';
import { recordedPair } from '../core/recorded.ts';
import { isVolumeOurs } from '../core/references.ts';
import type { VolumesView } from '../core/volumes.ts';
import { type Names, noSnapshot, resolvePair } from './resolve-pair.ts';

/** The StorageArray that the object is about: the one recorded, the one named, that of the run to undo, the only one. */
export function resolveArray(
  resync: LunResync,
  arrays: readonly StorageArray[],
  { undone, volumes }: Pick<Names, 'undone' | 'volumes'>,
): { readonly observed: ObservedArray; readonly array?: StorageArray } {
  const ofUndone = resync.spec.pairs.flatMap((pair) => undone.get(pair.source.undoOf ?? '')?.status.arrayName ?? []);
  const name = resync.status.arrayName ?? resync.spec.arrayName ?? ofUndone[0];
  const drivers = driversOf(resync, volumes);
  const meant = arrays.filter(({ spec }) => drivers.every((driver) => driver === spec.csiDriverName));
  // Where no array serves the driver, the pairs say so better than an array that is missing.
  const candidates = meant.length === 0 ? arrays : meant;
  if (name === undefined && candidates.length > 1) {
    const names = formatNames(candidates.map((array) => array.metadata.name).sort());
    const message = `spec.arrayName is not set and there are several StorageArrays: ${names}`;
    return { observed: { state: 'missing', final: true, problem: { reason: 'AmbiguousArray', message } } };
  }
  const array = name === undefined ? candidates[0] : arrays.find((candidate) => candidate.metadata.name === name);
  if (array === undefined) {
    const message = name === undefined ? 'there is no StorageArray' : `StorageArray ${name} does not exist`;
    const problem: Problem = { reason: 'BadState', message, remedy: 'Create the StorageArray' };
    return { observed: { state: 'missing', final: false, problem } };
  }
  const { spec, status } = array;
  return {
    array,
    observed: {
      state: 'found',
      name: array.metadata.name,
      arrayID: status.arrayID,
      policy: {
        maintenance: spec.maintenance,
        abandoned: spec.abandoned,
        lunGrants: spec.lunGrants ?? [],
        maxConcurrentOperations: spec.maxConcurrentOperations,
        maxCopyBytesPerSecond: spec.maxCopyBytesPerSecond ?? 0,
      },
    },
  };
}

/** The CSI drivers that the claims and snapshots of the spec belong to, as far as they can be told already. */
function driversOf({ spec, metadata: { namespace } }: LunResync, volumes: VolumesView): string[] {
  const drivers = spec.pairs.flatMap(({ source, target }) => {
    const claim = volumes.claim(namespace, target?.persistentVolumeClaimName ?? '');
    const snapshot = volumes.snapshot(namespace, source.volumeSnapshotName ?? '');
    return [volumes.volume(claim?.volumeName ?? '')?.driver, volumes.content(snapshot?.contentName ?? '')?.driver];
  });
  return [...new Set(drivers.filter((driver) => driver !== undefined && driver !== ''))] as string[];
}

/** The pairs as the intent recorded them. */
export function recordedPairs(resync: LunResync, names: Names): ResolvedPair[] {
  return resync.spec.pairs.map((spec) => {
    const recorded = resync.status.pairs?.find(({ name }) => name === spec.name);
    return recordedPair(resolvePair(spec, names), spec, recorded);
  });
}

/**
 * Completes an undo's pair from the array's own records: the safety snapshot is the one that the run of that owner took
 * of that very LUN. The other object's status has only told where to look.
 */
export function withSafetySnapshot(
  pair: ResolvedPair,
  ownerUndone: string,
  luns: ReadonlyMap<string, Lun>,
): ResolvedPair {
  if (pair.problem !== undefined || pair.sourceLunID !== '') return pair;
  const run = luns.get(pair.targetLunID)?.runs.find((candidate) => candidate.owner === ownerUndone);
  if (run === undefined || run.safetySnapshotID === '')
    return noSnapshot(pair, `the array has no safety snapshot of LUN ${pair.targetLunID} for the run to undo`);
  const snapshot = luns.get(run.safetySnapshotID);
  // Ids of LUNs are never reused: what is gone does not come back, and is not waited for.
  if (snapshot === undefined)
    return noSnapshot(
      pair,
      `the safety snapshot of LUN ${pair.targetLunID} that the run to undo took has been deleted`,
    );
  if (snapshot.safetyOwner === ownerUndone && snapshot.parentLunID === pair.targetLunID)
    return { ...pair, sourceLunID: run.safetySnapshotID };
  return noSnapshot(
    pair,
    `LUN ${run.safetySnapshotID} is not the safety snapshot of LUN ${pair.targetLunID} for the run to undo`,
  );
}

/** Completes a snapshot's pair: what the array says of the snapshot must agree with what Kubernetes says of it. */
export function withSourceOwner(
  pair: ResolvedPair,
  { namespace, driver, volumes }: Names,
  luns: ReadonlyMap<string, Lun>,
): ResolvedPair {
  const source = luns.get(pair.sourceLunID);
  if (pair.snapshot === undefined || source === undefined || driver === undefined) return pair;
  const { name, volumeHandle } = pair.snapshot;
  const { parentLunID } = source;
  const refused = (message: string): ResolvedPair => {
    return { ...pair, final: true, problem: { reason: 'AccessDenied', message } };
  };
  if (source.kind !== 'Snapshot') return refused(`VolumeSnapshot ${name} leads to a LUN that is no snapshot`);
  if (volumeHandle !== '' && parentLunID !== '' && volumeHandle !== parentLunID)
    return refused(`VolumeSnapshot ${name} leads to a snapshot of another volume than the one it was taken from`);
  if (isVolumeOurs(driver, parentLunID, { namespace, volumes })) return pair;
  return refused(`VolumeSnapshot ${name} is of another namespace's volume`);
}
