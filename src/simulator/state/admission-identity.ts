/**
 * The checks of StartOperation that concern what a target becomes: its disk signature and its safety snapshot.
 */
import type { ArrayState, LunRecord, StartArguments } from './records.ts';
import { type Refused, refused } from './refused.ts';
import { runOf } from './runs.ts';

/** The disk signature that a target has once the operation succeeded. */
export function signatureAfter(request: StartArguments, source: LunRecord, target: LunRecord): string {
  const reverts = request.kind === 'ROLL_BACK' || request.identityPolicy === 'REVERT_TO_ORIGINAL';
  return reverts ? source.parentDiskSignature : target.diskSignature;
}

/** Why a target cannot get the signature that was asked for, or undefined. */
export function diskSignatureFault(state: ArrayState, request: StartArguments): Refused | undefined {
  if (request.kind === 'ROLL_BACK' || request.identityPolicy === 'KEEP_TARGET') {
    return undefined;
  }
  const targets = new Set(request.pairs.map((pair) => pair.targetLunID));
  const given = new Set<string>();
  for (const { sourceLunID, targetLunID } of request.pairs) {
    const signature = state.luns.get(sourceLunID)?.parentDiskSignature ?? '';
    const holder = [...state.luns.values()].find((lun) => lun.diskSignature === signature && !targets.has(lun.id));
    const cause = signatureCause({ sourceLunID, signature, holderID: holder?.id, isGiven: given.has(signature) });
    if (cause !== undefined) {
      return refused({
        refusal: 'DISK_SIGNATURE',
        reason: 'VSS_E_CANNOT_REVERT_DISKID',
        message: cause,
        remedy: "Keep the target's own signature, or free the original one first.",
        lunID: targetLunID,
      });
    }
    given.add(signature);
  }
  return undefined;
}

function signatureCause(found: {
  readonly sourceLunID: string;
  readonly signature: string;
  readonly holderID: string | undefined;
  readonly isGiven: boolean;
}): string | undefined {
  if (found.signature === '') {
    return `Source ${found.sourceLunID} is no snapshot of a LUN with a disk signature.`;
  }
  if (found.holderID !== undefined) {
    return `The original disk signature ${found.signature} is in use by LUN ${found.holderID}.`;
  }
  return found.isGiven ? `Two targets would get the disk signature ${found.signature}.` : undefined;
}

/** The owner's safety snapshot of a target, or undefined. */
export function safetySnapshotOf(state: ArrayState, owner: string, targetLunID: string): LunRecord | undefined {
  return [...state.luns.values()].find((lun) => lun.safetyOwner === owner && lun.parentLunID === targetLunID);
}

/**
 * Why the owner's safety snapshots forbid the operation, or undefined.
 *
 * Taken once and missing now would mean that a later one holds what this owner has already overwritten.
 */
export function safetySnapshotFault(state: ArrayState, request: StartArguments): Refused | undefined {
  for (const { sourceLunID, targetLunID } of request.pairs) {
    const snapshot = safetySnapshotOf(state, request.owner, targetLunID);
    if (request.kind === 'ROLL_BACK' && snapshot?.id !== sourceLunID) {
      return refused({
        refusal: 'SAFETY_SNAPSHOT',
        reason: 'VSS_E_BAD_STATE',
        message: `Source ${sourceLunID} is not the owner's own safety snapshot of target ${targetLunID}.`,
        remedy: "Roll back only to the safety snapshots that this run's own operations took.",
        lunID: targetLunID,
      });
    }
    const taken = runOf(state.luns.get(targetLunID), request.owner)?.safetySnapshotID ?? '';
    if (request.safetySnapshots === 'ALWAYS' && snapshot === undefined && taken !== '') {
      return refused({
        refusal: 'SAFETY_SNAPSHOT',
        reason: 'VSS_E_BAD_STATE',
        message: `The safety snapshot ${taken} of target ${targetLunID} was taken by this owner and is missing.`,
        remedy: 'Start a new run under another owner.',
        lunID: targetLunID,
      });
    }
  }
  return undefined;
}
