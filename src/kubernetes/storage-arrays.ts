/** StorageArrays at the API server: the resource, status and finalizer. */
import { FINALIZER, GROUP, STORAGE_ARRAY_PLURAL, VERSION } from '../api/names.ts';
import { parseStorageArray, type StorageArray, type StorageArrayStatus } from '../api/storage-array.ts';
import type { StorageArrayStore } from '../controller/ports.ts';
import type { ApiTransport } from './http.ts';
import type { Copies } from './reflector.ts';
import { Resource } from './resource.ts';

/** The resource of all StorageArrays. */
export function storageArrayResource(server: ApiTransport): Resource<StorageArray> {
  const parse = (object: unknown): StorageArray => {
    const parsed = parseStorageArray(object);
    if (!parsed.ok) throw new TypeError(parsed.problem);
    return parsed.value;
  };
  return new Resource(server, { group: GROUP, version: VERSION, plural: STORAGE_ARRAY_PLURAL, parse });
}

/** What the StorageArray controller needs of the API server. */
export function storageArrayStore(
  resource: Resource<StorageArray>,
  reflector: Copies<StorageArray>,
): StorageArrayStore {
  return {
    get: (name) => reflector.get({ name }),
    list: () => reflector.list(),
    writeStatus: async (array, status, signal) => {
      reflector.seen(
        await resource.patchStatus(array.metadata, withoutAbsent(array.status, status), array.metadata, { signal }),
      );
    },
    setFinalizer: async (array, held, signal) => {
      const others = (array.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
      const finalizers = held ? [...others, FINALIZER] : others;
      reflector.seen(await resource.patchMetadata(array.metadata, { finalizers }, array.metadata, { signal }));
    },
  };
}

function withoutAbsent(before: StorageArrayStatus, after: StorageArrayStatus): object {
  const gone = Object.keys(before).filter((field) => !(field in after));
  return { ...after, ...Object.fromEntries(gone.map((field) => [field, null])) };
}
