// Whatever an array may say, in a view and in its answers.
import fc from 'fast-check';
import type { ArrayError, Lun, Operation, Refusal, Run } from '../../src/core/array.ts';
import type { Answer } from '../../src/core/decision.ts';
import type { View } from '../../src/core/observation.ts';
import { bytes, digest, generation, LUNS, lunID, OUTCOMES, operationID, TARGETS, words } from './arbitrary-values.ts';
import { ARRAY_ID, DIGEST, OWNER } from './observations.ts';

const arrayError: fc.Arbitrary<ArrayError> = fc.record({
  reason: fc.constantFrom('VSS_E_PROVIDER_VETO', 'E_OUTOFMEMORY', 'VSS_E_BAD_STATE', 'S_OK', 'E_ACCESSDENIED', '', 'X'),
  message: words,
  remedy: words,
  lunID: fc.constantFrom('', ...LUNS),
});

const run: fc.Arbitrary<Run> = fc
  .record({
    owner: fc.constantFrom(OWNER, OWNER, OWNER, 'cluster/shop/other/2', 'cluster/else/restore/3'),
    runID: fc.constantFrom('', 'nightly'),
    pairsDigest: fc.constantFrom(DIGEST, DIGEST, 'other'),
    operationID: fc.oneof({ weight: 19, arbitrary: operationID }, fc.constant('')),
    kind: fc.constantFrom('Resync' as const, 'Resync' as const, 'RollBack' as const),
    outcome: fc.constantFrom(...OUTCOMES),
    error: fc.option(arrayError, { nil: undefined }),
    sourceLunID: lunID,
    intentGeneration: generation,
    endGeneration: generation,
    sourceDigest: digest,
    targetDigest: digest,
    safetySnapshotID: fc.constantFrom('', 'safe-1', 'safe-2'),
    originalSizeBytes: bytes,
  })
  .map(({ error, ...rest }) => (error === undefined ? rest : { ...rest, error }));

const lun = (id: string): fc.Arbitrary<Lun> =>
  fc.record({
    id: fc.constant(id),
    kind: fc.constantFrom('Volume', 'Volume', 'Volume', 'Volume', 'Snapshot'),
    identifiers: fc.constantFrom([], [{ codeSet: 1, type: 3, value: `60${id}` }]),
    sizeBytes: bytes,
    generation,
    contentGeneration: generation,
    state: fc.constantFrom('Online', 'Online', 'Online', 'Resyncing', 'Inconsistent', 'Inconsistent', 'Unrecognized'),
    publishedNodes: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(words, { maxLength: 20 })),
    parentLunID: fc.constantFrom('', ...TARGETS),
    volumes: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(words, { maxLength: 3 })),
    runs: fc.array(run, { maxLength: 3 }),
    safetyOwner: fc.constantFrom('', OWNER),
    allocatedBytes: bytes,
  });

const operation: fc.Arbitrary<Operation> = fc.record({
  operationID,
  owner: fc.constantFrom(OWNER, 'other'),
  kind: fc.constantFrom('Resync', 'RollBack'),
  step: fc.constantFrom('Accepted', 'Snapshotting', 'Resizing', 'Copying', 'Verifying'),
  outcome: fc.constantFrom(...OUTCOMES),
  pairs: fc.array(
    fc.record({
      sourceLunID: lunID,
      targetLunID: lunID,
      copiedBytes: bytes,
      totalBytes: bytes,
      safetySnapshotID: fc.constantFrom('', 'safe-1'),
    }),
    { maxLength: 3 },
  ),
  heartbeat: fc.nat(),
});

/** As an array writes them: the same operation on both targets, and nobody there since. */
function withRuns(item: Lun, runs: readonly Run[]): Lun {
  const [last] = runs;
  const sourceLunID = item.id.replace('vol', 'snap');
  return {
    ...item,
    state: last === undefined && item.state === 'Resyncing' ? 'Online' : item.state,
    identifiers: [{ codeSet: 1, type: 3, value: `60${item.id}` }],
    publishedNodes: [],
    volumes: [],
    contentGeneration: last?.endGeneration ?? item.contentGeneration,
    runs: runs.map((each) => ({ ...each, sourceLunID })),
  };
}

const ALL = ['Resync', 'Resize', 'RollBack', 'Verify', 'RevertIdentity'] as const;

export const view: fc.Arbitrary<View> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<View>({ state: 'unresolved' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      state: fc.constant('unread' as const),
      cause: fc.constantFrom('Unreachable' as const, 'Unauthenticated' as const),
      message: words,
    }),
  },
  {
    weight: 8,
    arbitrary: fc
      .record({
        identity: fc.record({
          arrayID: fc.constantFrom(...Array<string>(12).fill(ARRAY_ID), 'array-2'),
          vendor: fc.constant('v'),
          product: fc.constant('p'),
          contractVersion: fc.constantFrom(1, 1, 1, 0),
          capabilities: fc.constantFrom(ALL, ALL, ALL, [] as const),
        }),
        luns: fc.tuple(...LUNS.map((id) => fc.option(lun(id), { nil: undefined, freq: 12 }))),
        operation: fc.option(operation, { nil: undefined }),
        shared: fc.option(fc.array(run, { maxLength: 1 }), { nil: undefined }),
      })
      .map(({ identity, luns, operation: record, shared }): View => {
        const known = luns.flatMap((item) => (item === undefined ? [] : [item]));
        const agreed = shared === undefined ? known : known.map((item) => withRuns(item, shared));
        const map = new Map(agreed.map((item) => [item.id, item]));
        return { state: 'read', identity, luns: map, ...(record === undefined ? {} : { operation: record }) };
      }),
  },
);

const REFUSALS: readonly Refusal[] = [
  'STALE',
  'BUSY',
  'TARGET_PUBLISHED',
  'SOURCE_INCONSISTENT',
  'SOURCE_PUBLISHED',
  'SAME_LUN',
  'UNKNOWN_LUN',
  'IDENTIFIERS',
  'UNSELECTED_VOLUME',
  'DISK_SIGNATURE',
  'SAFETY_SNAPSHOT',
  'STORAGE',
  'ARRAY',
  'Unrecognized',
];

const notKnown = fc.record({
  kind: fc.constant('NotKnown' as const),
  cause: fc.constantFrom('Unreachable' as const, 'Unauthenticated' as const),
  message: words,
});
const refusedCall = fc.record({ kind: fc.constant('Refused' as const), error: arrayError });
const done = fc.oneof(fc.constant({ kind: 'Done' as const }), refusedCall, notKnown);

/** Any answer to any action. */
export const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    to: fc.constant('Start' as const),
    answer: fc.oneof(
      fc.record({ kind: fc.constant('Accepted' as const), operation }),
      fc.record({ kind: fc.constant('Refused' as const), refusal: fc.constantFrom(...REFUSALS), error: arrayError }),
      fc.record({ kind: fc.constant('Malformed' as const), message: words }),
      notKnown,
    ),
  }),
  fc.record({
    to: fc.constant('Cancel' as const),
    answer: fc.oneof(
      fc.constant({ kind: 'Stopping' as const }),
      fc.record({ kind: fc.constant('Ended' as const), outcome: fc.constantFrom(...OUTCOMES) }),
      fc.constant({ kind: 'Dead' as const }),
      refusedCall,
      notKnown,
    ),
  }),
  fc.record({ to: fc.constant('Release' as const), answer: done }),
  fc.record({ to: fc.constant('DeleteSafetySnapshots' as const), answer: done }),
);
