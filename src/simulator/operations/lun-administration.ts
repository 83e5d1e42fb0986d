/**
 * Making, snapshotting and deleting LUNs: the file and its record together, in an order that a crash cannot spoil.
 */

import type { ArrayParts } from '../array-parts.ts';
import { SourceMovedError } from '../blocks/lun-file.ts';
import { beginGrowth, endGrowth } from '../state/growth.ts';
import { type PublishRequest, publishLun } from '../state/host.ts';
import {
  createSnapshot,
  createVolume,
  deleteLun,
  type NewVolume,
  newLunFault,
  notOnline,
  reserveIDs,
  snapshotFault,
} from '../state/luns.ts';
import type { CsiOrigin, LunRecord } from '../state/records.ts';
import { isRefused, type Refused, refused, unknownLun } from '../state/refused.ts';
import { cloneFile } from './snapshots.ts';

/** A volume to make. An empty id is replaced by one that is free. */
export type VolumeRequest = Omit<NewVolume, 'now'> & {
  /** The LUN whose content it starts with; empty: zeros. */
  readonly sourceLunID: string;
};

/** Makes a volume. Its file is durable before its record names it. */
export async function makeVolume(parts: ArrayParts, request: VolumeRequest): Promise<LunRecord | Refused> {
  const id = request.id === '' ? await freshID(parts, 'lun') : request.id;
  // Held before its state is looked at, so that no operation can begin to overwrite the source in between.
  using _held = await parts.gates.hold(request.sourceLunID === '' ? [] : [request.sourceLunID]);
  const fault = newLunFault(parts.committed.state, { id, pool: request.pool }) ?? sourceFault(parts, request);
  if (fault !== undefined) {
    return fault;
  }
  if (request.sourceLunID === '') {
    await parts.files.create(id, request.sizeBytes);
  } else {
    const moved = await copySource(parts, request, id);
    if (moved !== undefined) {
      return moved;
    }
  }
  return await keepOrRemove(parts, id, () =>
    parts.committed.update((state) => createVolume(state, { ...request, id, now: parts.clock.now() })),
  );
}

function sourceFault(parts: ArrayParts, request: VolumeRequest): Refused | undefined {
  if (request.sourceLunID === '') {
    return undefined;
  }
  const source = parts.committed.state.luns.get(request.sourceLunID);
  if (source === undefined || source.isHidden) {
    return unknownLun(request.sourceLunID);
  }
  if (source.state !== 'ONLINE') {
    return notOnline(source, 'copied');
  }
  if (source.sizeBytes <= request.sizeBytes) {
    return undefined;
  }
  return refused({
    reason: 'VSS_E_BAD_STATE',
    message: `LUN ${source.id} has ${source.sizeBytes} bytes; the new LUN shall have ${request.sizeBytes}.`,
    remedy: 'Make the new LUN as large as its source, or larger.',
    lunID: source.id,
  });
}

async function copySource(parts: ArrayParts, request: VolumeRequest, id: string): Promise<Refused | undefined> {
  const source = parts.committed.state.luns.get(request.sourceLunID);
  if (source === undefined) {
    throw new Error(`LUN ${request.sourceLunID} went away while it was copied.`);
  }
  const cloned = await cloneOrRefuse(parts, source, id);
  if (isRefused(cloned)) {
    return cloned;
  }
  await parts.files.resize(id, request.sizeBytes);
  return undefined;
}

async function cloneOrRefuse(
  parts: ArrayParts,
  source: LunRecord,
  id: string,
): Promise<{ readonly sharedBytes: number } | Refused> {
  try {
    return await cloneFile(parts, { source, id });
  } catch (error) {
    if (!(error instanceof SourceMovedError)) {
      throw error;
    }
    return refused({
      reason: 'VSS_E_VOLUME_IN_USE',
      message:
        `LUN ${source.id} is written by ${source.publishedNodes.slice(0, 4).join(', ')} all the time, and the array ` +
        'cannot pin it: its file system has no reflinks.',
      remedy: 'Try again while the writer pauses, or detach the volume.',
      lunID: source.id,
    });
  }
}

/** Takes a user's snapshot; host writes to the volume wait meanwhile. An empty id is replaced by one that is free. */
export async function takeSnapshot(
  parts: ArrayParts,
  request: { readonly lunID: string; readonly id: string; readonly csi?: CsiOrigin },
): Promise<LunRecord | Refused> {
  const id = request.id === '' ? await freshID(parts, 'snap') : request.id;
  using _held = await parts.gates.hold([request.lunID]);
  const parent = parts.committed.state.luns.get(request.lunID);
  const fault =
    snapshotFault(parts.committed.state, request.lunID) ??
    newLunFault(parts.committed.state, { id, pool: parent?.pool ?? '' });
  if (fault !== undefined || parent === undefined) {
    return fault ?? unknownLun(request.lunID);
  }
  const cloned = await cloneOrRefuse(parts, parent, id);
  if (isRefused(cloned)) {
    return cloned;
  }
  const { sharedBytes } = cloned;
  return await keepOrRemove(parts, id, () =>
    parts.committed.update((state) =>
      createSnapshot(state, { id, parentLunID: parent.id, sharedBytes, now: parts.clock.now(), csi: request.csi }),
    ),
  );
}

/** Publishes a LUN to a node. Host writes that have been admitted end first: from now on the node writes by itself. */
export async function publish(parts: ArrayParts, request: PublishRequest): Promise<LunRecord | Refused> {
  using _held = await parts.gates.hold([request.lunID]);
  return await parts.committed.update((state) => publishLun(state, request));
}

/** Gives a volume another size, if that is larger than the one that it has. What is added reads as zeros. */
export async function growVolume(
  parts: ArrayParts,
  growth: { readonly lunID: string; readonly sizeBytes: number },
): Promise<LunRecord | Refused> {
  using _held = await parts.gates.hold([growth.lunID]);
  const begun = await parts.committed.update((state) => beginGrowth(state, growth));
  if (isRefused(begun) || begun.growingToBytes === undefined) {
    return begun;
  }
  const end = async (): Promise<LunRecord> => {
    const sizeBytes = parts.files.fileSizeBytes(begun.id);
    return parts.committed.update((state) => endGrowth(state, begun.id, sizeBytes));
  };
  try {
    await parts.files.resize(begun.id, begun.growingToBytes);
  } catch (error) {
    await end();
    throw error;
  }
  return await end();
}

/** Deletes a LUN: first its record, then its file. */
export async function removeLun(parts: ArrayParts, lunID: string): Promise<LunRecord | Refused> {
  using _held = await parts.gates.hold([lunID]);
  const deleted = await parts.committed.update((state) => deleteLun(state, lunID));
  if (!isRefused(deleted)) {
    await parts.files.remove([lunID]);
  }
  return deleted;
}

async function keepOrRemove(
  parts: ArrayParts,
  id: string,
  record: () => Promise<LunRecord | Refused>,
): Promise<LunRecord | Refused> {
  const result = await record();
  if (isRefused(result)) {
    await parts.files.remove([id]);
  }
  return result;
}

async function freshID(parts: ArrayParts, prefix: string): Promise<string> {
  const [id] = await parts.committed.update((state) => reserveIDs(state, prefix, 1));
  if (id === undefined) {
    throw new Error('No id was reserved.');
  }
  return id;
}
