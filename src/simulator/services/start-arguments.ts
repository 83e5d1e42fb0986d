/**
 * StartOperation's request as the array keeps it.
 */
import {
  IdentityPolicy,
  OperationKind,
  SafetySnapshots,
  SizePolicy,
  type StartOperationRequest,
  Verification,
} from '../../proto/lunarray/v1/lunarray_pb.js';
import type { StartArguments } from '../state/records.ts';
import { checkedEnum, checkedID, checkedList, checkedNumber, checkedText } from './arguments.ts';

/** Owners have 1 to 512 characters. Source: lunarray.proto. */
export const ownerLimits = { min: 1, max: 512 };

/** The checked request. Throws INVALID_ARGUMENT. A policy that is not named has the first value that means something. */
export function startArguments(request: StartOperationRequest): StartArguments {
  return {
    operationID: checkedID('operation_id', request.operationId),
    owner: checkedText('owner', request.owner, ownerLimits),
    kind: checkedEnum('kind', request.kind, {
      RESYNC: OperationKind.RESYNC,
      ROLL_BACK: OperationKind.ROLL_BACK,
    }),
    pairs: checkedList('pairs', request.pairs, { min: 1, max: 64 }).map((pair, index) => ({
      sourceLunID: checkedID(`pairs[${index}].source_lun_id`, pair.sourceLunId),
      targetLunID: checkedID(`pairs[${index}].target_lun_id`, pair.targetLunId),
      ifTargetGeneration: checkedNumber(`pairs[${index}].if_target_generation`, pair.ifTargetGeneration),
      selectedVolumes: checkedList(`pairs[${index}].selected_volumes`, pair.selectedVolumes, { min: 0, max: 256 }).map(
        (name) => checkedText(`pairs[${index}].selected_volumes`, name, { min: 1, max: 256 }),
      ),
    })),
    ...policies(request),
    overwriteUnselectedVolumes: request.overwriteUnselectedVolumes,
    runID: checkedText('run_id', request.runId, { min: 0, max: 128 }),
    pairsDigest: checkedText('pairs_digest', request.pairsDigest, { min: 0, max: 128 }),
    maxBytesPerSecond: checkedNumber('max_bytes_per_second', request.maxBytesPerSecond),
  };
}

function policies(
  request: StartOperationRequest,
): Pick<StartArguments, 'sizePolicy' | 'identityPolicy' | 'verification' | 'safetySnapshots'> {
  return {
    sizePolicy: checkedEnum('size_policy', request.sizePolicy || SizePolicy.MATCH_SOURCE, {
      MATCH_SOURCE: SizePolicy.MATCH_SOURCE,
      KEEP_LARGER: SizePolicy.KEEP_LARGER,
    }),
    identityPolicy: checkedEnum('identity_policy', request.identityPolicy || IdentityPolicy.KEEP_TARGET, {
      KEEP_TARGET: IdentityPolicy.KEEP_TARGET,
      REVERT_TO_ORIGINAL: IdentityPolicy.REVERT_TO_ORIGINAL,
    }),
    verification: checkedEnum('verification', request.verification || Verification.DIGEST, {
      NONE: Verification.NONE,
      DIGEST: Verification.DIGEST,
    }),
    safetySnapshots: checkedEnum('safety_snapshots', request.safetySnapshots || SafetySnapshots.ALWAYS, {
      ALWAYS: SafetySnapshots.ALWAYS,
      NEVER: SafetySnapshots.NEVER,
    }),
  };
}
