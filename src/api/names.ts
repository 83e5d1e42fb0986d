// The names that users, manifests and other programs know LunResync by. They are promises and do not change.

/** API group of every kind. */
export const GROUP = 'lunresync.io';

/** The one served and stored version. */
export const VERSION = 'v1alpha1';

/** `apiVersion` of every object. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Kind of a resync request. Namespaced. */
export const LUN_RESYNC_KIND = 'LunResync';

/** Resource name of LunResync in API paths. */
export const LUN_RESYNC_PLURAL = 'lunresyncs';

/** Kind of an array that runs resyncs. Cluster-scoped. */
export const STORAGE_ARRAY_KIND = 'StorageArray';

/** Resource name of StorageArray in API paths. */
export const STORAGE_ARRAY_PLURAL = 'storagearrays';

/** On a LunResync before its first call to an array, and on a StorageArray that is in use. */
export const FINALIZER = 'lunresync.io/lunresync';

/** Condition types of a LunResync. All are written together, from the first visit on. */
export const CONDITION_TYPES = [
  'Succeeded',
  'Ready',
  'Reconciling',
  'Stalled',
  'UndoAvailable',
  'TargetConsistent',
] as const;

/** Condition type of a StorageArray: reached, contract version understood, identity unchanged. */
export const STORAGE_ARRAY_READY = 'Ready';
