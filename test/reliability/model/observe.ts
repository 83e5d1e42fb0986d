/** What an operator of the model sees of an object and of the array. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { ARRAY_ID, viewOf } from './array-view.ts';
import type { State } from './state.ts';

export const NAMESPACE = 'shop';

/** What the model itself plays, and can leave out. */
export type Rules = {
  /** The API server compares uid and resourceVersion of a write. */
  readonly resourceVersion: boolean;
};

export type Model = { readonly rules: Rules };

const NOW = Date.parse('2026-11-24T10:00:00Z');
const SETTINGS = { referenceTimeoutMs: 1e12, progressIntervalMs: 10_000, pollIntervalMs: 1_000 };
const POLICY = {
  maintenance: false,
  abandoned: false,
  lunGrants: [],
  maxConcurrentOperations: 0,
  maxCopyBytesPerSecond: 0,
};

export function ownerOf({ metadata }: LunResync): string {
  return `cluster/${NAMESPACE}/${metadata.name}/${metadata.uid}`;
}

/** One observation: the object, and all of the array at one instant. */
export function observe(state: State, resync: LunResync): Observation {
  const owner = ownerOf(resync);
  const { operationID } = resync.status;
  const { uid } = resync.metadata;
  // Longer than a target is waited for, and longer than a deadline.
  const passedMs = state.late.includes(uid) ? 2e9 : state.late.includes(`waited ${uid}`) ? 1e6 : 0;
  return {
    now: NOW + passedMs,
    resync,
    owner,
    settings: SETTINGS,
    array: { state: 'found', name: 'array-a', arrayID: ARRAY_ID, policy: POLICY },
    pairs: resync.spec.pairs.map(({ name, source, target }) => ({
      name,
      sourceLunID: source.lunID ?? '',
      targetLunID: target?.lunID ?? '',
      sourceNeedsGrant: false,
      targetNeedsGrant: false,
      selectedVolumes: [],
      final: false,
    })),
    view: viewOf(state.array, operationID, owner, resync.spec.runID ?? ''),
    pairsDigest: resync.spec.pairs.map(({ source, target }) => `${source.lunID}>${target?.lunID}`).join(),
    idleMs: 0,
    unreachableMs: 0,
    othersRunning: 0,
  };
}
