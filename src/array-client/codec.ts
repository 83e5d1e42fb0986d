/** Messages of lunarray.v1 to values of src/core and back. Everything is bounded here: an array is another party. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ArrayError,
  ArrayIdentity,
  Capability,
  Lun,
  LunState,
  Operation,
  OperationKind,
  Outcome,
  Refusal,
  Run,
  StartRequest,
  Step,
} from '../core/array.ts';
import * as pb from '../proto/lunarray/v1/lunarray_pb.js';

/** An answer that does not keep to the contract; the message says which part. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

const STATES: Readonly<Record<number, LunState>> = {
  [pb.LunState.ONLINE]: 'Online',
  [pb.LunState.RESYNCING]: 'Resyncing',
  [pb.LunState.INCONSISTENT]: 'Inconsistent',
};
const OUTCOMES: Readonly<Record<number, Outcome>> = {
  [pb.Outcome.RUNNING]: 'Running',
  [pb.Outcome.SUCCEEDED]: 'Succeeded',
  [pb.Outcome.FAILED]: 'Failed',
  [pb.Outcome.CANCELLED]: 'Cancelled',
  [pb.Outcome.INTERRUPTED]: 'Interrupted',
  [pb.Outcome.ROLLED_BACK]: 'RolledBack',
};
const STEPS: Readonly<Record<number, Step>> = {
  [pb.Step.SNAPSHOTTING]: 'Snapshotting',
  [pb.Step.RESIZING]: 'Resizing',
  [pb.Step.COPYING]: 'Copying',
  [pb.Step.VERIFYING]: 'Verifying',
};
const CAPABILITIES: Readonly<Record<number, Capability>> = {
  [pb.Capability.RESYNC]: 'Resync',
  [pb.Capability.RESIZE]: 'Resize',
  [pb.Capability.ROLL_BACK]: 'RollBack',
  [pb.Capability.VERIFY]: 'Verify',
  [pb.Capability.REVERT_IDENTITY]: 'RevertIdentity',
};
const REFUSALS: ReadonlySet<string> = new Set<Refusal>([
  'STALE',
  'BUSY',
  'TARGET_PUBLISHED',
  'SOURCE_INCONSISTENT',
  'SOURCE_PUBLISHED',
  'SAME_LUN',
  'UNKNOWN_LUN',
  'IDENTIFIERS',
  'UNSELECTED_VOLUME',
  'DISK_SIGNATURE',
  'SAFETY_SNAPSHOT',
  'STORAGE',
  'ARRAY',
]);

/** At most so many items of a repeated field are read. */
const MAX_ITEMS = 256;

export function identityFrom(message: pb.GetArrayResponse): ArrayIdentity {
  const arrayID = idFrom(message.arrayId, 'array_id');
  if (arrayID === '') throw new MalformedAnswer('the array has an empty array_id');
  return {
    arrayID,
    vendor: textFrom(message.vendor, 64),
    product: textFrom(message.product, 64),
    contractVersion: versionFrom(message.contractVersion),
    capabilities: [...new Set(message.capabilities.slice(0, MAX_ITEMS).flatMap((value) => CAPABILITIES[value] ?? []))],
  };
}

export function lunFrom(message: pb.Lun): Lun {
  return {
    id: idFrom(message.id, 'Lun.id'),
    kind: message.kind === pb.LunKind.SNAPSHOT ? 'Snapshot' : 'Volume',
    identifiers: message.identifiers.slice(0, MAX_ITEMS).map(({ codeSet, type, value }) => ({
      codeSet,
      type,
      value: Buffer.from(value.subarray(0, 256)).toString('hex'),
    })),
    sizeBytes: countFrom(message.sizeBytes, 'Lun.size_bytes'),
    generation: countFrom(message.generation, 'Lun.generation'),
    contentGeneration: countFrom(message.contentGeneration, 'Lun.content_generation'),
    state: STATES[message.state] ?? 'Unrecognized',
    publishedNodes: message.publishedNodes.slice(0, MAX_ITEMS).map((node) => textFrom(node, 253)),
    parentLunID: idFrom(message.parentLunId, 'Lun.parent_lun_id'),
    volumes: message.volumes.slice(0, MAX_ITEMS).map((volume) => textFrom(volume.name, 253)),
    runs: message.runs.slice(-MAX_ITEMS).map(runFrom),
    safetyOwner: nameFrom(message.safetyOwner, 512, 'Lun.safety_owner'),
    allocatedBytes: Number(message.allocatedBytes),
  };
}

function runFrom(message: pb.Run): Run {
  return {
    owner: nameFrom(message.owner, 512, 'Run.owner'),
    runID: nameFrom(message.runId, 128, 'Run.run_id'),
    pairsDigest: nameFrom(message.pairsDigest, 128, 'Run.pairs_digest'),
    operationID: idFrom(message.operationId, 'Run.operation_id'),
    kind: kindFrom(message.kind),
    outcome: OUTCOMES[message.outcome] ?? 'Unrecognized',
    ...(message.error === undefined ? {} : { error: errorFrom(message.error) }),
    sourceLunID: idFrom(message.sourceLunId, 'Run.source_lun_id'),
    intentGeneration: countFrom(message.intentGeneration, 'Run.intent_generation'),
    endGeneration: countFrom(message.endGeneration, 'Run.end_generation'),
    sourceDigest: digestFrom(message.sourceDigest, 'Run.source_digest'),
    targetDigest: digestFrom(message.targetDigest, 'Run.target_digest'),
    safetySnapshotID: idFrom(message.safetySnapshotId, 'Run.safety_snapshot_id'),
    originalSizeBytes: countFrom(message.originalSizeBytes, 'Run.original_size_bytes'),
  };
}

