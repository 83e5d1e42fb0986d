/**
 * The array's records as messages of lunarray.v1.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  LunKind,
  type LunSchema,
  LunState,
  type OperationErrorSchema,
  OperationKind,
  type OperationPairSchema,
  type OperationSchema,
  Outcome,
  type RunSchema,
  Step,
} from '../../proto/lunarray/v1/lunarray_pb.js';
import type { LunRecord, OperationError, OperationRecord, PairRecord, RunRecord } from '../state/records.ts';

/** Which runs an answer holds. */
export type RunFilter = (run: RunRecord) => boolean;

/** A LUN with the runs that pass the filter. */
export function lunMessage(
  lun: LunRecord,
  allocatedBytes: number,
  filter: RunFilter,
): MessageInitShape<typeof LunSchema> {
  return {
    id: lun.id,
    kind: LunKind[lun.kind],
    identifiers: lun.identifiers.map(({ codeSet, type, value }) => ({
      codeSet,
      type,
      value: Buffer.from(value, 'hex'),
    })),
    sizeBytes: BigInt(lun.sizeBytes),
    generation: BigInt(lun.generation),
    contentGeneration: BigInt(lun.contentGeneration),
    state: LunState[lun.state],
    publishedNodes: [...lun.publishedNodes],
    diskSignature: lun.diskSignature,
    parentLunId: lun.parentLunID,
    parentDiskSignature: lun.parentDiskSignature,
    createTime: timestampFromMs(lun.createTime),
    volumes: lun.volumes.map((name) => ({ name })),
    runs: lun.runs.filter(filter).map(runMessage),
    pool: lun.pool,
    allocatedBytes: BigInt(allocatedBytes),
    safetyOwner: lun.safetyOwner,
  };
}

function runMessage(run: RunRecord): MessageInitShape<typeof RunSchema> {
  return {
    owner: run.owner,
    runId: run.runID,
    pairsDigest: run.pairsDigest,
    operationId: run.operationID,
    kind: OperationKind[run.kind],
    outcome: Outcome[run.outcome],
    ...errorField(run.error),
    sourceLunId: run.sourceLunID,
    intentGeneration: BigInt(run.intentGeneration),
    endGeneration: BigInt(run.endGeneration),
    sourceDigest: run.sourceDigest,
    targetDigest: run.targetDigest,
    safetySnapshotId: run.safetySnapshotID,
    startTime: timestampFromMs(run.startTime),
    ...endField(run.endTime),
    originalSizeBytes: BigInt(run.originalSizeBytes),
  };
}

/** An operation. */
export function operationMessage(operation: OperationRecord): MessageInitShape<typeof OperationSchema> {
  return {
    operationId: operation.operationID,
    owner: operation.owner,
    kind: OperationKind[operation.kind],
    step: Step[operation.step],
    outcome: Outcome[operation.outcome],
    ...errorField(operation.error),
    pairs: operation.pairs.map(pairMessage),
    heartbeat: BigInt(operation.heartbeat),
    startTime: timestampFromMs(operation.startTime),
    ...endField(operation.endTime),
  };
}

function pairMessage(pair: PairRecord): MessageInitShape<typeof OperationPairSchema> {
  return {
    sourceLunId: pair.sourceLunID,
    targetLunId: pair.targetLunID,
    intentGeneration: BigInt(pair.intentGeneration),
    acceptedGeneration: BigInt(pair.acceptedGeneration),
    endGeneration: BigInt(pair.endGeneration),
    copiedBytes: BigInt(pair.copiedBytes),
    totalBytes: BigInt(pair.totalBytes),
    writtenBytes: BigInt(pair.writtenBytes),
    sourceDigest: pair.sourceDigest,
    targetDigest: pair.targetDigest,
    safetySnapshotId: pair.safetySnapshotID,
    targetSizeBeforeBytes: BigInt(pair.targetSizeBeforeBytes),
    targetSizeAfterBytes: BigInt(pair.targetSizeAfterBytes),
  };
}

function errorField(error: OperationError | null): { error?: MessageInitShape<typeof OperationErrorSchema> } {
  if (error === null) {
    return {};
  }
  const { reason, message, remedy, lunID } = error;
  return { error: { reason, message: message.slice(0, 512), remedy: remedy.slice(0, 512), lunId: lunID } };
}

function endField(endTime: number): { endTime?: ReturnType<typeof timestampFromMs> } {
  return endTime === 0 ? {} : { endTime: timestampFromMs(endTime) };
}
