/**
 * DeleteSafetySnapshots and ForceOnline.
 */
import { Draft, type Transition, unchanged } from './draft.ts';
import { operationUsing } from './participation.ts';
import type { ArrayState, LunRecord } from './records.ts';
import { type Refused, refused, unknownLun } from './refused.ts';

/** The deleted snapshots, whose files may go. */
export type DeletedSnapshots = { readonly kind: 'deleted'; readonly lunIDs: readonly string[] };

/** Deletes all safety snapshots of an owner, or none while an operation uses one of them. */
export function deleteSafetySnapshots(state: ArrayState, owner: string): Transition<DeletedSnapshots | Refused> {
  const snapshots = [...state.luns.values()].filter((lun) => lun.safetyOwner === owner && !lun.isHidden);
  for (const { id } of snapshots) {
    const user = operationUsing(state, id);
    if (user !== undefined) {
      return unchanged(
        state,
        refused({
          reason: 'VSS_E_RESYNC_IN_PROGRESS',
          message: `Safety snapshot ${id} is needed by the running operation ${user.operationID}.`,
          remedy: 'Delete the snapshots when that operation has ended.',
          lunID: id,
        }),
      );
    }
  }
  const draft = new Draft(state);
  for (const { id } of snapshots) {
    draft.deleteLun(id);
  }
  return draft.done({ kind: 'deleted', lunIDs: snapshots.map(({ id }) => id) });
}

/** Puts a LUN ONLINE with whatever bytes it has. */
export function forceOnline(
  state: ArrayState,
  request: { readonly lunID: string; readonly ifGeneration: number },
): Transition<LunRecord | Refused> {
  const lun = state.luns.get(request.lunID);
  if (lun === undefined || lun.isHidden) {
    return unchanged(state, unknownLun(request.lunID));
  }
  if (lun.generation !== request.ifGeneration) {
    return unchanged(
      state,
      refused({
        refusal: 'STALE',
        reason: 'VSS_E_BAD_STATE',
        message: `LUN ${lun.id} has generation ${lun.generation} and not ${request.ifGeneration}.`,
        remedy: 'Read the LUN again and decide anew.',
        lunID: lun.id,
      }),
    );
  }
  if (lun.state === 'RESYNCING') {
    return unchanged(
      state,
      refused({
        refusal: 'BUSY',
        reason: 'VSS_E_RESYNC_IN_PROGRESS',
        message: `LUN ${lun.id} is the target of a running operation.`,
        remedy: 'Wait until the operation has ended, or cancel it.',
        lunID: lun.id,
      }),
    );
  }
  const draft = new Draft(state);
  return draft.done(draft.raiseContent({ ...lun, state: 'ONLINE' }));
}
