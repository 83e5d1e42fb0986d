/**
 * Operations at an array that no object declares any more: their object is gone (its finalizer was removed by hand, or
 * etcd was restored from before its creation), or is finished, or has gone on to a later attempt.
 *
 * A running one is cancelled and the record of an ended one is released. Safety snapshots are left alone: of a target
 * that was half-written when its object vanished they are the only good copy.
 */
import { label, objectName } from '../api/fields.ts';
import type { LunResync } from '../api/lun-resync.ts';
import type { Operation } from '../core/array.ts';
import { attemptOf } from '../core/history.ts';
import type { ArrayClient, ResyncStore, SweepReport } from './ports.ts';

export type Sweep = {
  readonly clusterID: string;
  /** The one namespace whose LunResyncs can be read; undefined: all. Operations of others are left to whoever reads those. */
  readonly namespace: string | undefined;
  readonly store: ResyncStore;
  readonly report: SweepReport;
};

/** One pass over one array. Rejects when the array does not answer; what was not reached is for the next pass. */
export async function sweepArray(client: ArrayClient, sweep: Sweep, signal: AbortSignal): Promise<void> {
  const identity = await client.identity(signal);
  if ('kind' in identity) return;
  for await (const operation of client.operations(`${sweep.clusterID}/`, signal)) {
    const owner = objectOf(operation, sweep);
    if (owner === undefined) continue;
    const { key, uid } = owner;
    if (declares(sweep.store.get(key), uid, operation)) continue;
    // The cache may be behind: nothing is ended on its word.
    if (declares(await sweep.store.read(key, signal), uid, operation)) continue;
    await end(client, { operation, arrayID: identity.arrayID }, sweep, signal);
  }
}

/** The object that the owner names. What an array lists against its word, of another cluster say, is left alone. */
function objectOf({ owner }: Operation, of: Sweep): { readonly key: string; readonly uid: string } | undefined {
  const [cluster, namespace, name, uid, ...more] = owner.split('/');
  if (cluster !== of.clusterID || uid === undefined || more.length > 0) return undefined;
  if (of.namespace !== undefined && namespace !== of.namespace) return undefined;
  const isName = label().safeParse(namespace).success && objectName().safeParse(name).success;
  return isName ? { key: `${namespace}/${name}`, uid } : undefined;
}

/** Whether a live object answers for this operation: it is its present or a later attempt of an unfinished object. */
export function declares(resync: LunResync | undefined, uid: string | undefined, operation: Operation): boolean {
  if (resync === undefined || resync.metadata.uid !== uid) return false;
  if (resync.status.completionTime !== undefined) return false;
  return operation.outcome === 'Running' || attemptOf(operation.operationID) >= (resync.status.attempt ?? 0);
}

async function end(
  client: ArrayClient,
  { operation, arrayID }: { readonly operation: Operation; readonly arrayID: string },
  sweep: Sweep,
  signal: AbortSignal,
): Promise<void> {
  const { operationID, owner, pairs } = operation;
  if (operation.outcome === 'Running') {
    const targetLunIDs = pairs.map((pair) => pair.targetLunID);
    const answer = await client.cancel({ arrayID, operationID, owner, targetLunIDs }, signal);
    sweep.report(operation, 'Cancel', answer.kind);
  }
  const released = await client.release(arrayID, operationID, signal);
  sweep.report(operation, 'Release', released.kind);
}
