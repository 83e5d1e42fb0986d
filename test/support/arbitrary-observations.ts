// Arbitrary observations: any object, any pairs, any array.
import fc from 'fast-check';
import type { Observation, ResolvedPair } from '../../src/core/observation.ts';
import { view } from './arbitrary-arrays.ts';
import { resync } from './arbitrary-resyncs.ts';
import { lunID, rarely, words } from './arbitrary-values.ts';
import { ARRAY_ID, DIGEST, NOW, OWNER } from './observations.ts';

const resolvedPair = (name: string, nth: 0 | 1): fc.Arbitrary<ResolvedPair> =>
  fc
    .record({
      sourceLunID: fc.oneof({ weight: 9, arbitrary: fc.constant(`snap-${nth + 1}`) }, lunID),
      targetLunID: fc.oneof({ weight: 9, arbitrary: fc.constant(`vol-${nth + 1}`) }, lunID),
      sourceNeedsGrant: fc.constantFrom(false, false, false, false, true),
      targetNeedsGrant: fc.constantFrom(false, false, false, false, true),
      selectedVolumes: fc.constant([]),
      final: fc.boolean(),
      problem: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, problem()),
    })
    .map(({ problem: what, ...rest }) =>
      what === undefined ? { name, ...rest } : { name, ...rest, problem: what, sourceLunID: '', targetLunID: '' },
    );

function problem(): fc.Arbitrary<NonNullable<ResolvedPair['problem']>> {
  return fc.record({ reason: fc.constantFrom('ObjectNotFound', 'VolumeModeMismatch'), message: words });
}

/** Anything that the rules may ever be asked about. */
export const anyObservation: fc.Arbitrary<Observation> = fc.record({
  now: fc.constant(NOW),
  resync,
  owner: fc.constant(OWNER),
  settings: fc.constant({ referenceTimeoutMs: 300_000, progressIntervalMs: 10_000, pollIntervalMs: 1_000 }),
  array: fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({
        state: fc.constant('missing' as const),
        problem: fc.constant({ reason: 'AmbiguousArray' as const, message: 'two' }),
        final: fc.boolean(),
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        state: fc.constant('found' as const),
        name: fc.constant('array-a'),
        arrayID: fc.constantFrom(undefined, ...Array<string>(8).fill(ARRAY_ID), 'array-2'),
        policy: fc.record({
          maintenance: rarely(fc.constant(true)).map(Boolean),
          abandoned: rarely(fc.constant(true)).map(Boolean),
          lunGrants: fc.constant([]),
          maxConcurrentOperations: fc.constantFrom(0, 1),
          maxCopyBytesPerSecond: fc.constantFrom(0, 1000),
        }),
      }),
    },
  ),
  pairs: fc.tuple(resolvedPair('one', 0), resolvedPair('two', 1)),
  view,
  pairsDigest: fc.constant(DIGEST),
  idleMs: fc.constantFrom(0, 0, 400_000),
  unreachableMs: fc.constantFrom(0, 400_000),
  othersRunning: fc.constantFrom(0, 0, 1),
});
