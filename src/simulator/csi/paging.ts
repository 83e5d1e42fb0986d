/**
 * Pages of CSI's lists. A token names the last id before its page, so that it stays right when LUNs come and go, over a
 * restart too.
 */
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../rpc/rpc-error.ts';
import { pageOf } from '../services/listings.ts';
import { invalidArgument } from '../services/rpc-failures.ts';
import type { LunRecord } from '../state/records.ts';

const maxEntries = 500;
// A slash is in no LUN's id.
const tokenPattern = /^after\/([A-Za-z0-9._:-]{1,128})$/;

/** One page of LUNs in the order of their ids. Throws ABORTED for a token that no page gave. */
export function csiPage(
  all: readonly LunRecord[],
  request: { readonly maxEntries: number; readonly startingToken: string },
): { readonly page: readonly LunRecord[]; readonly nextToken: string } {
  if (request.maxEntries < 0) {
    throw invalidArgument(`max_entries is ${request.maxEntries}.`, 'Use 0 or more.');
  }
  const { page, nextPageToken } = pageOf(all, (lun) => lun.id, {
    pageSize: Math.min(request.maxEntries, maxEntries),
    pageToken: request.startingToken === '' ? '' : idBefore(request.startingToken),
    absent: maxEntries,
  });
  return { page, nextToken: nextPageToken === '' ? '' : `after/${nextPageToken}` };
}

function idBefore(token: string): string {
  const [, id] = tokenPattern.exec(token) ?? [];
  if (id === undefined) {
    // Source: CSI specification, ListVolumes Errors, "Invalid starting_token".
    throw new RpcError(status.ABORTED, 'starting_token is none that this list gave.', {
      remedy: 'Start again from the first page.',
    });
  }
  return id;
}