export function operationFrom(message: pb.Operation): Operation {
  return {
    operationID: idFrom(message.operationId, 'Operation.operation_id'),
    owner: nameFrom(message.owner, 512, 'Operation.owner'),
    kind: kindFrom(message.kind),
    step: STEPS[message.step] ?? 'Accepted',
    outcome: OUTCOMES[message.outcome] ?? 'Unrecognized',
    pairs: message.pairs.slice(0, MAX_ITEMS).map((pair) => ({
      sourceLunID: idFrom(pair.sourceLunId, 'OperationPair.source_lun_id'),
      targetLunID: idFrom(pair.targetLunId, 'OperationPair.target_lun_id'),
      copiedBytes: countFrom(pair.copiedBytes, 'OperationPair.copied_bytes'),
      totalBytes: countFrom(pair.totalBytes, 'OperationPair.total_bytes'),
      safetySnapshotID: idFrom(pair.safetySnapshotId, 'OperationPair.safety_snapshot_id'),
    })),
    heartbeat: Number(message.heartbeat % 9_007_199_254_740_991n),
  };
}

function errorFrom(message: pb.OperationError): ArrayError {
  return {
    reason: textFrom(message.reason, 64),
    message: textFrom(message.message, 512),
    remedy: textFrom(message.remedy, 512),
    lunID: textFrom(message.lunId, 128),
  };
}

/** The outcome as an enumeration value. */
export function outcomeFrom(value: pb.Outcome): Outcome {
  return OUTCOMES[value] ?? 'Unrecognized';
}

/** A name that this version does not know is final, as everything that is not understood. */
export function refusalFrom(name: string | undefined): Refusal {
  return name !== undefined && REFUSALS.has(name) ? (name as Refusal) : 'Unrecognized';
}

export function startMessage(request: StartRequest): MessageInitShape<typeof pb.StartOperationRequestSchema> {
  const { verify, sizePolicy, identityPolicy, safetySnapshot } = request;
  return {
    arrayId: request.arrayID,
    operationId: request.operationID,
    owner: request.owner,
    kind: request.kind === 'RollBack' ? pb.OperationKind.ROLL_BACK : pb.OperationKind.RESYNC,
    pairs: request.pairs.map((pair) => ({
      sourceLunId: pair.sourceLunID,
      targetLunId: pair.targetLunID,
      ifTargetGeneration: BigInt(pair.ifTargetGeneration),
      selectedVolumes: [...pair.selectedVolumes],
    })),
    sizePolicy: sizePolicy === 'KeepLarger' ? pb.SizePolicy.KEEP_LARGER : pb.SizePolicy.MATCH_SOURCE,
    identityPolicy:
      identityPolicy === 'RevertToOriginal' ? pb.IdentityPolicy.REVERT_TO_ORIGINAL : pb.IdentityPolicy.KEEP_TARGET,
    verification: verify === 'Digest' ? pb.Verification.DIGEST : pb.Verification.NONE,
    safetySnapshots: safetySnapshot === 'Always' ? pb.SafetySnapshots.ALWAYS : pb.SafetySnapshots.NEVER,
    overwriteUnselectedVolumes: request.overwriteUnselectedVolumes,
    runId: request.runID,
    pairsDigest: request.pairsDigest,
    maxBytesPerSecond: BigInt(request.maxBytesPerSecond),
  };
}

function kindFrom(kind: pb.OperationKind): OperationKind {
  if (kind === pb.OperationKind.RESYNC) return 'Resync';
  if (kind === pb.OperationKind.ROLL_BACK) return 'RollBack';
  throw new MalformedAnswer(`the array reports an operation of unknown kind ${String(kind)}`);
}

function countFrom(value: bigint, field: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new MalformedAnswer(`${field} is ${value}, which is not below 2^53`);
  return Number(value);
}

/** More than 32 bits with a sign is more than a status holds. */
function versionFrom(value: number): number {
  if (value >= 2 ** 31) throw new MalformedAnswer(`contract_version is ${value}, which is no version of the contract`);
  return value;
}

/** Ids are compared and sent back, so a wrong one is refused and not cut. */
function idFrom(value: string, field: string): string {
  if (!/^[A-Za-z0-9._:-]{0,128}$/.test(value))
    throw new MalformedAnswer(`${field} is not an id of at most 128 characters`);
  return value;
}

/** Compared as well, with what others chose: cut, or without its control characters, it could be the name of another. */
function nameFrom(value: string, limit: number, field: string): string {
  if (value.length > limit) throw new MalformedAnswer(`${field} is longer than ${limit} characters`);
  return value;
}

/** The proof of a copy: two that differ must not become equal on the way. */
function digestFrom(value: string, field: string): string {
  if (!/^([0-9a-f]{64})?$/.test(value))
    throw new MalformedAnswer(`${field} is not a SHA-256 in lower-case hexadecimal`);
  return value;
}

/** Text for people, without control characters and halves of one: it goes into objects, Events and logs. */
export function textFrom(value: string, limit: number): string {
  return value
    .slice(0, limit)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, ' ');
}
