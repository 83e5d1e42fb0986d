// Specs that each rule of a LunResync takes, and refuses.
import type { Json } from '../support/api-client.ts';
import { pair } from './objects.ts';

/** What of a spec is as the rule wants it, what is not, and how the API server says so. */
export type SpecCase = {
  readonly rule: string;
  readonly accepted: Json;
  readonly refused: Json;
  readonly message: string;
};

const lun = (id: string): Json => ({ lunID: id });

/** The rules of pairs that the schema has in CEL. */
export const PAIR_CASES: readonly SpecCase[] = [
  {
    rule: 'a source is exactly one of three things',
    accepted: { pairs: [pair('a', { source: { undoOf: 'earlier' } })] },
    refused: { pairs: [pair('a', { source: { undoOf: 'earlier', volumeSnapshotName: 's' } })] },
    message: 'exactly one of `lunID`, `volumeSnapshotName`, `undoOf` must be set',
  },
  {
    rule: 'a source is not empty',
    accepted: { pairs: [pair('a', { source: lun('lun-1') })] },
    refused: { pairs: [pair('a', { source: {} })] },
    message: 'exactly one of `lunID`, `volumeSnapshotName`, `undoOf` must be set',
  },
  {
    rule: 'a target is exactly one of two things',
    accepted: { pairs: [pair('a', { target: lun('lun-2') })] },
    refused: { pairs: [pair('a', { target: { lunID: 'lun-2', persistentVolumeClaimName: 'a' } })] },
    message: 'exactly one of `lunID`, `persistentVolumeClaimName` must be set',
  },
  {
    rule: 'a target that is given is not empty',
    accepted: { pairs: [{ name: 'a', source: { volumeSnapshotName: 's' } }] },
    refused: { pairs: [pair('a', { target: {} })] },
    message: 'exactly one of `lunID`, `persistentVolumeClaimName` must be set',
  },
  {
    rule: 'a target may be left out with undoOf but not with lunID',
    accepted: { pairs: [{ name: 'a', source: { undoOf: 'earlier' } }] },
    refused: { pairs: [{ name: 'a', source: lun('lun-1') }] },
    message: '`target` may be left out only with `volumeSnapshotName` or `undoOf`',
  },
  {
    rule: 'a LUN is the target of one pair only',
    accepted: { pairs: [pair('a', { target: lun('lun-1') }), pair('b', { target: lun('lun-2') })] },
    refused: { pairs: [pair('a', { target: lun('lun-1') }), pair('b', { target: lun('lun-1') })] },
    message: 'a LUN may be the target of one pair only',
  },
  {
    rule: 'a claim is the target of one pair only',
    accepted: { pairs: [pair('a'), pair('b')] },
    refused: { pairs: [pair('a'), pair('b', { target: { persistentVolumeClaimName: 'a' } })] },
    message: 'a claim may be the target of one pair only',
  },
  {
    rule: 'no LUN is both source and target, also across pairs',
    accepted: {
      pairs: [pair('a', { source: lun('lun-1'), target: lun('lun-2') }), pair('b', { source: lun('lun-1') })],
    },
    refused: {
      pairs: [pair('a', { source: lun('lun-1'), target: lun('lun-2') }), pair('b', { source: lun('lun-2') })],
    },
    message: 'a LUN may not be both a source and a target',
  },
  {
    rule: 'a snapshot goes back over its own volume once',
    accepted: {
      pairs: [{ name: 'a', source: { volumeSnapshotName: 's' } }, pair('b', { source: { volumeSnapshotName: 's' } })],
    },
    refused: {
      pairs: [
        { name: 'a', source: { volumeSnapshotName: 's' } },
        { name: 'b', source: { volumeSnapshotName: 's' } },
      ],
    },
    message: 'a snapshot may be put back over its own volume by one pair only',
  },
  {
    rule: 'all names and ids together are bounded',
    accepted: { pairs: manyPairs(30) },
    refused: { pairs: manyPairs(31) },
    message: 'the names and ids in `pairs` must have at most 6144 characters together; use several LunResyncs',
  },
];

/** 2 × 40 + 62 + 62 characters a pair: 30 pairs have 6120. */
function manyPairs(count: number): Json[] {
  return Array.from({ length: count }, (_, position) => {
    const text = String(position).padStart(3, '0');
    return {
      name: `n${text}`.padEnd(40, 'x'),
      source: { volumeSnapshotName: `s${text}`.padEnd(62, 'x') },
      target: { persistentVolumeClaimName: `c${text}`.padEnd(62, 'x') },
    };
  });
}
