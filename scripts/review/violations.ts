// One violation of each CEL rule of the CustomResourceDefinitions, by the rule's message.

import type { IMMUTABLE_FIELDS } from '../../src/api/lun-resync-rules.ts';
import { lunResync, pair, storageArray } from '../../test/api/objects.ts';

type Change = { readonly patch: object; readonly subresource?: 'status' };

/** Objects that the API server takes, then a change that it refuses; without a change the last object is refused. */
export type Violation = { readonly object: object; readonly status?: object; readonly change?: Change };

const lun = (lunID: string): object => ({ lunID });
const create = (spec: Record<string, unknown>, name?: string): Violation => ({ object: lunResync(spec, name) });

/** Another legal value of each immutable field. */
const OTHER: Readonly<Record<(typeof IMMUTABLE_FIELDS)[number], unknown>> = {
  arrayName: 'array-b',
  pairs: [pair('orders', { source: { volumeSnapshotName: 'other' } })],
  mode: 'Plan',
  sizePolicy: 'KeepLarger',
  claimResize: 'Raise',
  identityPolicy: 'RevertToOriginal',
  unselectedVolumePolicy: 'Overwrite',
  safetySnapshot: 'Never',
  verify: 'None',
  targetInUseTimeoutSeconds: 301,
  runID: 'run-2',
  activeDeadlineSeconds: 7201,
  stallTimeoutSeconds: 301,
  backoffLimit: 4,
};

/** Nobody has set `arrayName`, `runID` and `activeDeadlineSeconds`, so that theirs is added later, which is refused as well. */
const immutable = Object.entries(OTHER).map(([field, value]): [string, Violation] => [
  `\`${field}\` is immutable; create a new LunResync instead`,
  { object: lunResync(), change: { patch: { spec: { [field]: value } } } },
]);

const succeeded = (status: string): object => ({
  conditions: ['Succeeded'].map((type) => {
    return { type, status, reason: 'Tried', message: '', lastTransitionTime: '2026-11-24T10:00:00Z' };
  }),
});

const long = Array.from({ length: 31 }, (_, nth) => ({
  name: `n${nth}`.padEnd(40, 'x'),
  source: { volumeSnapshotName: `s${nth}`.padEnd(62, 'x') },
  target: { persistentVolumeClaimName: `c${nth}`.padEnd(62, 'x') },
}));

/** By message; a rule without one here fails its point. */
export const VIOLATIONS: ReadonlyMap<string, Violation> = new Map<string, Violation>([
  ...immutable,
  [
    'exactly one of `lunID`, `volumeSnapshotName`, `undoOf` must be set',
    create({ pairs: [pair('a', { source: { undoOf: 'earlier', volumeSnapshotName: 's' } })] }),
  ],
  ['exactly one of `lunID`, `persistentVolumeClaimName` must be set', create({ pairs: [pair('a', { target: {} })] })],
  [
    '`target` may be left out only with `volumeSnapshotName` or `undoOf`',
    create({ pairs: [{ name: 'a', source: lun('lun-1') }] }),
  ],
  [
    '`cancel` may not be unset',
    { object: lunResync({ cancel: true }), change: { patch: { spec: { cancel: false } } } },
  ],
  [
    'a LUN may be the target of one pair only',
    create({ pairs: [pair('a', { target: lun('lun-1') }), pair('b', { target: lun('lun-1') })] }),
  ],
  [
    'a claim may be the target of one pair only',
    create({ pairs: [pair('a'), pair('b', { target: { persistentVolumeClaimName: 'a' } })] }),
  ],
  [
    'a LUN may not be both a source and a target',
    create({ pairs: [pair('a', { source: lun('lun-1'), target: lun('lun-2') }), pair('b', { source: lun('lun-2') })] }),
  ],
  [
    'a snapshot may be put back over its own volume by one pair only',
    create({ pairs: ['a', 'b'].map((name) => ({ name, source: { volumeSnapshotName: 's' } })) }),
  ],
  [
    'the names and ids in `pairs` must have at most 6144 characters together; use several LunResyncs',
    create({ pairs: long }),
  ],
  ['`undoOf` must name another LunResync', create({ pairs: [{ name: 'a', source: { undoOf: 'itself' } }] }, 'itself')],
  [
    '`completionTime` is immutable once set',
    {
      object: lunResync(),
      status: { completionTime: '2026-11-24T10:00:00Z' },
      change: { patch: { status: { completionTime: '2026-11-24T10:00:01Z' } }, subresource: 'status' },
    },
  ],
  [
    'a finished LunResync may not be reopened, nor change between success and failure',
    {
      object: lunResync(),
      status: succeeded('True'),
      change: { patch: { status: succeeded('Unknown') }, subresource: 'status' },
    },
  ],
  [
    '`tlsSecretName` must be set for an endpoint that is not a unix socket, unless `insecure` is true',
    { object: storageArray({ endpoint: 'dns:///array.example:8443' }) },
  ],
  [
    '`insecure` may not be true together with `tlsSecretName`',
    { object: storageArray({ endpoint: 'dns:///array.example:8443', tlsSecretName: 'array', insecure: true }) },
  ],
]);
