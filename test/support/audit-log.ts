// What was asked of an API server, by its own audit log.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One request as the API server logged it. `resource` has the subresource behind a slash. */
export type Audited = {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
};

/** The log of one API server. */
export type AuditLog = {
  /** For `startControlPlane`. */
  readonly apiServerArgs: readonly string[];
  /** All requests for resources so far. A watch is there once it has begun. */
  read(): Promise<readonly Audited[]>;
};

/** Each request at its end, and a watch at its beginning. */
const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`;

type Entry = {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: Readonly<
    Partial<Record<'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name', string>>
  >;
  readonly responseStatus?: { readonly code?: number };
};

/** Prepares a log in the folder. */
export async function auditLog(folder: string): Promise<AuditLog> {
  const policy = join(folder, 'audit-policy.yaml');
  const log = join(folder, 'audit.log');
  await writeFile(policy, POLICY);
  return {
    apiServerArgs: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    read: async () => {
      const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
      return lines.flatMap((line) => {
        const { verb, user, objectRef, responseStatus } = JSON.parse(line) as Entry;
        if (objectRef?.resource === undefined) return [];
        const { apiGroup = '', resource, subresource, namespace = '', name = '' } = objectRef;
        const of = subresource === undefined ? resource : `${resource}/${subresource}`;
        const code = responseStatus?.code ?? 0;
        return [{ user: user.username, verb, group: apiGroup, resource: of, namespace, name, code }];
      });
    },
  };
}
