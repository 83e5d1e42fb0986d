/** Defaults, pruning and validation, by the schemas that the CRDs are generated from. CEL rules are in the model itself. */
import { parseLunResync } from '../../../../src/api/lun-resync.ts';
import { parseStorageArray } from '../../../../src/api/storage-array.ts';
import type { Stored } from './object-history.ts';

type Admitted = { readonly object: Stored } | { readonly problem: string };

/** The object as it is stored; other resources than ours are stored as they come. */
export function admitted(resource: string, object: Stored): Admitted {
  const parse =
    resource === 'lunresyncs' ? parseLunResync : resource === 'storagearrays' ? parseStorageArray : undefined;
  if (parse === undefined) return { object };
  const parsed = parse(object);
  if (!parsed.ok) return { problem: parsed.problem };
  return { object: { ...parsed.value, metadata: object.metadata } };
}
