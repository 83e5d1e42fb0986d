/**
 * The record of a snapshot, and what taking one means for its parent.
 */
import type { Draft } from './draft.ts';
import type { LunRecord } from './records.ts';

/** The record of a snapshot that is being taken of a volume. */
export function snapshotRecord(
  parent: LunRecord,
  snapshot: Pick<
    LunRecord,
    'id' | 'isHidden' | 'safetyOwner' | 'sharedBytes' | 'createTime' | 'identifiers' | 'csi'
  > & {
    readonly generation: number;
  },
): LunRecord {
  return {
    ...parent,
    csi: undefined,
    publications: undefined,
    growingToBytes: undefined,
    ...snapshot,
    kind: 'SNAPSHOT',
    state: 'ONLINE',
    contentGeneration: snapshot.generation,
    publishedNodes: [],
    diskSignature: '',
    parentLunID: parent.id,
    parentDiskSignature: parent.diskSignature,
    volumes: [],
    runs: [],
    hasHostWrites: false,
    epoch: 0,
    trackedSinceEpoch: 0,
    parentEpoch: 0,
  };
}

/** Adds a snapshot's record and starts a new epoch of its parent: what is written from now on differs from it. */
export function addSnapshot(draft: Draft, snapshot: LunRecord): void {
  const parent = draft.existingLun(snapshot.parentLunID);
  draft.putLun({ ...snapshot, parentEpoch: parent.epoch });
  draft.putLun({ ...parent, epoch: parent.epoch + 1 });
}
