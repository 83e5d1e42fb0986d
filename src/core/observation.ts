/** Everything that a decision may depend on, gathered before it is made. Nothing else may: no clock, no memory. */
import type { LunResync } from '../api/lun-resync.ts';
import type { TargetUser } from '../api/lun-resync-status.ts';
import type { LunGrant } from '../api/storage-array.ts';
import type { ArrayIdentity, Lun, Operation } from './array.ts';
import type { Problem } from './problem.ts';
import type { VolumeMode } from './volumes.ts';

export type Observation = {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly resync: LunResync;
  /** `<uid of kube-system>/<namespace>/<name>/<uid>`. */
  readonly owner: string;
  readonly settings: Settings;
  readonly array: ObservedArray;
  /** In the order of spec.pairs. Once an intent was recorded they are the recorded ones. */
  readonly pairs: readonly ResolvedPair[];
  readonly view: View;
  /** SHA-256 over the resolved pairs: what the LUNs' runs are compared with. Empty while a pair is not resolved. */
  readonly pairsDigest: string;
  /** For how long the array has reported no change of step, bytes or heartbeat, as this process saw it. */
  readonly idleMs: number;
  /** For how long the array has given no answer, as this process saw it. 0 when it answers. */
  readonly unreachableMs: number;
  /** Operations of this operator that are under way on the array, without this one. */
  readonly othersRunning: number;
};

export type Settings = {
  /** How long something that the spec names may be missing. */
  readonly referenceTimeoutMs: number;
  /** The least time between two writes of progress. */
  readonly progressIntervalMs: number;
  /** How often a running operation is looked at when no change is pushed. */
  readonly pollIntervalMs: number;
};

/** The StorageArray. `missing`: there is none yet, or more than one could be meant. */
export type ObservedArray =
  | { readonly state: 'missing'; readonly problem: Problem; readonly final: boolean }
  | {
      readonly state: 'found';
      readonly name: string;
      /** The identity that StorageArray.status holds: which array the administrator's object has stood for so far. */
      readonly arrayID: string | undefined;
      readonly policy: ArrayPolicy;
    };

export type ArrayPolicy = {
  readonly maintenance: boolean;
  readonly abandoned: boolean;
  readonly lunGrants: readonly LunGrant[];
  /** 0 means no limit. */
  readonly maxConcurrentOperations: number;
  /** 0 means no limit. */
  readonly maxCopyBytesPerSecond: number;
};

/** One pair as the spec's names lead to LUNs. A pair that leads nowhere (yet) has a problem. */
export type ResolvedPair = {
  readonly name: string;
  readonly sourceLunID: string;
  readonly targetLunID: string;
  /** Whether the source needs a grant: it was named by its id and is not the safety snapshot of an own earlier run. */
  readonly sourceNeedsGrant: boolean;
  readonly targetNeedsGrant: boolean;
  readonly selectedVolumes: readonly string[];
  /** The VolumeSnapshot that was named, and the handle of the volume that it was taken from (empty: not told). */
  readonly snapshot?: { readonly name: string; readonly volumeHandle: string };
  /** The claim whose LUN the target is, however the target was named. */
  readonly claim?: TargetClaim;
  /** The target LUN backs a PersistentVolume whose claim, if it has one, is not in this namespace. */
  readonly isForeign?: boolean;
  /** Other claims of this namespace on the target LUN. */
  readonly otherClaims?: readonly string[];
  /** Names of the namespace's snapshots of the target that were taken after the source was; told in a plan only. */
  readonly newerSnapshots?: readonly string[];
  /** Of the volume that the source snapshot was taken from, where it is known. */
  readonly sourceMode?: VolumeMode;
  readonly sourceFsType?: string;
  /** Who holds the target, as Kubernetes knows it; the array knows the nodes. */
  readonly users?: readonly TargetUser[];
  /** Of a recorded pair: why its names lead to these LUNs no more. It stands against another acceptance only. */
  readonly changed?: { readonly problem: Problem; readonly final: boolean };
  readonly problem?: Problem;
  /** Whether waiting cannot help against the problem. */
  readonly final: boolean;
};

/** The claim of a target. */
export type TargetClaim = {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly mode: VolumeMode;
  readonly fsType: string;
  readonly requestBytes: number;
  /** What its users have: less than its volume until a node has grown the file system. 0: not told. */
  readonly capacityBytes: number;
};

/**
 * The array's answer. `unread`: it was asked and nothing is known; `unresolved`: there was nothing to ask yet.
 * All LUNs come from one GetLuns answer. `operation` was read before them: where the two differ, the LUNs are newer.
 */
export type View =
  | { readonly state: 'unresolved' }
  | { readonly state: 'unread'; readonly cause: 'Unreachable' | 'Unauthenticated'; readonly message: string }
  | {
      readonly state: 'read';
      readonly identity: ArrayIdentity;
      readonly luns: ReadonlyMap<string, Lun>;
      /** Absent when the array has no record of status.operationID. */
      readonly operation?: Operation;
    };

export type ReadView = Extract<View, { state: 'read' }>;

/** The version of the array contract that this operator speaks. */
export const CONTRACT_VERSION = 1;

/** The StorageArray's name, also when the object itself is gone. */
export function arrayName(o: Observation): string {
  return o.array.state === 'found' ? o.array.name : (o.resync.status.arrayName ?? '');
}

/** What the administrator's object says; undefined when there is none. */
export function policyOf(o: Observation): ArrayPolicy | undefined {
  return o.array.state === 'found' ? o.array.policy : undefined;
}

/** For rules that stand behind the check that the array answers; throws when it did not. */
export function readView(o: Observation): ReadView {
  if (o.view.state !== 'read') throw new Error(`the LUNs of ${o.owner} were used before they were read`);
  return o.view;
}

/** Whether an intent was ever recorded: from then on the recorded pairs and array are what the run is about. */
export function isAttempted({ resync: { status } }: Observation): boolean {
  return (status.attempt ?? 0) > 0 || status.operationID !== undefined;
}
