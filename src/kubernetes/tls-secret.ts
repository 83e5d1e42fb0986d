/** The certificates of an array's connection, from a Secret in the operator's own namespace. */
import type { ReadTlsSecret, TlsMaterial } from '../controller/ports.ts';
import { failedWith } from './api-error.ts';
import type { ApiTransport } from './http.ts';
import { Resource } from './resource.ts';
import type { StoredObject } from './stored-object.ts';

type Secret = StoredObject & { readonly data: Readonly<Record<string, unknown>> };

/** Reads `ca.crt`, `tls.crt` and `tls.key`. Nothing of their content is ever in the sentence that it resolves to. */
export function tlsSecretReader(server: ApiTransport, namespace: string): ReadTlsSecret {
  const parse = (object: StoredObject): Secret => {
    const data: unknown = 'data' in object ? object.data : undefined;
    return { metadata: object.metadata, data: typeof data === 'object' && data !== null ? { ...data } : {} };
  };
  const secrets = new Resource<Secret>(server, { group: '', version: 'v1', plural: 'secrets', parse });
  return async (name, signal) => {
    try {
      const secret = await secrets.get({ namespace, name }, { signal });
      return secret === undefined
        ? `Secret ${namespace}/${name} does not exist`
        : materialOf(secret, `${namespace}/${name}`);
    } catch (error) {
      if (failedWith(error, 'Forbidden', 'Unauthorized'))
        return `the operator may not read Secret ${namespace}/${name}`;
      if (failedWith(error, 'Unavailable', 'TooManyRequests'))
        return `Secret ${namespace}/${name} could not be read now`;
      throw error;
    }
  };
}

function materialOf({ data }: Secret, where: string): TlsMaterial | string {
  const pem = (key: string): Buffer => {
    const value = data[key];
    return Buffer.from(typeof value === 'string' ? value : '', 'base64');
  };
  const material = { ca: pem('ca.crt'), cert: pem('tls.crt'), key: pem('tls.key') };
  const missing = Object.entries({ 'ca.crt': material.ca, 'tls.crt': material.cert, 'tls.key': material.key }).find(
    ([, value]) => value.length === 0,
  );
  return missing === undefined ? material : `Secret ${where} has no ${missing[0]}`;
}
