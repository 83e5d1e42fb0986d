/** Who may name a LUN by its id: the cluster administrator's grants in StorageArray.spec.lunGrants. */
import type { LunGrant } from '../api/storage-array.ts';
import { type Objection, pending } from './objection.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';

/** Whether a grant lets the namespace use the LUN. An id in a grant may end in `*`. */
export function isGranted(
  grants: readonly LunGrant[],
  wanted: { readonly namespace: string; readonly access: 'Source' | 'Target'; readonly lunID: string },
): boolean {
  return grants.some(
    (grant) =>
      grant.namespace === wanted.namespace &&
      grant.access === wanted.access &&
      grant.lunIDs.some((pattern) => matches(pattern, wanted.lunID)),
  );
}

function matches(pattern: string, lunID: string): boolean {
  return pattern.endsWith('*') ? lunID.startsWith(pattern.slice(0, -1)) : pattern === lunID;
}

/** Looked at before the LUN itself, so that the answer does not tell whether the LUN exists. */
export function accessObjection(o: Observation): Objection | undefined {
  if (o.array.state !== 'found') return undefined;
  const { namespace } = o.resync.metadata;
  for (const pair of o.pairs) {
    for (const [needed, access, lunID] of [
      [pair.sourceNeedsGrant, 'Source', pair.sourceLunID],
      [pair.targetNeedsGrant, 'Target', pair.targetLunID],
    ] as const) {
      if (needed && !isGranted(o.array.policy.lunGrants, { namespace, access, lunID }))
        return pending(o, missingGrant({ pair: pair.name, namespace, access, lunID, array: o.array.name }));
    }
  }
  return undefined;
}

type Wanted = {
  readonly pair: string;
  readonly namespace: string;
  readonly access: 'Source' | 'Target';
  readonly lunID: string;
  readonly array: string;
};

function missingGrant({ pair, namespace, access, lunID, array }: Wanted): Problem {
  const what = `a grant with access ${access} in spec.lunGrants of StorageArray ${array}`;
  return {
    reason: 'AccessDenied',
    message: `pair ${pair}: namespace ${namespace} has no grant for LUN ${lunID} as a ${access.toLowerCase()}`,
    remedy: `Ask the cluster administrator for ${what}`,
  };
}
