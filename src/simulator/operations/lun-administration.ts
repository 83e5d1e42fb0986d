/**
 * Making, snapshotting and deleting LUNs: the file and its record together, in an order that a crash cannot spoil.
 */

import type { ArrayParts } from '../array-parts.ts';
import {
  createSnapshot,
  createVolume,
  deleteLun,
  type NewVolume,
  newLunFault,
  reserveIDs,
  snapshotFault,
} from '../state/luns.ts';
import type { LunRecord } from '../state/records.ts';
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
  const fault = newLunFault(parts.committed.state, { id, pool: request.pool }) ?? sourceFault(parts, request);
  if (fault !== undefined) {
    return fault;
  }
  if (request.sourceLunID === '') {
    await parts.files.create(id, request.sizeBytes);
  } else {
    await copySource(parts, request, id);
  }
  return keepOrRemove(parts, id, () =>
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
  if (source.state === 'ONLINE' && source.sizeBytes <= request.sizeBytes) {
    return undefined;
  }
  return refused({
    reason: 'VSS_E_BAD_STATE',
    message: `LUN ${source.id} is ${source.state} and has ${source.sizeBytes} bytes; the new LUN shall have ${request.sizeBytes}.`,
    remedy: 'Copy from a LUN that is ONLINE and not larger than the new one.',
    lunID: source.id,
  });
}

async function copySource(parts: ArrayParts, request: VolumeRequest, id: string): Promise<void> {
  const source = parts.committed.state.luns.get(request.sourceLunID);
  if (source === undefined) {
    throw new Error(`LUN ${request.sourceLunID} went away while it was copied.`);
  }
  using _held = await parts.gates.hold([source.id]);
  await cloneFile(parts, { source, id });
  await parts.files.resize(id, request.sizeBytes);
}

/** Takes a user's snapshot; host writes to the volume wait meanwhile. An empty id is replaced by one that is free. */
export async function takeSnapshot(
  parts: ArrayParts,
  request: { readonly lunID: string; readonly id: string },
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
  const { sharedBytes } = await cloneFile(parts, { source: parent, id });
  return await keepOrRemove(parts, id, () =>
    parts.committed.update((state) =>
      createSnapshot(state, { id, parentLunID: parent.id, sharedBytes, now: parts.clock.now() }),
    ),
  );
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
