// What both kinds share: the part of metav1.ObjectMeta that is read, and a parser that never throws.
import { z } from 'zod';

/** Longest text of a parser's problem, in characters. */
const MAX_PROBLEM = 512;

// Bounded by the API server already; limits of our own would only refuse what it accepts.
const metadataShape = {
  name: z.string().min(1),
  uid: z.string().min(1),
  resourceVersion: z.string().min(1),
  generation: z.int().min(0).default(0),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  finalizers: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
};

/** Metadata of a cluster-scoped object. */
export const clusterMetadataSchema = z.object(metadataShape);

/** Metadata of a namespaced object. */
export const namespacedMetadataSchema = z.object({ ...metadataShape, namespace: z.string().min(1) });

/** A parsed object, or one sentence (at most 512 characters) saying why it cannot be read. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Parses without ever throwing, whatever `value` is; getters and proxies that throw are a problem like any other. */
export function parseWith<T>(schema: z.ZodType<T>, kind: string, value: unknown): Parsed<T> {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, problem: shorten(`not a readable ${kind}: ${explain(result.error)}`) };
  } catch (error) {
    return { ok: false, problem: shorten(`not a readable ${kind}: ${describe(error)}`) };
  }
}

function explain(error: z.ZodError): string {
  const [first] = error.issues;
  if (first === undefined) return 'it does not match the schema';
  const where = first.path.length === 0 ? 'the object' : first.path.map(String).join('.');
  const more = error.issues.length === 1 ? '' : ` (and ${error.issues.length - 1} more)`;
  return `${where}: ${first.message}${more}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'reading it failed';
}

function shorten(text: string): string {
  return text.length <= MAX_PROBLEM ? text : `${text.slice(0, MAX_PROBLEM - 3)}...`;
}
