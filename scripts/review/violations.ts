// One violation of each CEL rule of the CustomResourceDefinitions, by the rule's message.

import type { IMMUTABLE_FIELDS } from '../../src/api/lun-resync-rules.ts';
import { lunResync, pair, storageArray } from '../../test/api/objects.ts';
import { PAIR_CASES } from '../../test/api/spec-cases.ts';

type Change = { readonly patch: object; readonly subresource?: 'status' };

/** Objects that the API server takes, then a change that it refuses; without a change the last object is refused. */
export type Violation = { readonly object: object; readonly status?: object; readonly change?: Change };

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

/** By message; a rule without one here fails its point. */
export const VIOLATIONS: ReadonlyMap<string, Violation> = new Map<string, Violation>([
  ...PAIR_CASES.map(({ message, refused }): [string, Violation] => [message, { object: lunResync(refused) }]),
  ...immutable,
  [
    '`cancel` may not be unset',
    { object: lunResync({ cancel: true }), change: { patch: { spec: { cancel: false } } } },
  ],
  [
    '`undoOf` must name another LunResync',
    { object: lunResync({ pairs: [{ name: 'a', source: { undoOf: 'itself' } }] }, 'itself') },
  ],
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
