/**
 * Whether StartOperation accepts. Looks in the order of lunarray.v1.Refusal; the first thing that is wrong decides.
 */
import { diskSignatureFault, safetySnapshotFault } from './admission-identity.ts';
import { roomNeeded, storageFault } from './admission-storage.ts';
import { identifierFault } from './identifiers.ts';
import { operationWithSource, operationWithTarget } from './participation.ts';
import type { ArrayState, StartArguments } from './records.ts';
import { type Refused, refused } from './refused.ts';

/** What the state does not know by itself. */
export type AdmissionFacts = {
  /** Blocks that a LUN's file holds, in bytes. */
  allocatedBytes(lunID: string): number;
  /** Whether the file system clones files at once. */
  readonly isReflinkAvailable: boolean;
};

/** The first thing that is wrong with a request, or undefined when it may be accepted. Changes nothing. */
export function admissionFault(state: ArrayState, request: StartArguments, facts: AdmissionFacts): Refused | undefined {
  const checks = [
    () => staleFault(state, request),
    () => busyFault(state, request),
    () => publishedTargetFault(state, request),
    () => inconsistentSourceFault(state, request),
    () => publishedSourceFault(state, request, facts),
    () => sameLunFault(request),
    () => unknownLunFault(state, request),
    () => identifiersFault(state, request),
    () => unselectedVolumeFault(state, request),
    () => diskSignatureFault(state, request),
    () => safetySnapshotFault(state, request),
    () => storageFault(state, roomNeeded(state, request, facts), facts),
  ];
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

function staleFault(state: ArrayState, request: StartArguments): Refused | undefined {
  for (const { targetLunID, ifTargetGeneration } of request.pairs) {
    const generation = state.luns.get(targetLunID)?.generation;
    if (generation !== undefined && generation !== ifTargetGeneration) {
      return refused({
        refusal: 'STALE',
        reason: 'VSS_E_BAD_STATE',
        message: `Target ${targetLunID} has generation ${generation} and not ${ifTargetGeneration}.`,
        remedy: 'Read the LUN again and decide anew.',
        lunID: targetLunID,
      });
    }
  }
  return undefined;
}

function busyFault(state: ArrayState, request: StartArguments): Refused | undefined {
  for (const { sourceLunID, targetLunID } of request.pairs) {
    const uses = [
      { lunID: targetLunID, role: 'Target', other: operationWithTarget(state, targetLunID), otherRole: 'a target' },
      { lunID: targetLunID, role: 'Target', other: operationWithSource(state, targetLunID), otherRole: 'a source' },
      { lunID: sourceLunID, role: 'Source', other: operationWithTarget(state, sourceLunID), otherRole: 'a target' },
    ];
    const use = uses.find(({ other }) => other !== undefined);
    if (use?.other !== undefined) {
      return refused({
        refusal: 'BUSY',
        reason: 'VSS_E_RESYNC_IN_PROGRESS',
        message: `${use.role} ${use.lunID} is ${use.otherRole} of the running operation ${use.other.operationID}.`,
        remedy: 'Wait until that operation has ended, then call again.',
        lunID: use.lunID,
      });
    }
    const growing = [targetLunID, sourceLunID].find((id) => state.luns.get(id)?.growingToBytes !== undefined);
    if (growing !== undefined) {
      return refused({
        refusal: 'BUSY',
        reason: 'VSS_E_VOLUME_IN_USE',
        message: `LUN ${growing} is being expanded.`,
        remedy: 'Wait a moment, then call again.',
        lunID: growing,
      });
    }
  }
  return undefined;
}

function publishedTargetFault(state: ArrayState, request: StartArguments): Refused | undefined {
  for (const { targetLunID } of request.pairs) {
    const nodes = state.luns.get(targetLunID)?.publishedNodes ?? [];
    if (nodes.length > 0) {
      return refused({
        refusal: 'TARGET_PUBLISHED',
        reason: 'VSS_E_VOLUME_IN_USE',
        message: `Target ${targetLunID} is published to ${nodes.slice(0, 4).join(', ')}.`,
        remedy: 'Stop what uses the volume and wait until it is detached, then call again.',
        lunID: targetLunID,
      });
    }
  }
  return undefined;
}

function inconsistentSourceFault(state: ArrayState, request: StartArguments): Refused | undefined {
  const pair = request.pairs.find(({ sourceLunID }) => state.luns.get(sourceLunID)?.state === 'INCONSISTENT');
  if (pair === undefined) {
    return undefined;
  }
  return refused({
    refusal: 'SOURCE_INCONSISTENT',
    reason: 'VSS_E_BAD_STATE',
    message: `Source ${pair.sourceLunID} is INCONSISTENT: an operation on it ended half way.`,
    remedy: 'Repair it with a resync of its own, or choose another source.',
    lunID: pair.sourceLunID,
  });
}

function publishedSourceFault(state: ArrayState, request: StartArguments, facts: AdmissionFacts): Refused | undefined {
  if (facts.isReflinkAvailable) {
    return undefined;
  }
  const pair = request.pairs.find(({ sourceLunID }) => (state.luns.get(sourceLunID)?.publishedNodes.length ?? 0) > 0);
  if (pair === undefined) {
    return undefined;
  }
  return refused({
    refusal: 'SOURCE_PUBLISHED',
    reason: 'VSS_E_VOLUME_IN_USE',
    message: `Source ${pair.sourceLunID} is published and the array cannot pin it: its file system has no reflinks.`,
    remedy: 'Take a snapshot and use that as the source, or detach the volume.',
    lunID: pair.sourceLunID,
  });
}

function sameLunFault(request: StartArguments): Refused | undefined {
  const targets = request.pairs.map((pair) => pair.targetLunID);
  const sources = new Set(request.pairs.map((pair) => pair.sourceLunID));
  const twice = targets.find((id, index) => targets.indexOf(id) !== index);
  const both = targets.find((id) => sources.has(id));
  const lunID = both ?? twice;
  if (lunID === undefined) {
    return undefined;
  }
  return refused({
    refusal: 'SAME_LUN',
    reason: 'E_INVALIDARG',
    message: both === undefined ? `LUN ${lunID} is a target twice.` : `LUN ${lunID} is both a source and a target.`,
    remedy: 'Name each target once, and no LUN as source and target.',
    lunID,
  });
}

function unknownLunFault(state: ArrayState, request: StartArguments): Refused | undefined {
  for (const { sourceLunID, targetLunID } of request.pairs) {
    const missing = [sourceLunID, targetLunID].find((id) => state.luns.get(id)?.isHidden !== false);
    if (missing !== undefined) {
      return refused({
        refusal: 'UNKNOWN_LUN',
        reason: 'VSS_E_OBJECT_NOT_FOUND',
        message: `There is no LUN ${missing}.`,
        remedy: 'Check the id; a deleted LUN does not come back.',
        lunID: missing,
      });
    }
    if (state.luns.get(targetLunID)?.kind === 'SNAPSHOT') {
      return refused({
        refusal: 'UNKNOWN_LUN',
        reason: 'VSS_E_VOLUME_NOT_SUPPORTED',
        message: `Target ${targetLunID} is a snapshot, and snapshots are immutable.`,
        remedy: 'Name a volume as the target.',
        lunID: targetLunID,
      });
    }
  }
  return undefined;
}

function identifiersFault(state: ArrayState, request: StartArguments): Refused | undefined {
  for (const { targetLunID } of request.pairs) {
    const lun = state.luns.get(targetLunID);
    const fault = lun === undefined ? undefined : identifierFault(state, lun);
    if (fault !== undefined) {
      return refused({
        refusal: 'IDENTIFIERS',
        reason: 'VSS_E_VOLUME_NOT_SUPPORTED',
        message:
          fault === 'NONE_COUNTS'
            ? `Target ${targetLunID} has no page 83 identifier of type 1, 2, 3 or 8.`
            : `Target ${targetLunID} shares a page 83 identifier with ${fault.sharedWith}.`,
        remedy: 'Give the LUN a unique identifier.',
        lunID: targetLunID,
      });
    }
  }
  return undefined;
}

function unselectedVolumeFault(state: ArrayState, request: StartArguments): Refused | undefined {
  if (request.overwriteUnselectedVolumes) {
    return undefined;
  }
  for (const { targetLunID, selectedVolumes } of request.pairs) {
    const unselected = state.luns.get(targetLunID)?.volumes.find((name) => !selectedVolumes.includes(name));
    if (unselected !== undefined) {
      return refused({
        refusal: 'UNSELECTED_VOLUME',
        reason: 'VSS_E_UNSELECTED_VOLUME',
        message: `Volume ${unselected} lives on target ${targetLunID} and was not selected.`,
        remedy: 'Select it too, or allow unselected volumes to be overwritten.',
        lunID: targetLunID,
      });
    }
  }
  return undefined;
}
