/** What one step of the loop may do: one status write, or one action, or wait. The list of actions is closed. */
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import type { CancelAnswer, DoneAnswer, StartAnswer, StartRequest } from './array.ts';
import type { TargetClaim } from './observation.ts';
import type { ReasonName } from './reasons.ts';

/** Told to people once the write it belongs to has succeeded. */
export type Announcement = {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: 'Start' | 'Finish' | 'Retry' | 'Wait' | 'Cancel' | 'RollBack' | 'Delete';
  readonly note: string;
};

/** Actions at the API server other than a status write. */
export type ObjectAction =
  | { readonly kind: 'AddFinalizer' }
  | { readonly kind: 'RemoveFinalizer'; readonly announcements: readonly Announcement[] }
  | { readonly kind: 'DeleteObject' }
  | { readonly kind: 'RaiseClaim'; readonly claim: TargetClaim; readonly requestBytes: number };

/** Actions at the array. Each names its operation or owner, and may be repeated. */
export type ArrayAction =
  | { readonly kind: 'Start'; readonly request: StartRequest }
  | {
      readonly kind: 'Cancel';
      readonly arrayID: string;
      readonly operationID: string;
      readonly targetLunIDs: readonly string[];
    }
  | { readonly kind: 'Release'; readonly arrayID: string; readonly operationID: string }
  | { readonly kind: 'DeleteSafetySnapshots'; readonly arrayID: string };

export type Action = ObjectAction | ArrayAction;

/** The array's answer to an action of the same name. */
export type Answer =
  | { readonly to: 'Start'; readonly answer: StartAnswer }
  | { readonly to: 'Cancel'; readonly answer: CancelAnswer }
  | { readonly to: 'Release'; readonly answer: DoneAnswer }
  | { readonly to: 'DeleteSafetySnapshots'; readonly answer: DoneAnswer };

/**
 * Record: write this status (uid and resourceVersion of what was observed), then decide again after `lookAgainInMs`.
 * Act: perform the action; an array action's answer goes to `conclude`, after an object action decide again.
 * Wait: nothing to do before the object or the array changes, at the latest after `lookAgainInMs`; `undefined` never.
 */
export type Decision =
  | {
      readonly kind: 'Record';
      readonly status: LunResyncStatus;
      readonly announcements: readonly Announcement[];
      readonly lookAgainInMs: number | undefined;
      /** Set on the write that ends the run. */
      readonly ended?: ReasonName;
    }
  | { readonly kind: 'Act'; readonly action: Action }
  | { readonly kind: 'Wait'; readonly lookAgainInMs: number | undefined };
