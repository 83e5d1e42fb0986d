/** The Lease of coordination.k8s.io/v1, as far as leader election uses it. */
import type { V1Lease } from '@kubernetes/client-node';
import type { ApiTransport } from './http.ts';
import { Resource } from './resource.ts';
import type { StoredObject } from './stored-object.ts';

/** What a Lease records; absent fields of a Lease that another program wrote are empty or 0. Times are MicroTime strings. */
export type LeaseRecord = {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
};

/** A stored Lease. */
export type Lease = StoredObject & { readonly spec: LeaseRecord };

/** The Leases of a cluster. */
export function leases(server: ApiTransport): Resource<Lease> {
  return new Resource(server, { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', parse: parseLease });
}

function parseLease(object: StoredObject): Lease {
  // The API server has validated it; client-node types its times as Date, but they are strings in JSON.
  const spec: V1Lease['spec'] = (object as { spec?: V1Lease['spec'] }).spec ?? {};
  return {
    metadata: object.metadata,
    spec: {
      holderIdentity: spec.holderIdentity ?? '',
      leaseDurationSeconds: spec.leaseDurationSeconds ?? 0,
      acquireTime: String(spec.acquireTime ?? ''),
      renewTime: String(spec.renewTime ?? ''),
      leaseTransitions: spec.leaseTransitions ?? 0,
    },
  };
}
