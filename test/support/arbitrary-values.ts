// Arbitrary words, numbers and ids: few enough that the same ones meet.
import fc from 'fast-check';
import type { Outcome } from '../../src/core/array.ts';
import { REASONS, type ReasonName } from '../../src/core/reasons.ts';
import { ago, UID } from './observations.ts';

export const LUNS = ['snap-1', 'vol-1', 'snap-2', 'vol-2', 'safe-1', 'safe-2'] as const;
export const TARGETS = ['vol-1', 'vol-2'] as const;
export const REASON_NAMES = Object.keys(REASONS) as ReasonName[];
export const OUTCOMES: readonly Outcome[] = [
  'Running',
  'Succeeded',
  'Failed',
  'Cancelled',
  'Interrupted',
  'RolledBack',
  'Unrecognized',
];

export const partial = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(shape, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;

/** Most objects are neither finished, deleted nor at their end. */
export const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

export const time = fc.integer({ min: -7200, max: 7200 }).map(ago);
export const generation = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 4, max: 8 }) }, fc.maxSafeNat());
export const operationID = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(`${UID}.1`, `${UID}.2`, `${UID}.3`) },
  fc.constantFrom('not-ours', `${UID}.99999999999`, 'x.0'),
);
export const lunID = fc.constantFrom(...LUNS);
export const bytes = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.maxSafeNat());
export const digest = fc.constantFrom('', 'aa', 'bb');
export const words = fc.oneof(fc.constantFrom('', 'plain'), fc.string({ unit: 'binary', maxLength: 512 }));
