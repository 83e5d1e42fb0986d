/**
 * What hosts do to LUNs, as far as the array's records are concerned: publishing, writing, reading.
 */
import { Draft, type Transition, unchanged } from './draft.ts';
import { markedGranules } from './granules.ts';
import { notOnline } from './luns.ts';
import { ownerName } from './owner.ts';
import { operationFreezing } from './participation.ts';
import { publicationFault, withoutPublication, withPublication } from './publication.ts';
import type { ArrayState, LunRecord, Publication } from './records.ts';
import { type Refused, refused, unknownLun } from './refused.ts';

/** A node, and how it may use a LUN where somebody cares. */
export type PublishRequest = {
  readonly lunID: string;
  readonly node: string;
  readonly publication?: Publication;
};

/** Publishes a volume to a node and raises its generation; publishing again to the same node changes nothing. */
export function publishLun(state: ArrayState, request: PublishRequest): Transition<LunRecord | Refused> {
  const { lunID, node, publication } = request;
  const lun = state.luns.get(lunID);
  if (lun === undefined || lun.isHidden) {
    return unchanged(state, unknownLun(lunID));
  }
  const conflict = publication === undefined ? undefined : publicationFault(lun, node, publication);
  if (conflict !== undefined) {
    return unchanged(state, conflict);
  }
  if (lun.publishedNodes.includes(node)) {
    return unchanged(state, lun);
  }
  const fault = writeFault(state, lun, 'published');
  if (fault !== undefined) {
    return unchanged(state, fault);
  }
  const draft = new Draft(state);
  const published = { ...forgottenEpochs(lun), publishedNodes: [...lun.publishedNodes, node] };
  return draft.done(draft.raiseContent(withPublication(published, node, publication)));
}

/** Takes a volume away from a node; one that is not published there is no error. */
export function unpublishLun(state: ArrayState, lunID: string, node: string): Transition<LunRecord | Refused> {
  const lun = state.luns.get(lunID);
  if (lun === undefined || lun.isHidden) {
    return unchanged(state, unknownLun(lunID));
  }
  if (!lun.publishedNodes.includes(node)) {
    return unchanged(state, lun);
  }
  const draft = new Draft(state);
  // Snapshots that were taken while it was published are as unknown as older ones: the node wrote past the array.
  const publishedNodes = lun.publishedNodes.filter((name) => name !== node);
  const next = withoutPublication({ ...forgottenEpochs(lun), publishedNodes }, node);
  draft.putLun(next);
  return draft.done(next);
}

function forgottenEpochs(lun: LunRecord): LunRecord {
  return { ...lun, epoch: lun.epoch + 1, trackedSinceEpoch: lun.epoch + 1 };
}

/**
 * Admits one write of a host and records where it goes, which must be durable before the write is done.
 *
 * The first write to an unpublished LUN counts as a host that came and went: it raises the generation.
 */
export function admitHostWrite(
  state: ArrayState,
  write: {
    readonly lunID: string;
    readonly offset: number;
    readonly length: number;
    /** Whether all its granules are marked with an epoch already. */
    readonly isMarked: (epoch: number) => boolean;
  },
): Transition<LunRecord | Refused> {
  const lun = state.luns.get(write.lunID);
  if (lun === undefined || lun.isHidden) {
    return unchanged(state, unknownLun(write.lunID));
  }
  const fault = writeFault(state, lun, 'written') ?? rangeFault(lun, write);
  if (fault !== undefined) {
    return unchanged(state, fault);
  }
  const raises = !lun.hasHostWrites && lun.publishedNodes.length === 0;
  if (!raises && write.isMarked(lun.epoch)) {
    return unchanged(state, lun);
  }
  const draft = new Draft(state);
  const next = raises ? { ...draft.raiseContent(lun), hasHostWrites: true } : lun;
  draft.putLun(next);
  draft.mark({ lunID: lun.id, ...markedGranules(write), epoch: lun.epoch });
  return draft.done(next);
}

/** Why a host may not read a range, or undefined. */
export function readFault(
  state: ArrayState,
  read: { readonly lunID: string; readonly offset: number; readonly length: number },
): Refused | undefined {
  const lun = state.luns.get(read.lunID);
  if (lun === undefined || lun.isHidden) {
    return unknownLun(read.lunID);
  }
  return lun.state === 'ONLINE' ? rangeFault(lun, read) : notOnline(lun, 'read');
}

function writeFault(state: ArrayState, lun: LunRecord, attempted: string): Refused | undefined {
  if (lun.kind === 'SNAPSHOT') {
    return refused({
      reason: 'VSS_E_VOLUME_NOT_SUPPORTED',
      message: `LUN ${lun.id} is a snapshot and cannot be ${attempted}: snapshots are immutable.`,
      remedy: 'Make a volume from it.',
      lunID: lun.id,
    });
  }
  const reader = operationFreezing(state, lun.id);
  if (reader !== undefined) {
    return refused({
      reason: 'VSS_E_RESYNC_IN_PROGRESS',
      message:
        `LUN ${lun.id} is the source of the running operation ${reader.operationID} of ${ownerName(reader.owner)} ` +
        'and must not change.',
      remedy: 'Wait until that operation has ended.',
      lunID: lun.id,
    });
  }
  return lun.state === 'ONLINE' ? undefined : notOnline(lun, attempted);
}

function rangeFault(lun: LunRecord, range: { readonly offset: number; readonly length: number }): Refused | undefined {
  if (range.offset + range.length <= lun.sizeBytes) {
    return undefined;
  }
  return refused({
    code: 'INVALID_ARGUMENT',
    reason: 'E_INVALIDARG',
    message: `Bytes ${range.offset} to ${range.offset + range.length} reach past the ${lun.sizeBytes} bytes of LUN ${lun.id}.`,
    remedy: 'Stay within the LUN.',
    lunID: lun.id,
  });
}
