/** After a copy: file systems that may be smaller than their volumes, which is said and left to whoever mounts them. */
import type { Announcement } from './decision.ts';
import { formatBytes, formatNames } from './format.ts';
import type { Observation, ResolvedPair } from './observation.ts';

/**
 * One sentence; undefined when every file system fills its volume, as far as can be told. A copy brings the file system of
 * the source, which is no larger than the source; a claim that was grown says so only when a node has grown its file system.
 * Source: Kubernetes, "Expanding Persistent Volumes Claims", "Resizing a volume containing a file system".
 */
export function growthNote(o: Observation): string | undefined {
  const smaller = o.pairs.flatMap((pair) => smallerThanVolume(o, pair) ?? []);
  if (smaller.length === 0) return undefined;
  const what = `The file system on ${formatNames(smaller, 2)} may be smaller than its volume`;
  return `${what}: it grows at the next mount where the CSI driver does that, else by resize2fs or xfs_growfs`;
}

/** The note as an Event. */
export function growthEvent(note: string): Announcement {
  return { type: 'Normal', reason: 'FileSystemMayNeedGrowth', action: 'Finish', note };
}

function smallerThanVolume({ view }: Observation, pair: ResolvedPair): string | undefined {
  const { claim, sourceLunID, targetLunID } = pair;
  if (claim?.mode !== 'Filesystem' || view.state !== 'read') return undefined;
  const [source, target] = [view.luns.get(sourceLunID), view.luns.get(targetLunID)];
  if (source === undefined || target === undefined) return undefined;
  const usedBytes = Math.min(source.sizeBytes, claim.capacityBytes || target.sizeBytes);
  if (usedBytes >= target.sizeBytes) return undefined;
  return `claim ${claim.name} (${formatBytes(usedBytes)} of ${formatBytes(target.sizeBytes)})`;
}
