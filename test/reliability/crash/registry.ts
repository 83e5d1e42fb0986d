/**
 * The closed list of what the operator and the array do to the world, by the ports through which they do it. A new method
 * of a port does not compile before it is named here, and a name that no story reaches fails the run.
 */
import type { ArrayClient, ResyncStore, StorageArrayStore } from '../../../src/controller/ports.ts';
import type { ArrayStore, LunFiles } from '../../../src/simulator/ports.ts';

type OperatorEffect =
  | Exclude<keyof ResyncStore, 'get' | 'list' | 'read'>
  | `array ${Exclude<keyof StorageArrayStore, 'get' | 'list'>}`
  | Exclude<keyof ArrayClient, 'watch'>;

/** The name that the effect has on the wire. Calls that only read are points too: an operator may die in the middle of one. */
export const OPERATOR_EFFECTS: Readonly<Record<OperatorEffect, string>> = {
  writeStatus: 'patch lunresyncs/status',
  addFinalizer: 'patch lunresyncs',
  removeFinalizer: 'patch lunresyncs',
  delete: 'delete lunresyncs',
  'array writeStatus': 'patch storagearrays/status',
  'array setFinalizer': 'patch storagearrays',
  identity: 'GetArray',
  luns: 'GetLuns',
  operation: 'GetOperation',
  operations: 'ListOperations',
  start: 'StartOperation',
  cancel: 'CancelOperation',
  release: 'ReleaseOperation',
  deleteSafetySnapshots: 'DeleteSafetySnapshots',
};

type ArrayEffect =
  | Exclude<keyof ArrayStore, 'digests' | 'close'>
  | Exclude<
      keyof LunFiles,
      | 'pathOf'
      | 'allocatedBytes'
      | 'fileSizeBytes'
      | 'removeStrayFiles'
      | 'damagedLuns'
      | 'hasReflinks'
      | 'digest'
      | 'open'
      | 'copy'
    >
  | 'copy: block'
  | 'copy: flush';

/** The same for the array: commits of its store, and changes of its files. A copy is its blocks and its flush. */
export const ARRAY_EFFECTS: Readonly<Record<ArrayEffect, string>> = {
  commit: 'commit',
  putDigests: 'digests',
  putFault: 'fault',
  create: 'create',
  clone: 'clone',
  resize: 'resize',
  remove: 'remove',
  'copy: block': 'block',
  'copy: flush': 'flush',
};

const OPERATOR_NAMES: ReadonlySet<string> = new Set(Object.values(OPERATOR_EFFECTS));
const ARRAY_NAMES: ReadonlySet<string> = new Set(Object.values(ARRAY_EFFECTS));

/** Whose effect it is; undefined for what is no point: reads and watches of the API server. */
export function sideOf(name: string): 'operator' | 'array' | undefined {
  if (OPERATOR_NAMES.has(name)) return 'operator';
  return ARRAY_NAMES.has(name) ? 'array' : undefined;
}

/** Names that nobody registered: a write or a call that is new. */
export function isUnregistered(name: string): boolean {
  return sideOf(name) === undefined && !/^(get|list|watch|WatchOperations|host write)\b/.test(name);
}
