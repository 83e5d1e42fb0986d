/**
 * The answers that hold many LUNs or operations.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LunSchema, OperationSchema } from '../../proto/lunarray/v1/lunarray_pb.js';
import type { ArrayParts } from '../array-parts.ts';
import type { LunRecord } from '../state/records.ts';
import { checkedList, checkedPageSize, checkedText } from './arguments.ts';
import { lunMessage, operationMessage } from './messages.ts';

/** The named LUNs at one instant, with the runs of the named owners and of the named run id. */
export function lunsByID(
  parts: ArrayParts,
  request: { readonly ids: readonly string[]; readonly owners: readonly string[]; readonly runId: string },
): MessageInitShape<typeof LunSchema>[] {
  const owners = new Set(checkedList('owners', request.owners, { min: 0, max: 256 }));
  const { state } = parts.committed;
  return [...new Set(checkedList('ids', request.ids, { min: 0, max: 256 }))]
    .flatMap((id) => visible(state.luns.get(id)))
    .map((lun) =>
      lunMessage(
        lun,
        parts.files.allocatedBytes(lun.id),
        (run) => owners.has(run.owner) || (request.runId !== '' && run.runID === request.runId),
      ),
    );
}

/** One page of all LUNs, without their runs. */
export function listLuns(
  parts: ArrayParts,
  request: { readonly pageSize: number; readonly pageToken: string },
): { luns: MessageInitShape<typeof LunSchema>[]; nextPageToken: string } {
  const all = [...parts.committed.state.luns.values()].flatMap(visible);
  const { page, nextPageToken } = pageOf(all, (lun) => lun.id, { ...request, absent: 500 });
  const luns = page.map((lun) => lunMessage(lun, parts.files.allocatedBytes(lun.id), () => false));
  return { luns, nextPageToken };
}

/** One page of the operations whose owner begins with a prefix. */
export function listOperations(
  parts: ArrayParts,
  request: { readonly ownerPrefix: string; readonly pageSize: number; readonly pageToken: string },
): { operations: MessageInitShape<typeof OperationSchema>[]; nextPageToken: string } {
  checkedText('owner_prefix', request.ownerPrefix, { min: 0, max: 512 });
  const all = [...parts.committed.state.operations.values()];
  const matching = all.filter((operation) => operation.owner.startsWith(request.ownerPrefix));
  const { page, nextPageToken } = pageOf(matching, (operation) => operation.operationID, { ...request, absent: 100 });
  return { operations: page.map(operationMessage), nextPageToken };
}

function visible(lun: LunRecord | undefined): LunRecord[] {
  return lun === undefined || lun.isHidden ? [] : [lun];
}

/** A page's token is the last id before it: a page stays right when LUNs come and go in between. */
export function pageOf<T>(
  all: readonly T[],
  idOf: (item: T) => string,
  request: { readonly pageSize: number; readonly pageToken: string; readonly absent: number },
): { page: T[]; nextPageToken: string } {
  const size = checkedPageSize(request.pageSize, request.absent);
  const after = checkedText('page_token', request.pageToken, { min: 0, max: 128 });
  const rest = all.filter((item) => idOf(item) > after).toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return { page, nextPageToken: rest.length > size && last !== undefined ? idOf(last) : '' };
}
