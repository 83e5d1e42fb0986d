/** Lists, whole and in pages: all pages of one list show the store as it was at the first one. */
import { type Kind, keyOfStored } from './kinds.ts';
import type { ObjectHistory } from './object-history.ts';
import { badRequest, Refusal } from './refusals.ts';

type Query = Readonly<Record<string, string>>;

/** The answer to a list. Throws `Expired` when its moment has been compacted away. */
export function listed(history: ObjectHistory, kind: Kind, namespace: string | undefined, query: Query): object {
  if (query['labelSelector'] !== undefined || query['fieldSelector'] !== undefined)
    throw new TypeError('selectors are not modelled');
  const { version, after } = startOf(history, query['continue'] ?? '');
  const moment = version === history.version ? history : history.at(version);
  const all = moment.list(kind.resource, namespace).filter((object) => keyOfStored(object) > after);
  const limit = Number(query['limit'] ?? 0);
  const items = limit > 0 ? all.slice(0, limit) : all;
  const last = items.at(-1);
  const rest =
    items.length === all.length || last === undefined
      ? {}
      : {
          continue: Buffer.from(`${version} ${keyOfStored(last)}`).toString('base64url'),
          remainingItemCount: all.length - items.length,
        };
  const metadata = { resourceVersion: String(version), ...rest };
  return { apiVersion: kind.apiVersion, kind: `${kind.kind}List`, metadata, items };
}

function startOf(history: ObjectHistory, token: string): { readonly version: number; readonly after: string } {
  if (token === '') return { version: history.version, after: '' };
  const [version = '', after = ''] = Buffer.from(token, 'base64url').toString().split(' ');
  if (!/^\d+$/.test(version) || after === '') throw badRequest('continue key is not valid');
  if (!history.isKept(Number(version))) throw new Refusal(410, 'Expired', 'the continue token is too old');
  return { version: Number(version), after };
}
