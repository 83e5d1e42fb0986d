/** What the loop needs of the world, as promises. The adapters in src/kubernetes and src/array-client keep them. */
import type { LunResync } from '../api/lun-resync.ts';
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import type { StorageArray, StorageArrayStatus } from '../api/storage-array.ts';
import type {
  ArrayIdentity,
  CancelAnswer,
  DoneAnswer,
  Lun,
  NotKnown,
  Operation,
  StartAnswer,
  StartRequest,
} from '../core/array.ts';
import type { Announcement } from '../core/decision.ts';
import type { TargetClaim } from '../core/observation.ts';
import type { ReasonName } from '../core/reasons.ts';
import type { VolumesView } from '../core/volumes.ts';

/**
 * The LunResyncs at the API server. Every write carries uid and resourceVersion of the object that it was decided on
 * and rejects with Superseded when that is not the present one.
 */
export type ResyncStore = {
  /** As last seen: may be old. `key` is `namespace/name`. */
  readonly get: (key: string) => LunResync | undefined;
  readonly list: () => readonly LunResync[];
  /** As it is in etcd now. */
  readonly read: (key: string, signal: AbortSignal) => Promise<LunResync | undefined>;
  readonly writeStatus: (resync: LunResync, status: LunResyncStatus, signal: AbortSignal) => Promise<LunResync>;
  readonly addFinalizer: (resync: LunResync, signal: AbortSignal) => Promise<LunResync>;
  readonly removeFinalizer: (resync: LunResync, signal: AbortSignal) => Promise<void>;
  readonly delete: (resync: LunResync, signal: AbortSignal) => Promise<void>;
};

/** A write was decided on an object that has changed since, or is another one now. Nothing was written. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** The StorageArrays, as last seen, and a client for each. */
export type Arrays = {
  readonly list: () => readonly StorageArray[];
  readonly get: (name: string) => StorageArray | undefined;
  /** The client of that array; `NotKnown` says why there is none (no such Secret, unreadable certificate). */
  readonly client: (array: StorageArray, signal: AbortSignal) => Promise<ArrayClient | NotKnown>;
};

export type LunQuery = { readonly ids: readonly string[]; readonly owners: readonly string[]; readonly runID: string };
export type LunsAnswer = { readonly arrayID: string; readonly luns: ReadonlyMap<string, Lun> };
export type CancelRequest = {
  readonly arrayID: string;
  readonly operationID: string;
  readonly owner: string;
  readonly targetLunIDs: readonly string[];
};

/** One array. No method but the two generators rejects because the array does not answer: that is a fact to decide on. */
export type ArrayClient = {
  readonly identity: (signal: AbortSignal) => Promise<ArrayIdentity | NotKnown>;
  /** All LUNs from one answer of the array; unknown ids are absent. */
  readonly luns: (query: LunQuery, signal: AbortSignal) => Promise<LunsAnswer | NotKnown>;
  readonly operation: (operationID: string, signal: AbortSignal) => Promise<Operation | 'absent' | NotKnown>;
  readonly start: (request: StartRequest, signal: AbortSignal) => Promise<StartAnswer>;
  readonly cancel: (request: CancelRequest, signal: AbortSignal) => Promise<CancelAnswer>;
  readonly release: (arrayID: string, operationID: string, signal: AbortSignal) => Promise<DoneAnswer>;
  readonly deleteSafetySnapshots: (arrayID: string, owner: string, signal: AbortSignal) => Promise<DoneAnswer>;
  readonly operations: (ownerPrefix: string, signal: AbortSignal) => AsyncIterable<Operation>;
  /** First all operations, then each again when its step or outcome changes. */
  readonly watch: (ownerPrefix: string, signal: AbortSignal) => AsyncIterable<Operation>;
};

/** Claims, volumes, snapshots and Pods at the API server. */
export type Volumes = {
  /** As last seen: may be old. */
  readonly view: VolumesView;
  /** The same with these claims and their volumes as they are in etcd now. */
  readonly fresh: (namespace: string, claims: readonly string[], signal: AbortSignal) => Promise<VolumesView>;
  /** Sets the claim's request. Rejects with Superseded when the claim has changed since. */
  readonly raiseClaim: (
    namespace: string,
    claim: TargetClaim,
    requestBytes: number,
    signal: AbortSignal,
  ) => Promise<void>;
};

/** Tells people; never fails and never waits. */
export type Announcer = (resync: LunResync, announcement: Announcement) => void;

/** `now` is wall-clock milliseconds for times that are written down; `monotonic` measures durations. */
export type LoopClock = { readonly now: () => number; readonly monotonic: () => number };

/** Writes carry uid and resourceVersion and reject when the object has changed. */
export type StorageArrayStore = {
  readonly get: (name: string) => StorageArray | undefined;
  readonly list: () => readonly StorageArray[];
  readonly writeStatus: (array: StorageArray, status: StorageArrayStatus, signal: AbortSignal) => Promise<void>;
  readonly setFinalizer: (array: StorageArray, held: boolean, signal: AbortSignal) => Promise<void>;
};

/** Certificate material, PEM. */
export type TlsMaterial = { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

/** Reads the Secret of that name in the operator's own namespace; resolves to one sentence when that cannot be. */
export type ReadTlsSecret = (name: string, signal: AbortSignal) => Promise<TlsMaterial | string>;

/** Told what happens, for logs and metrics. None may throw. */
export type Report = {
  readonly onAction: (resync: LunResync, action: string, answer: string) => void;
  readonly onEnded: (resync: LunResync, reason: ReasonName) => void;
  readonly onProgress: (resync: LunResync, bytes: number) => void;
  readonly onArrayAnswer: (arrayName: string, answered: boolean) => void;
};

/** The same of the controller as a whole. */
export type ControllerReport = {
  readonly onReconciled: (reconciled: Reconciled) => void;
  readonly onArrayTaskFailed: (array: string, task: ArrayTask, error: unknown) => void;
  /** The safety snapshots that LunResyncs keep on an array; undefined when nothing is known of them. */
  readonly onSnapshotUsage: (array: string, usage: SnapshotUsage | undefined) => void;
};

/** What is done for each array beside the runs. */
export type ArrayTask = 'watch' | 'sweep' | 'measure';

/** How many safety snapshots there are, and the bytes that the array says they take from its pools. */
export type SnapshotUsage = { readonly count: number; readonly allocatedBytes: number };

/** One reconcile. `again`: it asked to be looked at later. */
export type Reconciled = {
  readonly controller: 'lunresync' | 'storagearray';
  readonly key: string;
  readonly outcome: 'done' | 'again' | 'error';
  readonly seconds: number;
  readonly error?: unknown;
};

/** Told what the sweep did about an operation that no object declares, and what the array answered. */
export type SweepReport = (operation: Operation, action: 'Cancel' | 'Release', answer: string) => void;
