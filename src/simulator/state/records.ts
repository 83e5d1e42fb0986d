/**
 * What the simulated array remembers: the rows of its store, and the whole state as one immutable value.
 */

export type LunKind = 'VOLUME' | 'SNAPSHOT';
export type LunState = 'ONLINE' | 'RESYNCING' | 'INCONSISTENT';
export type OperationKind = 'RESYNC' | 'ROLL_BACK';
export type Step = 'ACCEPTED' | 'SNAPSHOTTING' | 'RESIZING' | 'COPYING' | 'VERIFYING';
export type FinalOutcome = 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'INTERRUPTED' | 'ROLLED_BACK';
export type Outcome = 'RUNNING' | FinalOutcome;

/** A page 83 designator; `value` is hexadecimal. */
export type Identifier = { readonly codeSet: number; readonly type: number; readonly value: string };

/** Why an operation ended without success. */
export type OperationError = {
  /** The HRESULT's name. */
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
  readonly lunID: string;
};

/** What became of the newest operation of one owner on one LUN. */
export type RunRecord = {
  readonly owner: string;
  readonly runID: string;
  readonly pairsDigest: string;
  readonly operationID: string;
  readonly kind: OperationKind;
  readonly outcome: Outcome;
  readonly error: OperationError | null;
  readonly sourceLunID: string;
  readonly intentGeneration: number;
  readonly endGeneration: number;
  readonly sourceDigest: string;
  readonly targetDigest: string;
  readonly safetySnapshotID: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly originalSizeBytes: number;
};

/** What a CSI call asked for when it made a LUN: the same call again finds the LUN by it. */
export type CsiOrigin = {
  readonly name: string;
  /** The LUN whose content a volume began with. It may be gone. */
  readonly contentSource: { readonly kind: LunKind; readonly lunID: string } | null;
};

/** How a node may use a LUN that is published to it. */
export type Publication = {
  /** The name of CSI's access mode. */
  readonly accessMode: string;
  readonly isReadonly: boolean;
};

/** A LUN. Times are milliseconds since 1970. */
export type LunRecord = {
  readonly id: string;
  readonly kind: LunKind;
  /** A pin: the frozen image of a volume source, which only its operation knows. */
  readonly isHidden: boolean;
  readonly identifiers: readonly Identifier[];
  readonly sizeBytes: number;
  readonly generation: number;
  readonly contentGeneration: number;
  readonly state: LunState;
  readonly publishedNodes: readonly string[];
  readonly diskSignature: string;
  readonly parentLunID: string;
  readonly parentDiskSignature: string;
  readonly createTime: number;
  readonly volumes: readonly string[];
  readonly runs: readonly RunRecord[];
  readonly pool: string;
  readonly safetyOwner: string;
  /** Whether a host has written through the array since the content generation was last raised by something else. */
  readonly hasHostWrites: boolean;
  /** Of a volume: the number that blocks written now are marked with. Grows with every snapshot and every resync. */
  readonly epoch: number;
  /** Of a volume: before this epoch, a node may have written behind the array's back. */
  readonly trackedSinceEpoch: number;
  /** Of a snapshot: its parent differs from it only in blocks marked with a greater epoch. */
  readonly parentEpoch: number;
  /** Of a snapshot: bytes that it shares with its parent and which the pool does not count twice. */
  readonly sharedBytes: number;
  /** Absent where CSI did not make the LUN. */
  readonly csi?: CsiOrigin | undefined;
  /** By node, as CSI published the LUN; a node that the administration published it to has none. */
  readonly publications?: Readonly<Record<string, Publication>> | undefined;
  /** The size that a volume is about to get; absent while its file and this record agree. */
  readonly growingToBytes?: number | undefined;
};

/** One source and one target of an operation. */
export type PairRecord = {
  readonly sourceLunID: string;
  readonly targetLunID: string;
  /** The hidden snapshot that is copied in place of a volume source; empty: the source itself is copied. */
  readonly pinLunID: string;
  readonly intentGeneration: number;
  readonly acceptedGeneration: number;
  readonly endGeneration: number;
  readonly copiedBytes: number;
  readonly totalBytes: number;
  readonly writtenBytes: number;
  readonly sourceDigest: string;
  readonly targetDigest: string;
  readonly safetySnapshotID: string;
  readonly targetSizeBeforeBytes: number;
  readonly targetSizeAfterBytes: number;
  /** Whether the target may have been changed already. Durable before the first block is written. */
  readonly isTouched: boolean;
  readonly stateBefore: LunState;
};

/** The arguments of StartOperation, which a repeated call must equal. */
export type StartArguments = {
  readonly operationID: string;
  readonly owner: string;
  readonly kind: OperationKind;
  readonly pairs: readonly {
    readonly sourceLunID: string;
    readonly targetLunID: string;
    readonly ifTargetGeneration: number;
    readonly selectedVolumes: readonly string[];
  }[];
  readonly sizePolicy: 'MATCH_SOURCE' | 'KEEP_LARGER';
  readonly identityPolicy: 'KEEP_TARGET' | 'REVERT_TO_ORIGINAL';
  readonly verification: 'NONE' | 'DIGEST';
  readonly safetySnapshots: 'ALWAYS' | 'NEVER';
  readonly overwriteUnselectedVolumes: boolean;
  readonly runID: string;
  readonly pairsDigest: string;
  readonly maxBytesPerSecond: number;
};

/** An operation, from its acceptance until it is released. */
export type OperationRecord = {
  readonly operationID: string;
  readonly owner: string;
  readonly kind: OperationKind;
  readonly arguments: StartArguments;
  readonly step: Step;
  readonly outcome: Outcome;
  readonly error: OperationError | null;
  readonly pairs: readonly PairRecord[];
  readonly heartbeat: number;
  readonly startTime: number;
  readonly endTime: number;
  readonly isCancelRequested: boolean;
  readonly isReleased: boolean;
  /** What acceptance set aside in the pools, so that two operations do not count on the same room. */
  readonly reservedBytes: Readonly<Record<string, number>>;
};

export type PoolRecord = { readonly name: string; readonly capacityBytes: number };

/** Everything, at one instant. Never changed: a transition gives Changes, and applying them gives the next state. */
export type ArrayState = {
  readonly arrayID: string;
  /** The last generation that was given out. Outlives deleted LUNs. */
  readonly generation: number;
  /** The last number that an id was made of. */
  readonly serial: number;
  readonly luns: ReadonlyMap<string, LunRecord>;
  readonly operations: ReadonlyMap<string, OperationRecord>;
  readonly pools: ReadonlyMap<string, PoolRecord>;
  /** Ids of deleted LUNs, which never come back. */
  readonly retiredIDs: ReadonlySet<string>;
};
