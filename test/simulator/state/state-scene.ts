/**
 * States of an array for tests of the pure state machine: built through its own transitions.
 */
import { type AcceptFacts, type AcceptResult, acceptOperation } from '../../../src/simulator/state/accept.ts';
import { applyChanges, type Transition } from '../../../src/simulator/state/draft.ts';
import { createPool, createSnapshot, createVolume, type NewVolume } from '../../../src/simulator/state/luns.ts';
import type { ArrayState, LunRecord, OperationRecord, StartArguments } from '../../../src/simulator/state/records.ts';
import { isRefused } from '../../../src/simulator/state/refused.ts';

export const gib = 1024 ** 3;

const empty: ArrayState = {
  arrayID: '00000000-0000-4000-8000-000000000000',
  generation: 0,
  serial: 0,
  luns: new Map(),
  operations: new Map(),
  pools: new Map(),
  retiredIDs: new Set(),
};

/** A state that is replaced by what transitions make of it. */
export class Scene {
  state: ArrayState = empty;

  constructor() {
    this.apply((state) => createPool(state, { name: 'pool', capacityBytes: 1000 * gib }));
  }

  /** Applies a transition and returns its result. */
  apply<R>(transition: (state: ArrayState) => Transition<R>): R {
    const { changes, result } = transition(this.state);
    this.state = applyChanges(this.state, changes);
    return result;
  }

  volume(id: string, change: Partial<NewVolume> = {}): LunRecord {
    const volume = { id, pool: 'pool', sizeBytes: gib, identifiers: null, diskSignature: '', volumes: [], now: 1 };
    return accepted(this.apply((state) => createVolume(state, { ...volume, ...change })));
  }

  snapshot(id: string, parentLunID: string): LunRecord {
    return accepted(this.apply((state) => createSnapshot(state, { id, parentLunID, sharedBytes: 0, now: 1 })));
  }

  lun(id: string): LunRecord {
    const lun = this.state.luns.get(id);
    if (lun === undefined) {
      throw new Error(`There is no LUN ${id}.`);
    }
    return lun;
  }

  operation(id: string): OperationRecord {
    const operation = this.state.operations.get(id);
    if (operation === undefined) {
      throw new Error(`There is no operation ${id}.`);
    }
    return operation;
  }

  /** A request with the generations that the targets have now. */
  request(pairs: readonly (readonly [string, string])[], change: Partial<StartArguments> = {}): StartArguments {
    return {
      operationID: 'op',
      owner: 'owner',
      kind: 'RESYNC',
      pairs: pairs.map(([sourceLunID, targetLunID]) => ({
        sourceLunID,
        targetLunID,
        ifTargetGeneration: this.state.luns.get(targetLunID)?.generation ?? 0,
        selectedVolumes: [],
      })),
      sizePolicy: 'MATCH_SOURCE',
      identityPolicy: 'KEEP_TARGET',
      verification: 'DIGEST',
      safetySnapshots: 'ALWAYS',
      overwriteUnselectedVolumes: false,
      runID: '',
      pairsDigest: '',
      maxBytesPerSecond: 0,
      ...change,
    };
  }

  start(request: StartArguments, change: Partial<AcceptFacts> = {}): AcceptResult {
    return this.apply((state) => acceptOperation(state, request, { ...facts, ...change }));
  }
}

/** What acceptance is told when a test says nothing else. */
export const facts: AcceptFacts = {
  now: 2,
  pins: new Map(),
  allocatedBytes: () => 0,
  isReflinkAvailable: false,
};

/** The refusal's name, or what else was the result. */
export function refusalOf(result: AcceptResult): string {
  return isRefused(result) ? (result.refusal ?? result.code) : result.kind;
}

/** A result that is no refusal. */
export function accepted<T>(result: T): Exclude<T, { kind: 'refused' }> {
  if (isRefused(result)) {
    throw new Error(`Refused: ${result.message}`);
  }
  return result as Exclude<T, { kind: 'refused' }>;
}
