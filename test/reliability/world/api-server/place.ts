/** What a path means. */
import type { ApiRequest } from '../../../../src/kubernetes/http.ts';
import { type Kind, servedKind } from './kinds.ts';
import { notFound, Refusal } from './refusals.ts';

export type Place = {
  readonly kind: Kind;
  /** Absent in a list of all namespaces, and of what has none. */
  readonly namespace: string | undefined;
  /** Empty for a collection. */
  readonly name: string;
  readonly key: string;
  readonly isStatus: boolean;
};

/** Throws the answer of a server that does not serve such a thing. */
export function placeOf({ path }: ApiRequest): Place {
  const parts = path.split('/').slice(1);
  const [apiVersion, rest] =
    parts[0] === 'api' ? [parts[1], parts.slice(2)] : [parts.slice(1, 3).join('/'), parts.slice(3)];
  const hasNamespace = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status';
  const [resource = '', name = '', subresource] = hasNamespace ? rest.slice(2) : rest;
  const kind = servedKind(apiVersion ?? '', resource);
  const isStatus = subresource === 'status';
  if (kind === undefined) throw new Refusal(404, '', '');
  if (subresource !== undefined && !(isStatus && kind.custom !== undefined)) throw notFound(`${resource} "${name}"`);
  const namespace = hasNamespace ? rest[1] : undefined;
  return { kind, namespace, name, key: namespace === undefined ? name : `${namespace}/${name}`, isStatus };
}
