/** From the names in a spec to an array and to LUNs on it. What is not there yet is a problem of the pair, not a failure. */
import type { LunResync } from '../api/lun-resync.ts';
import type { StorageArray } from '../api/storage-array.ts';
import type { Lun } from '../core/array.ts';
import { formatNames } from '../core/format.ts';
import type { ObservedArray, ResolvedPair } from '../core/observation.ts';
import type { Problem } from '../core/problem.ts';

type SpecPair = LunResync['spec']['pairs'][number];

/** The StorageArray that the object is about: the one recorded, the one named, that of the run to undo, the only one. */
export function resolveArray(
  resync: LunResync,
  arrays: readonly StorageArray[],
  undone: ReadonlyMap<string, LunResync>,
): { readonly observed: ObservedArray; readonly array?: StorageArray } {
  const ofUndone = resync.spec.pairs.flatMap((pair) => undone.get(pair.source.undoOf ?? '')?.status.arrayName ?? []);
  const name = resync.status.arrayName ?? resync.spec.arrayName ?? ofUndone[0];
  if (name === undefined && arrays.length > 1) {
    const names = formatNames(arrays.map((array) => array.metadata.name).sort());
    const message = `spec.arrayName is not set and there are several StorageArrays: ${names}`;
    return { observed: { state: 'missing', final: true, problem: { reason: 'AmbiguousArray', message } } };
  }
  const array = name === undefined ? arrays[0] : arrays.find((candidate) => candidate.metadata.name === name);
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

/** The pairs by their names. An undo's source is known only when the array has been asked: see `withSafetySnapshot`. */
export function resolvePairs(resync: LunResync, undone: ReadonlyMap<string, LunResync>): ResolvedPair[] {
  return resync.spec.pairs.map((pair) => {
    const { undoOf, volumeSnapshotName, lunID } = pair.source;
    if (volumeSnapshotName !== undefined) return notYet(pair, 'source.volumeSnapshotName', 'source.lunID');
    if (pair.target?.persistentVolumeClaimName !== undefined)
      return notYet(pair, 'target.persistentVolumeClaimName', 'target.lunID');
    if (undoOf !== undefined) return undoPair(pair, undoOf, undone.get(undoOf));
    return {
      ...base(pair),
      sourceLunID: lunID ?? '',
      targetLunID: pair.target?.lunID ?? '',
      sourceNeedsGrant: true,
      targetNeedsGrant: true,
    };
  });
}

/** The pairs as the intent recorded them: what an attempt is about does not change while it lives. */
export function recordedPairs(resync: LunResync, undone: ReadonlyMap<string, LunResync>): ResolvedPair[] {
  const resolved = resolvePairs(resync, undone);
  return resolved.map((pair) => {
    const recorded = resync.status.pairs?.find((candidate) => candidate.name === pair.name);
    if (recorded?.source?.lunID === undefined || recorded.target?.lunID === undefined) return pair;
    const { problem: _, ...rest } = pair;
    return { ...rest, final: false, sourceLunID: recorded.source.lunID, targetLunID: recorded.target.lunID };
  });
}

function base(pair: SpecPair): ResolvedPair {
  return {
    name: pair.name,
    sourceLunID: '',
    targetLunID: '',
    sourceNeedsGrant: false,
    targetNeedsGrant: false,
    selectedVolumes: [],
    final: false,
  };
}

function notYet(pair: SpecPair, field: string, instead: string): ResolvedPair {
  const message = `${field} is not provided by this version`;
  return { ...base(pair), final: true, problem: { reason: 'NotImplemented', message, remedy: `Use ${instead}` } };
}

function undoPair(pair: SpecPair, name: string, other: LunResync | undefined): ResolvedPair {
  const wait = (message: string): ResolvedPair => ({ ...base(pair), problem: { reason: 'ObjectNotFound', message } });
  if (other === undefined) return wait(`LunResync ${name} does not exist`);
  if (other.status.completionTime === undefined) return wait(`LunResync ${name} has not finished`);
  const undone = other.status.pairs?.find((candidate) => candidate.name === pair.name);
  const targetLunID = undone?.target?.lunID;
  if (targetLunID === undefined)
    return noSnapshot(pair, `LunResync ${name} has no pair ${pair.name} that was resolved`);
  const wanted = pair.target?.lunID;
  if (wanted !== undefined && wanted !== targetLunID)
    return noSnapshot(pair, `LunResync ${name} had another target for pair ${pair.name} than LUN ${wanted}`);
  return { ...base(pair), targetLunID, targetNeedsGrant: true };
}

function noSnapshot(pair: { readonly name: string } & Partial<ResolvedPair>, message: string): ResolvedPair {
  const empty = base({ name: pair.name, source: {} });
  return { ...empty, final: true, problem: { reason: 'SnapshotNotInSet', message } };
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
