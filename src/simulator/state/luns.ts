/**
 * The life of pools, volumes and snapshots outside of operations.
 */
import { Draft, type Transition, unchanged } from './draft.ts';
import { madeUpIdentifier } from './identifiers.ts';
import { ownerName } from './owner.ts';
import { operationUsing } from './participation.ts';
import type { ArrayState, CsiOrigin, Identifier, LunRecord, PoolRecord } from './records.ts';
import { type Refused, refused, unknownLun } from './refused.ts';
import { addSnapshot, snapshotRecord } from './snapshot-record.ts';

export type NewVolume = {
  readonly id: string;
  readonly pool: string;
  readonly sizeBytes: number;
  /** `null`: one is made up. */
  readonly identifiers: readonly Identifier[] | null;
  /** Empty: one is made up. */
  readonly diskSignature: string;
  readonly volumes: readonly string[];
  readonly now: number;
  readonly csi?: CsiOrigin;
};

/** Adds a pool. */
export function createPool(state: ArrayState, pool: PoolRecord): Transition<PoolRecord | Refused> {
  if (state.pools.has(pool.name)) {
    return unchanged(state, taken(`Pool ${pool.name} exists.`));
  }
  const draft = new Draft(state);
  draft.putPool(pool);
  return draft.done(pool);
}

/** Why an id or a pool does not do for a new LUN, or undefined. Checked before its file is made, and again after. */
export function newLunFault(
  state: ArrayState,
  lun: { readonly id: string; readonly pool: string },
): Refused | undefined {
  if (state.luns.has(lun.id) || state.retiredIDs.has(lun.id)) {
    return taken(`LUN id ${lun.id} is or was in use; ids are never reused.`);
  }
  if (!state.pools.has(lun.pool)) {
    return refused({
      code: 'NOT_FOUND',
      reason: 'VSS_E_OBJECT_NOT_FOUND',
      message: `There is no pool ${lun.pool}.`,
      remedy: 'Create the pool first.',
    });
  }
  return undefined;
}

/** New ids with a prefix that no LUN has or had, so that files can be made before their records. */
export function reserveIDs(state: ArrayState, prefix: string, count: number): Transition<readonly string[]> {
  const draft = new Draft(state);
  const ids: string[] = [];
  while (ids.length < count) {
    const id = `${prefix}-${draft.nextSerial()}`;
    if (!state.luns.has(id) && !state.retiredIDs.has(id)) {
      ids.push(id);
    }
  }
  return draft.done(ids);
}

/** Adds a volume whose file exists already. */
export function createVolume(state: ArrayState, volume: NewVolume): Transition<LunRecord | Refused> {
  const fault = newLunFault(state, volume);
  if (fault !== undefined) {
    return unchanged(state, fault);
  }
  const draft = new Draft(state);
  const serial = draft.nextSerial();
  const generation = draft.nextGeneration();
  const lun: LunRecord = {
    id: volume.id,
    kind: 'VOLUME',
    isHidden: false,
    identifiers: volume.identifiers ?? [madeUpIdentifier(state.arrayID, serial)],
    sizeBytes: volume.sizeBytes,
    generation,
    contentGeneration: generation,
    state: 'ONLINE',
    publishedNodes: [],
    diskSignature: volume.diskSignature === '' ? madeUpSignature(serial) : volume.diskSignature,
    parentLunID: '',
    parentDiskSignature: '',
    createTime: volume.now,
    volumes: volume.volumes,
    runs: [],
    pool: volume.pool,
    safetyOwner: '',
    hasHostWrites: false,
    epoch: 1,
    trackedSinceEpoch: 1,
    parentEpoch: 0,
    sharedBytes: 0,
    csi: volume.csi,
  };
  draft.putLun(lun);
  return draft.done(lun);
}

/** What is needed to add a user's snapshot. */
export type NewSnapshot = {
  readonly id: string;
  readonly parentLunID: string;
  readonly sharedBytes: number;
  readonly now: number;
  readonly csi?: CsiOrigin | undefined;
};

