/** LunResyncs at the API server: the resource, and the guarded writes that the loop asks for. */

import { type LunResync, parseLunResync } from '../api/lun-resync.ts';
import type { LunResyncStatus } from '../api/lun-resync-status.ts';
import { FINALIZER, GROUP, LUN_RESYNC_PLURAL, VERSION } from '../api/names.ts';
import { type ResyncStore, Superseded } from '../controller/ports.ts';
import { failedWith } from './api-error.ts';
import type { ApiTransport } from './http.ts';
import type { Copies } from './reflector.ts';
import { Resource } from './resource.ts';
import { nameOfKey } from './stored-object.ts';

/** The resource of all LunResyncs. */
export function lunResyncs(server: ApiTransport): Resource<LunResync> {
  const parse = (object: unknown): LunResync => {
    const parsed = parseLunResync(object);
    if (!parsed.ok) throw new TypeError(parsed.problem);
    return parsed.value;
  };
  return new Resource(server, { group: GROUP, version: VERSION, plural: LUN_RESYNC_PLURAL, parse });
}

/** The store of the loop: reads from the reflector, and puts what its own writes return there. */
export function resyncStore(resource: Resource<LunResync>, reflector: Copies<LunResync>): ResyncStore {
  const seen = (resync: LunResync): LunResync => {
    reflector.seen(resync);
    return resync;
  };
  return {
    get: (key) => reflector.get(nameOfKey(key)),
    list: () => reflector.list(),
    read: (key, signal) => resource.get(nameOfKey(key), { signal }),
    writeStatus: async (resync, status, signal) =>
      seen(
        await guarded(
          resource.patchStatus(resync.metadata, wholeStatus(resync.status, status), resync.metadata, { signal }),
        ),
      ),
    addFinalizer: async (resync, signal) =>
      seen(await patchFinalizers(resource, resync, [...(resync.metadata.finalizers ?? []), FINALIZER], signal)),
    removeFinalizer: async (resync, signal) => {
      const others = (resync.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
      await patchFinalizers(resource, resync, others, signal);
    },
    delete: (resync, signal) => guarded(resource.delete(resync.metadata, resync.metadata, { signal })),
  };
}

function patchFinalizers(
  resource: Resource<LunResync>,
  resync: LunResync,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<LunResync> {
  return guarded(resource.patchMetadata(resync.metadata, { finalizers }, resync.metadata, { signal }));
}

/**
 * The whole status is sent, and `null` for what is no longer in it. Only what differs would be less, but an etcd that was put
 * back gives versions out again: a write that was decided on the object as it was may then be taken for one of the object as
 * it is, and must not leave a mixture of the two.
 */
export function wholeStatus(before: LunResyncStatus, after: LunResyncStatus): object {
  const gone = Object.keys(before).filter((field) => !(field in after));
  return { ...after, ...Object.fromEntries(gone.map((field) => [field, null])) };
}

/**
 * Changed or gone is Superseded. `Invalid` is thrown as it is: it is either another object with the same name and
 * version, which only the reflector can tell, or a status that the schema refuses; both are tried again with a back-off.
 */
async function guarded<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (failedWith(error, 'Conflict', 'NotFound')) throw new Superseded('the object has changed', { cause: error });
    throw error;
  }
}
