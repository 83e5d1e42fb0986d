/**
 * Growing a volume: the intent is durable before its file grows, so that a crash in between is no damage.
 */
import { Draft, type Transition, unchanged } from './draft.ts';
import { notOnline } from './luns.ts';
import { ownerName } from './owner.ts';
import { operationUsing } from './participation.ts';
import type { ArrayState, LunRecord } from './records.ts';
import { type Refused, refused, unknownLun } from './refused.ts';

/** Records the size that a volume is going to have; one that is as large already is answered as it is. */
export function beginGrowth(
  state: ArrayState,
  growth: { readonly lunID: string; readonly sizeBytes: number },
): Transition<LunRecord | Refused> {
  const lun = state.luns.get(growth.lunID);
  if (lun?.kind !== 'VOLUME') {
    return unchanged(state, unknownLun(growth.lunID));
  }
  const fault = growthFault(state, lun);
  if (fault !== undefined || lun.sizeBytes >= growth.sizeBytes) {
    return unchanged(state, fault ?? lun);
  }
  const draft = new Draft(state);
  const growing = { ...lun, growingToBytes: growth.sizeBytes };
  draft.putLun(growing);
  return draft.done(growing);
}

/** Records the size that a volume's file has now, whether it grew or could not. */
export function endGrowth(state: ArrayState, lunID: string, fileSizeBytes: number): Transition<LunRecord> {
  const draft = new Draft(state);
  const { growingToBytes: _intended, ...lun } = draft.existingLun(lunID);
  const grown = { ...lun, sizeBytes: fileSizeBytes };
  draft.putLun(grown);
  return draft.done(grown);
}

/** After a crash: every volume that was growing has the size that its file has. */
export function settleGrowth(draft: Draft, fileSizeBytes: (lunID: string) => number): void {
  for (const { growingToBytes, ...lun } of draft.luns()) {
    if (growingToBytes !== undefined) {
      draft.putLun({ ...lun, sizeBytes: fileSizeBytes(lun.id) });
    }
  }
}

function growthFault(state: ArrayState, lun: LunRecord): Refused | undefined {
  if (lun.state !== 'ONLINE') {
    return notOnline(lun, 'expanded');
  }
  const user = operationUsing(state, lun.id);
  if (user === undefined) {
    return undefined;
  }
  return refused({
    reason: 'VSS_E_RESYNC_IN_PROGRESS',
    message: `LUN ${lun.id} takes part in the running operation ${user.operationID} of ${ownerName(user.owner)}.`,
    remedy: 'Expand it when that operation has ended.',
    lunID: lun.id,
  });
}
