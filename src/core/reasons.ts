/**
 * The one table of reasons: the word that people read in the STATUS column, with the HRESULT that QueryStatus would
 * give, what it means, what to do, and whether a new attempt can help. docs/reference/reasons.md is checked against it.
 */
import type { HresultName } from './hresult.ts';

export type Reason = {
  /** Active: the run goes on. Success and Failure are final. */
  readonly kind: 'Active' | 'Success' | 'Failure';
  readonly hresult: HresultName;
  readonly meaning: string;
  /** One imperative sentence; empty where there is nothing to do. */
  readonly remedy: string;
  /** Whether a failed attempt with this reason is worth another one. */
  readonly retry: boolean;
};

const active = (meaning: string, remedy = ''): Reason => ({
  kind: 'Active',
  hresult: 'VSS_S_ASYNC_PENDING',
  meaning,
  remedy,
  retry: false,
});
const success = (meaning: string): Reason => ({
  kind: 'Success',
  hresult: 'VSS_S_ASYNC_FINISHED',
  meaning,
  remedy: '',
  retry: false,
});
const failure = (hresult: HresultName, meaning: string, remedy: string, retry = false): Reason => ({
  kind: 'Failure',
  hresult,
  meaning,
  remedy,
  retry,
});

export const REASONS = {
  Pending: active('Something that the run needs is not there yet; it is waited for.', 'Create what the message names.'),
  Validating: active('The request is being checked against the array.'),
  WaitingForTarget: active('A LUN is in use or in another run.', 'Stop what the message and status.users name.'),
  Starting: active('The intent is recorded and the operation is being started at the array.'),
  Snapshotting: active('The array takes the safety snapshots of all targets at one point in time.'),
  Resizing: active('The array gives the targets the sizes of their sources.'),
  Copying: active('The array copies the sources over the targets.'),
  Verifying: active('The array reads the targets back and compares digests.'),
  Finishing: active('The operation has ended and its result is being recorded.'),
  Suspended: active('spec.suspend holds the start and new attempts.', 'Set spec.suspend to false.'),
  TargetTooSmall: active(
    'A claim is smaller than its source. Said by condition Stalled; Succeeded says Pending.',
    'Raise the request of the claim to the size in the message, or set spec.claimResize to Raise.',
  ),
  Maintenance: active(
    'The StorageArray is in maintenance, so nothing is started (VSS_E_BAD_STATE to a new caller, as in WinPE).',
    'Set spec.maintenance of the StorageArray to false.',
  ),
  ArrayUnreachable: active(
    'The array gives no answer, so nothing can be known or begun.',
    'Look at the conditions of the StorageArray and at the network between operator and array.',
  ),
  RetryBackoff: active('An attempt failed or was interrupted; a new one starts after the back-off.'),
  Cancelling: active('The attempt is being ended at the array.'),
  RollingBack: active('The safety snapshots are being put back.'),

  Completed: success('Every target has the content of its source.'),
  AlreadyCompleted: success('The run with this runID had been done on all targets before; nothing was done.'),
  Planned: success('All checks passed and the plan is in status.plan; nothing was changed.'),

  Cancelled: failure('VSS_S_ASYNC_CANCELLED', 'The run was cancelled.', 'Create a new LunResync to run it again.'),
  DeadlineExceeded: failure(
    'VSS_E_UNEXPECTED',
    'The run took longer than spec.activeDeadlineSeconds.',
    'Create a new LunResync with a longer deadline.',
  ),
  NoProgress: failure(
    'VSS_E_UNEXPECTED',
    'The array reported no change for spec.stallTimeoutSeconds.',
    'Find out why the array stands still before you run it again.',
  ),
  BackoffLimitExceeded: failure(
    'VSS_E_UNEXPECTED',
    'As many attempts failed as spec.backoffLimit allows.',
    'Remove the cause that the message names and create a new LunResync.',
  ),
  VerificationFailed: failure(
    'VSS_E_UNEXPECTED_PROVIDER_ERROR',
    'What was read back from a target is not what the source holds.',
    'Have the array checked: it does not write what it is told to.',
  ),
  ArrayContractViolation: failure(
    'VSS_E_UNEXPECTED_PROVIDER_ERROR',
    'The array gave an answer that its contract forbids.',
    'Report the message to the vendor of the array.',
  ),
  UnexpectedArrayError: failure(
    'VSS_E_UNEXPECTED_PROVIDER_ERROR',
    'The array failed with a code that is not on its list.',
    'Look the code up in the logs of the array.',
  ),
  TargetChanged: failure(
    'VSS_E_BAD_STATE',
    'Somebody else wrote to a target after an attempt of this run had ended, so the run let go of it.',
    'Check the content of the LUN, then create a new LunResync if it shall be overwritten.',
  ),
  ArrayChanged: failure(
    'VSS_E_BAD_STATE',
    'The StorageArray leads to another array than the one that the run began on.',
    'Point spec.endpoint back at the array, or create a new LunResync.',
  ),
  RunIDConflict: failure(
    'VSS_E_BAD_STATE',
    'Some targets had this runID before, or with other pairs.',
    'Choose a new runID.',
  ),
  AmbiguousArray: failure(
    'VSS_E_BAD_STATE',
    'More than one StorageArray could be meant.',
    'Set spec.arrayName to one of those that the message names.',
  ),
  BadState: failure(
    'VSS_E_BAD_STATE',
    'The array, or a LUN on it, is in a state that does not allow the run.',
    'Bring it into the state that the message names.',
  ),
  TargetLarger: failure(
    'VSS_E_VOLUME_NOT_SUPPORTED',
    'The claim is larger than the source, and a claim cannot shrink.',
    'Set spec.sizePolicy to KeepLarger.',
  ),
  VolumeModeMismatch: failure(
    'VSS_E_VOLUME_NOT_SUPPORTED',
    'Snapshot and claim differ in volume mode or file system type.',
    'Choose a claim of the mode and type that the message names.',
  ),
  NotImplemented: failure(
    'E_NOTIMPL',
    'The request asks for something that is not provided here.',
    'Name the LUNs as the message says, or use an array that has the capability.',
  ),
  InsufficientStorage: failure(
    'VSS_E_INSUFFICIENT_STORAGE',
    'The pool has too little room for the targets and their safety snapshots.',
    'Free or add space in the pool that the message names, then create a new LunResync.',
  ),
  ArrayVeto: failure(
    'VSS_E_PROVIDER_VETO',
    'The array refused for a reason of its own.',
    'Do what the message and the Event say.',
  ),
  ArrayOutOfMemory: failure(
    'E_OUTOFMEMORY',
    'The array ran out of memory or another of its resources.',
    'Reduce the load on the array, then create a new LunResync.',
    true,
  ),
  TargetInUse: failure(
    'VSS_E_VOLUME_IN_USE',
    'A target stayed in use for spec.targetInUseTimeoutSeconds.',
    'Stop what status.users names, then create a new LunResync.',
  ),
  ResyncInProgress: failure(
    'VSS_E_RESYNC_IN_PROGRESS',
    'A LUN stayed in another run for spec.targetInUseTimeoutSeconds.',
    'Wait for the other run, then create a new LunResync.',
  ),
  SourceInUse: failure(
    'VSS_E_VOLUME_IN_USE',
    'A source is in use and the array cannot pin its content at once.',
    'Use a snapshot as the source, or stop what uses the source.',
  ),
  UnselectedVolume: failure(
    'VSS_E_UNSELECTED_VOLUME',
    'Another volume that was not selected lives on a target and would be overwritten.',
    'Set spec.unselectedVolumePolicy to Overwrite if the volumes that the message names may be lost.',
  ),
  VolumeNotSupported: failure(
    'VSS_E_VOLUME_NOT_SUPPORTED',
    'A LUN cannot take part: it has no unique page 83 identifier, or is not of a kind that can be a target.',
    'Choose another LUN.',
  ),
  CannotRevertDiskID: failure(
    'VSS_E_CANNOT_REVERT_DISKID',
    "A target cannot get the disk signature of the source's original.",
    'Remove the LUN that has the signature, or set spec.identityPolicy to KeepTarget.',
  ),
  ObjectNotFound: failure(
    'VSS_E_OBJECT_NOT_FOUND',
    'Something that the spec names did not appear in time.',
    'Create what the message names, then create a new LunResync.',
  ),
  SnapshotNotInSet: failure(
    'VSS_E_SNAPSHOT_NOT_IN_SET',
    'The run named by undoOf has no safety snapshot for this pair.',
    'Name a finished run that has a pair of this name and still has its safety snapshots.',
  ),
  ClaimReplaced: failure(
    'VSS_E_BAD_STATE',
    'The claim that the run named by undoOf overwrote is gone or was made again: its safety snapshot is not of the new one.',
    'Resync the claim from a VolumeSnapshot instead.',
  ),
  AccessDenied: failure(
    'E_ACCESSDENIED',
    'The namespace has no grant for a LUN that the spec names.',
    'Ask the cluster administrator for a grant in spec.lunGrants of the StorageArray.',
  ),
  ArrayTooOld: failure(
    'VSS_E_LEGACY_PROVIDER',
    'The array does not speak this version of the contract, or cannot resync.',
    'Upgrade the software of the array.',
  ),
  InvalidArgument: failure(
    'E_INVALIDARG',
    'The array takes an argument of the request for wrong.',
    'Correct what the message names.',
  ),
} as const satisfies Readonly<Record<string, Reason>>;

