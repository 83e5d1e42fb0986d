/** How much room the safety snapshots take that LunResyncs keep on an array. */
import type { LunResync } from '../api/lun-resync.ts';
import type { StorageArray } from '../api/storage-array.ts';
import type { ArrayClient, SnapshotUsage } from './ports.ts';

/** As many ids as the contract allows in one GetLuns. */
const IDS_A_CALL = 256;

/**
 * Counts the safety snapshots that the array still has, each once. Undefined when nothing is known: the array gave no
 * answer, or another array did, whose LUNs of the same ids are others.
 */
export async function measureSnapshots(
  client: ArrayClient,
  array: StorageArray,
  resyncs: readonly LunResync[],
  signal: AbortSignal,
): Promise<SnapshotUsage | undefined> {
  const { arrayID } = array.status;
  const ids = resyncs.flatMap(({ status }) => (status.arrayID === arrayID ? keptBy(status) : []));
  const wanted = [...new Set(ids)];
  let usage: SnapshotUsage = { count: 0, allocatedBytes: 0 };
  for (let from = 0; from < wanted.length; from += IDS_A_CALL) {
    const part = wanted.slice(from, from + IDS_A_CALL);
    const answer = await client.luns({ ids: part, owners: [], runID: '' }, signal);
    if ('kind' in answer || answer.arrayID !== arrayID) return undefined;
    for (const { safetyOwner, allocatedBytes } of answer.luns.values())
      if (safetyOwner !== '') usage = { count: usage.count + 1, allocatedBytes: usage.allocatedBytes + allocatedBytes };
  }
  return usage;
}

function keptBy({ pairs = [], safetySnapshotsDeleted }: LunResync['status']): string[] {
  return safetySnapshotsDeleted === true ? [] : pairs.flatMap(({ safetySnapshotID }) => safetySnapshotID ?? []);
}
