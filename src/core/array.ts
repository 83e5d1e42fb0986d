/**
 * What the array says, as values: LUNs, the runs they remember, operations.
 * The names are those of proto/lunarray/v1; sizes and counts are bytes, generations are below 2^53.
 */

export type LunState = 'Online' | 'Resyncing' | 'Inconsistent' | 'Unrecognized';
export type OperationKind = 'Resync' | 'RollBack';
export type Step = 'Accepted' | 'Snapshotting' | 'Resizing' | 'Copying' | 'Verifying';
export type Outcome = 'Running' | 'Succeeded' | 'Failed' | 'Cancelled' | 'Interrupted' | 'RolledBack' | 'Unrecognized';
export type Capability = 'Resync' | 'Resize' | 'RollBack' | 'Verify' | 'RevertIdentity';

/** SCSI page 83: `type` 1, 2, 3 and 8 count as unique; others are tolerated. `value` is lower-case hexadecimal. */
export type Identifier = { readonly codeSet: number; readonly type: number; readonly value: string };

/** Why the array failed or refused: `reason` is the HRESULT's name, `remedy` is empty when the array gave none. */
export type ArrayError = {
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
  readonly lunID: string;
};

/** What became of the newest operation that one owner had on a LUN as a target. It outlives the operation's record. */
export type Run = {
  readonly owner: string;
  readonly runID: string;
  readonly pairsDigest: string;
  readonly operationID: string;
  readonly kind: OperationKind;
  readonly outcome: Outcome;
  readonly error?: ArrayError;
  readonly sourceLunID: string;
  readonly intentGeneration: number;
  /** 0 while it runs. */
  readonly endGeneration: number;
  /** Empty when nothing was verified. */
  readonly sourceDigest: string;
  readonly targetDigest: string;
  /** Empty when none was taken; the snapshot may have been deleted since. */
  readonly safetySnapshotID: string;
  readonly originalSizeBytes: number;
};

export type Lun = {
  readonly id: string;
  readonly kind: 'Volume' | 'Snapshot';
  readonly identifiers: readonly Identifier[];
  readonly sizeBytes: number;
  /** The fence: compared by the array at acceptance. */
  readonly generation: number;
  /** The generation at which the content last may have changed. */
  readonly contentGeneration: number;
  readonly state: LunState;
  readonly publishedNodes: readonly string[];
  readonly parentLunID: string;
  readonly volumes: readonly string[];
  readonly runs: readonly Run[];
  /** Of a safety snapshot, the owner whose run it belongs to; empty otherwise. */
  readonly safetyOwner: string;
  /** Bytes that its blocks take from the pool, as the array counts those that it shares. A measure: nothing is decided on it. */
  readonly allocatedBytes: number;
};

export type OperationPair = {
  readonly sourceLunID: string;
  readonly targetLunID: string;
  readonly copiedBytes: number;
  readonly totalBytes: number;
  readonly safetySnapshotID: string;
};

export type Operation = {
  readonly operationID: string;
  readonly owner: string;
  readonly kind: OperationKind;
  readonly step: Step;
  readonly outcome: Outcome;
  readonly pairs: readonly OperationPair[];
  readonly heartbeat: number;
};

export type ArrayIdentity = {
  readonly arrayID: string;
  readonly vendor: string;
  readonly product: string;
  readonly contractVersion: number;
  readonly capabilities: readonly Capability[];
};

export type PairRequest = {
  readonly sourceLunID: string;
  readonly targetLunID: string;
  readonly ifTargetGeneration: number;
  readonly selectedVolumes: readonly string[];
};

/** The arguments of one StartOperation, all of them, so that repeating it repeats the very same call. */
export type StartRequest = {
  readonly arrayID: string;
  readonly operationID: string;
  readonly owner: string;
  readonly kind: OperationKind;
  readonly pairs: readonly PairRequest[];
  readonly sizePolicy: 'MatchSource' | 'KeepLarger';
  readonly identityPolicy: 'KeepTarget' | 'RevertToOriginal';
  readonly verify: 'Digest' | 'None';
  readonly safetySnapshot: 'Always' | 'Never';
  readonly overwriteUnselectedVolumes: boolean;
  readonly runID: string;
  readonly pairsDigest: string;
  readonly maxBytesPerSecond: number;
};

/** proto enum Refusal, without the prefix. `Unrecognized` is treated as final. */
export type Refusal =
  | 'STALE'
  | 'BUSY'
  | 'TARGET_PUBLISHED'
  | 'SOURCE_INCONSISTENT'
  | 'SOURCE_PUBLISHED'
  | 'SAME_LUN'
  | 'UNKNOWN_LUN'
  | 'IDENTIFIERS'
  | 'UNSELECTED_VOLUME'
  | 'DISK_SIGNATURE'
  | 'SAFETY_SNAPSHOT'
  | 'STORAGE'
  | 'ARRAY'
  | 'Unrecognized';

/** The call may have happened: nothing is known. `Unauthenticated` is a call that the array would not hear. */
export type NotKnown = {
  readonly kind: 'NotKnown';
  readonly cause: 'Unreachable' | 'Unauthenticated';
  readonly message: string;
};

/** What StartOperation said. `Refused` is definite; it does not kill the operation id. */
export type StartAnswer =
  | { readonly kind: 'Accepted'; readonly operation: Operation }
  | { readonly kind: 'Refused'; readonly refusal: Refusal; readonly error: ArrayError }
  | { readonly kind: 'Malformed'; readonly message: string }
  | NotKnown;

/** What CancelOperation said. Only `Ended` and `Dead` prove that the operation writes no more. */
export type CancelAnswer =
  | { readonly kind: 'Stopping' }
  | { readonly kind: 'Ended'; readonly outcome: Outcome }
  | { readonly kind: 'Dead' }
  | { readonly kind: 'Refused'; readonly error: ArrayError }
  | NotKnown;

/** What ReleaseOperation and DeleteSafetySnapshots said. */
export type DoneAnswer =
  | { readonly kind: 'Done' }
  | { readonly kind: 'Refused'; readonly error: ArrayError }
  | NotKnown;

/**
 * Page 83 types that identify a LUN: T10 vendor id, EUI-64, NAA, SCSI name string.
 * Source: VSS, "Required behaviors".
 */
const UNIQUE_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 8]);

/** The LUN's first unique page 83 identifier as `<type>:<value>`, cut to 64 characters; undefined when it has none. */
export function uniqueIdentifier(lun: Lun): string | undefined {
  const found = lun.identifiers.find((identifier) => UNIQUE_TYPES.has(identifier.type) && identifier.value !== '');
  return found === undefined ? undefined : `${found.type}:${found.value}`.slice(0, 64);
}
