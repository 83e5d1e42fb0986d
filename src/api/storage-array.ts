// A StorageArray: an array that runs resyncs, and who may name its LUNs directly. Types, parser and CRD come from here.
import { z } from 'zod';
import { conditionsSchema } from './condition.ts';
import {
  count32,
  count64,
  type DeepReadonly,
  keyedBy,
  label,
  objectName,
  SET,
  text,
  type ValidationRule,
} from './fields.ts';
import { API_VERSION, STORAGE_ARRAY_KIND } from './names.ts';
import { clusterMetadataSchema, type Parsed, parseWith } from './object.ts';

/** An id of a LUN, or a prefix of ids with a trailing `*`; at most 128 characters either way. */
export const LUN_ID_GRANT_PATTERN = /^([A-Za-z0-9._:-]{1,128}|[A-Za-z0-9._:-]{0,127}\*)$/;

const ENDPOINT_PATTERN =
  /^(unix:\/\/\/[^\s]+|dns:\/\/\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}|ipv4:[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5})$/;

const SPEC_RULES: readonly ValidationRule[] = [
  {
    rule: "self.endpoint.startsWith('unix:') || has(self.tlsSecretName) || (has(self.insecure) && self.insecure)",
    message: '`tlsSecretName` must be set for an endpoint that is not a unix socket, unless `insecure` is true',
    fieldPath: '.tlsSecretName',
    reason: 'FieldValueRequired',
  },
  {
    rule: '!(has(self.tlsSecretName) && has(self.insecure) && self.insecure)',
    message: '`insecure` may not be true together with `tlsSecretName`',
    fieldPath: '.insecure',
  },
];

const lunGrantSchema = z
  .object({
    name: label().describe('Name of the grant, unique in the list: a DNS label of at most 63 characters.'),
    namespace: label().describe('Namespace whose LunResyncs may name these LUNs.'),
    access: z.enum(['Source', 'Target']).describe('Source: may be read. Target: may be overwritten. No default.'),
    lunIDs: z
      .array(z.string().min(1).max(128).regex(LUN_ID_GRANT_PATTERN))
      .min(1)
      .max(256)
      .meta({
        description:
          'Ids of LUNs, 1 to 256 of them; each 1 to 128 of A-Z a-z 0-9 . _ : -, where a trailing * stands for any rest.',
        ...SET,
      }),
  })
  .describe('A grant by the administrator to name LUNs of the array directly.');

/** Schema of `spec`, with defaults. */
export const storageArraySpecSchema = z
  .object({
    endpoint: z
      .string()
      .min(1)
      .max(512)
      .regex(ENDPOINT_PATTERN)
      .describe('gRPC target of the array: unix:///path, dns:///host:port or ipv4:address:port. Required.'),
    tlsSecretName: objectName()
      .optional()
      .describe(
        "Name of a Secret in the operator's own namespace with ca.crt, tls.crt and tls.key. Required for an endpoint that is not a unix socket, unless insecure is true. No default.",
      ),
    insecure: z
      .boolean()
      .default(false)
      .describe(
        'true allows plaintext over TCP. false (default) does not. May not be true together with tlsSecretName.',
      ),
    csiDriverName: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/)
      .optional()
      .describe(
        'CSI driver whose volumes and snapshots live on this array, 1 to 63 characters. No default: the array serves LUN ids only.',
      ),
    lunGrants: z
      .array(lunGrantSchema)
      .max(128)
      .optional()
      .meta({
        description: 'Who may name LUNs of the array by lunID, at most 128 grants. No default: nobody.',
        ...keyedBy('name'),
      }),
    maxConcurrentOperations: count32(1, 1024)
      .default(8)
      .describe('Operations that may run on the array at once: 1 to 1024, default 8. More wait.'),
    maxCopyBytesPerSecond: count64()
      .optional()
      .describe('Upper bound of the copy of one operation in bytes a second; 0 or absent (default): none.'),
    maintenance: z
      .boolean()
      .default(false)
      .describe(
        'true: nothing is started or retried; roll-back, cancel and release go on. false (default): normal operation.',
      ),
    abandoned: z
      .boolean()
      .default(false)
      .describe(
        'true: the array will not come back; finalizers of LunResyncs that are being deleted are removed without its word, and no run is started. false (default).',
      ),
  })
  .meta({
    description: 'How to reach the array, what it may be used for and by whom.',
    'x-kubernetes-validations': SPEC_RULES,
  });

/** Schema of `status`. */
export const storageArrayStatusSchema = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('The metadata.generation that the status was computed from; -1 (default) until the first visit.'),
    conditions: conditionsSchema(
      'Ready: the array was reached, its contract version understood, its identity unchanged.',
    ),
    arrayID: text(128).optional().describe('Identity of the array, from the array itself; at most 128 characters.'),
    vendor: text(64).optional().describe('Vendor, from the array itself; at most 64 characters.'),
    product: text(64).optional().describe('Product, from the array itself; at most 64 characters.'),
    contractVersion: count32(0).optional().describe('Version of lunarray.v1 that the array speaks.'),
    capabilities: z
      .array(z.string().min(1).max(64).describe('One capability.'))
      .max(16)
      .optional()
      .meta({
        description: 'What the array can do: Resync, Resize, RollBack, Verify, RevertIdentity; at most 16.',
        ...SET,
      }),
  })
  .describe('What the operator knows of the array. Written by the operator only.');

/** The status of a StorageArray. */
export type StorageArrayStatus = DeepReadonly<z.output<typeof storageArrayStatusSchema>>;

/** One entry of `spec.lunGrants`. */
export type LunGrant = DeepReadonly<z.output<typeof lunGrantSchema>>;

const storageArraySchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(STORAGE_ARRAY_KIND),
  metadata: clusterMetadataSchema,
  spec: storageArraySpecSchema,
  status: storageArrayStatusSchema.default({ observedGeneration: -1 }),
});

/** A StorageArray with defaults filled in. `status` is always there: `{observedGeneration: -1}` before the first visit. */
export type StorageArray = DeepReadonly<z.output<typeof storageArraySchema>>;

/**
 * Reads a StorageArray from the API server's JSON.
 *
 * Never throws. Unknown fields are dropped: never write a parsed object back as a whole. The CEL rules of the CRD are
 * not repeated here.
 */
export function parseStorageArray(value: unknown): Parsed<StorageArray> {
  return parseWith(storageArraySchema, STORAGE_ARRAY_KIND, value);
}