/** Why a LUN cannot be snapshotted now, or undefined. */
export function snapshotFault(state: ArrayState, parentLunID: string): Refused | undefined {
  const parent = state.luns.get(parentLunID);
  if (parent === undefined || parent.isHidden) {
    return unknownLun(parentLunID);
  }
  if (parent.kind === 'SNAPSHOT') {
    return refused({
      reason: 'VSS_E_VOLUME_NOT_SUPPORTED',
      message: `LUN ${parentLunID} is a snapshot itself.`,
      remedy: 'Take snapshots of volumes.',
      lunID: parentLunID,
    });
  }
  return parent.state === 'ONLINE' ? undefined : notOnline(parent, 'snapshotted');
}

/** Adds a user's snapshot whose file exists already. */
export function createSnapshot(state: ArrayState, snapshot: NewSnapshot): Transition<LunRecord | Refused> {
  const parent = state.luns.get(snapshot.parentLunID);
  const fault =
    snapshotFault(state, snapshot.parentLunID) ?? newLunFault(state, { id: snapshot.id, pool: parent?.pool ?? '' });
  if (fault !== undefined || parent === undefined) {
    return unchanged(state, fault ?? unknownLun(snapshot.parentLunID));
  }
  const draft = new Draft(state);
  const record = snapshotRecord(parent, {
    id: snapshot.id,
    isHidden: false,
    safetyOwner: '',
    sharedBytes: snapshot.sharedBytes,
    csi: snapshot.csi,
    createTime: snapshot.now,
    identifiers: [madeUpIdentifier(state.arrayID, draft.nextSerial())],
    generation: draft.nextGeneration(),
  });
  addSnapshot(draft, record);
  return draft.done(draft.existingLun(record.id));
}

/** Deletes a LUN that is not published and takes part in nothing. */
export function deleteLun(state: ArrayState, lunID: string): Transition<LunRecord | Refused> {
  const lun = state.luns.get(lunID);
  if (lun === undefined || lun.isHidden) {
    return unchanged(state, unknownLun(lunID));
  }
  const user = operationUsing(state, lunID);
  if (user !== undefined || lun.publishedNodes.length > 0) {
    return unchanged(
      state,
      refused({
        reason: user === undefined ? 'VSS_E_VOLUME_IN_USE' : 'VSS_E_RESYNC_IN_PROGRESS',
        message:
          user === undefined
            ? `LUN ${lunID} is published to ${lun.publishedNodes.slice(0, 4).join(', ')}.`
            : `LUN ${lunID} takes part in the running operation ${user.operationID} of ${ownerName(user.owner)}.`,
        remedy: 'Delete it when nothing uses it any more.',
        lunID,
      }),
    );
  }
  const draft = new Draft(state);
  draft.deleteLun(lunID);
  return draft.done(lun);
}

/** Changes which volumes live on a LUN. */
export function changeVolumes(
  state: ArrayState,
  lunID: string,
  change: (volumes: readonly string[]) => readonly string[],
): Transition<LunRecord | Refused> {
  const lun = state.luns.get(lunID);
  if (lun?.kind !== 'VOLUME') {
    return unchanged(state, unknownLun(lunID));
  }
  const draft = new Draft(state);
  const next = { ...lun, volumes: change(lun.volumes) };
  draft.putLun(next);
  return draft.done(next);
}

/** A LUN cannot be used by hosts or snapshotted while it is fenced. */
export function notOnline(lun: LunRecord, attempted: string): Refused {
  const isRunning = lun.state === 'RESYNCING';
  const owner = lun.runs.at(-1)?.owner;
  const cause = owner === undefined ? '' : ` by ${ownerName(owner)}`;
  return refused({
    reason: isRunning ? 'VSS_E_RESYNC_IN_PROGRESS' : 'VSS_E_BAD_STATE',
    message: `LUN ${lun.id} is ${lun.state}${cause} and cannot be ${attempted}.`,
    remedy: isRunning
      ? 'Wait until the operation on it has ended.'
      : 'Repair it with a resync or a roll-back; the administrator may force it online.',
    lunID: lun.id,
  });
}

function madeUpSignature(serial: number): string {
  return (0x5a000000 + serial).toString(16);
}

function taken(message: string): Refused {
  return refused({
    code: 'ALREADY_EXISTS',
    reason: 'VSS_E_OBJECT_ALREADY_EXISTS',
    message,
    remedy: 'Choose another name.',
  });
}