export type ReasonName = keyof typeof REASONS;

/** The reason's row; every name has one. */
export function reasonOf(name: ReasonName): Reason {
  return REASONS[name];
}

/** Whether `name` is in the table: status is read back from the API server as plain strings. */
export function isReason(name: string): name is ReasonName {
  return Object.hasOwn(REASONS, name);
}

const BY_HRESULT: ReadonlyMap<string, ReasonName> = new Map(
  Object.entries<ReasonName>({
    E_NOTIMPL: 'NotImplemented',
    E_ACCESSDENIED: 'AccessDenied',
    E_OUTOFMEMORY: 'ArrayOutOfMemory',
    E_INVALIDARG: 'InvalidArgument',
    VSS_E_BAD_STATE: 'BadState',
    VSS_E_PROVIDER_VETO: 'ArrayVeto',
    VSS_E_OBJECT_NOT_FOUND: 'ObjectNotFound',
    VSS_E_VOLUME_NOT_SUPPORTED: 'VolumeNotSupported',
    VSS_E_VOLUME_NOT_SUPPORTED_BY_PROVIDER: 'VolumeNotSupported',
    VSS_E_MAXIMUM_NUMBER_OF_SNAPSHOTS_REACHED: 'InsufficientStorage',
    VSS_E_VOLUME_IN_USE: 'TargetInUse',
    VSS_E_INSUFFICIENT_STORAGE: 'InsufficientStorage',
    VSS_E_UNSELECTED_VOLUME: 'UnselectedVolume',
    VSS_E_SNAPSHOT_NOT_IN_SET: 'SnapshotNotInSet',
    VSS_E_LEGACY_PROVIDER: 'ArrayTooOld',
    VSS_E_CANNOT_REVERT_DISKID: 'CannotRevertDiskID',
    VSS_E_RESYNC_IN_PROGRESS: 'ResyncInProgress',
  }),
);

/**
 * The reason for an HRESULT that the array gave. A code that is not on the closed list becomes UnexpectedArrayError,
 * as VSS translates it to VSS_E_UNEXPECTED_PROVIDER_ERROR. Source: "Error handling in shadow copy providers".
 */
export function reasonForHresult(hresult: string): ReasonName {
  return BY_HRESULT.get(hresult) ?? 'UnexpectedArrayError';
}
