// A LunResync as it comes from the API server: type and parser of the whole object.
import { z } from 'zod';
import type { DeepReadonly } from './fields.ts';
import { lunResyncSpecSchema } from './lun-resync-spec.ts';
import { lunResyncStatusSchema } from './lun-resync-status.ts';
import { API_VERSION, LUN_RESYNC_KIND } from './names.ts';
import { namespacedMetadataSchema, type Parsed, parseWith } from './object.ts';

const lunResyncSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(LUN_RESYNC_KIND),
  metadata: namespacedMetadataSchema,
  spec: lunResyncSpecSchema,
  status: lunResyncStatusSchema.default({ observedGeneration: -1 }),
});

/** A LunResync with defaults filled in. `status` is always there: `{observedGeneration: -1}` before the first visit. */
export type LunResync = DeepReadonly<z.output<typeof lunResyncSchema>>;

/**
 * Reads a LunResync from the API server's JSON.
 *
 * Never throws. Unknown fields are dropped, so that objects of a newer version can be read: never write a parsed object
 * back as a whole. The CEL rules of the CRD are not repeated here.
 */
export function parseLunResync(value: unknown): Parsed<LunResync> {
  return parseWith(lunResyncSchema, LUN_RESYNC_KIND, value);
}
