/** One array over gRPC: each call of lunarray.v1 with a deadline, its failures translated in one place. */
import { type Client, status } from '@grpc/grpc-js';
import type { ArrayClient, CancelRequest, LunQuery, LunsAnswer } from '../controller/ports.ts';
import type {
  ArrayError,
  ArrayIdentity,
  CancelAnswer,
  DoneAnswer,
  NotKnown,
  Operation,
  StartAnswer,
  StartRequest,
} from '../core/array.ts';
import * as pb from '../proto/lunarray/v1/lunarray_pb.js';
import { createClient, type EndedCall } from '../rpc/client.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { ServiceClient } from '../rpc/service-types.ts';
import {
  identityFrom,
  lunFrom,
  MalformedAnswer,
  operationFrom,
  outcomeFrom,
  refusalFrom,
  startMessage,
  textFrom,
} from './codec.ts';
import { whyUnavailable } from './why-unavailable.ts';

/** Milliseconds that an array has for an answer; acceptance makes things durable and gets longer. */
const READ_TIMEOUT_MS = 10_000;
const CHANGE_TIMEOUT_MS = 30_000;

/** Operations that are read of one answer, and answers of one list: an array has no more operations than their product. */
const PAGE_SIZE = 100;
const MAX_PAGES = 100;

/** A client on an open channel, which the caller closes. `onEnded` is told of each call that is not a watch. */
export function arrayClient(channel: Client, onEnded: (call: EndedCall) => void): ArrayClient {
  return arrayClientOf(createClient(pb.LunArray, channel, { timeoutMs: READ_TIMEOUT_MS, onEnded }));
}

/** The same over any way to make the calls. */
export function arrayClientOf(rpc: ServiceClient<typeof pb.LunArray>): ArrayClient {
  return new GrpcArrayClient(rpc);
}

class GrpcArrayClient implements ArrayClient {
  readonly #rpc: ServiceClient<typeof pb.LunArray>;

  constructor(rpc: ServiceClient<typeof pb.LunArray>) {
    this.#rpc = rpc;
  }

  async identity(signal: AbortSignal): Promise<ArrayIdentity | NotKnown> {
    return settle<ArrayIdentity | NotKnown>(
      async () => identityFrom(await this.#rpc.getArray({}, { signal })),
      notKnown,
    );
  }

  async luns(query: LunQuery, signal: AbortSignal): Promise<LunsAnswer | NotKnown> {
    return settle<LunsAnswer | NotKnown>(async () => {
      const request = { ids: [...query.ids], owners: [...query.owners], runId: query.runID };
      const answer = await this.#rpc.getLuns(request, { signal });
      const luns = answer.luns.filter((lun) => query.ids.includes(lun.id)).map(lunFrom);
      return { arrayID: answer.arrayId, luns: new Map(luns.map((lun) => [lun.id, lun])) };
    }, notKnown);
  }

  async operation(operationID: string, signal: AbortSignal): Promise<Operation | 'absent' | NotKnown> {
    return settle<Operation | 'absent' | NotKnown>(
      async () => {
        const { operation } = await this.#rpc.getOperation({ operationId: operationID }, { signal });
        if (operation?.operationId !== operationID)
          throw new MalformedAnswer(`it answered with another operation than ${operationID}`);
        return operationFrom(operation);
      },
      (error) => (error instanceof RpcError && error.code === status.NOT_FOUND ? 'absent' : notKnown(error)),
    );
  }

  async start(request: StartRequest, signal: AbortSignal): Promise<StartAnswer> {
    return settle<StartAnswer>(
      async () => {
        const { operation } = await this.#rpc.startOperation(startMessage(request), change(signal));
        if (operation === undefined)
          return { kind: 'Malformed', message: 'the array accepted an operation and named none' };
        return { kind: 'Accepted', operation: operationFrom(operation) };
      },
      (error) =>
        isDefinite(error)
          ? { kind: 'Refused', refusal: refusalFrom(error.metadata['refusal']), error: arrayError(error) }
          : error instanceof MalformedAnswer
            ? { kind: 'Malformed', message: error.message }
            : notKnown(error),
    );
  }

  async cancel(request: CancelRequest, signal: AbortSignal): Promise<CancelAnswer> {
    return settle<CancelAnswer>(async () => {
      const message = {
        arrayId: request.arrayID,
        operationId: request.operationID,
        owner: request.owner,
        targetLunIds: [...request.targetLunIDs],
      };
      const answer = await this.#rpc.cancelOperation(message, change(signal));
      switch (answer.state) {
        case pb.CancelState.STOPPING:
          return { kind: 'Stopping' };
        case pb.CancelState.ENDED:
          return { kind: 'Ended', outcome: outcomeFrom(answer.outcome) };
        case pb.CancelState.DEAD:
          return { kind: 'Dead' };
        default:
          throw new MalformedAnswer(`it answered a cancel with the unknown state ${String(answer.state)}`);
      }
    }, doneOr);
  }

  async release(arrayID: string, operationID: string, signal: AbortSignal): Promise<DoneAnswer> {
    return settle<DoneAnswer>(async () => {
      await this.#rpc.releaseOperation({ arrayId: arrayID, operationId: operationID }, change(signal));
      return { kind: 'Done' };
    }, doneOr);
  }

  async deleteSafetySnapshots(arrayID: string, owner: string, signal: AbortSignal): Promise<DoneAnswer> {
    return settle<DoneAnswer>(async () => {
      await this.#rpc.deleteSafetySnapshots({ arrayId: arrayID, owner }, change(signal));
      return { kind: 'Done' };
    }, doneOr);
  }

  async *operations(ownerPrefix: string, signal: AbortSignal): AsyncGenerator<Operation, void, undefined> {
    let pageToken = '';
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await this.#rpc.listOperations({ ownerPrefix, pageSize: PAGE_SIZE, pageToken }, { signal });
      for (const operation of page.operations.slice(0, PAGE_SIZE)) yield operationFrom(operation);
      pageToken = page.nextPageToken;
      if (pageToken === '') return;
    }
    throw new MalformedAnswer(`its list of operations does not end after ${MAX_PAGES} pages`);
  }

  async *watch(ownerPrefix: string, signal: AbortSignal): AsyncGenerator<Operation, void, undefined> {
    for await (const { operation } of this.#rpc.watchOperations({ ownerPrefix }, { signal })) {
      if (operation !== undefined) yield operationFrom(operation);
    }
  }
}

function change(signal: AbortSignal): { readonly signal: AbortSignal; readonly timeoutMs: number } {
  return { signal, timeoutMs: CHANGE_TIMEOUT_MS };
}

/** Expected failures become values; what is neither the array's nor the transport's is a mistake of ours and thrown. */
async function settle<T>(call: () => Promise<T>, translate: (error: RpcError | MalformedAnswer) => T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RpcError || error instanceof MalformedAnswer) return translate(error);
    throw error;
  }
}

function isDefinite(error: RpcError | MalformedAnswer): error is RpcError {
  return error instanceof RpcError && error.isDefinite && !isUnauthenticated(error);
}

function isUnauthenticated(error: RpcError): boolean {
  return error.code === status.UNAUTHENTICATED || error.code === status.PERMISSION_DENIED;
}

function doneOr(error: RpcError | MalformedAnswer): { kind: 'Refused'; error: ArrayError } | NotKnown {
  return isDefinite(error) ? { kind: 'Refused', error: arrayError(error) } : notKnown(error);
}

/** Not the raw text of the transport: it may hold addresses and secrets. The code's name and what is known say enough. */
function notKnown(error: RpcError | MalformedAnswer): NotKnown {
  if (error instanceof MalformedAnswer)
    return { kind: 'NotKnown', cause: 'Unreachable', message: `its answer breaks the contract: ${error.message}` };
  const message = `the call ended with ${status[error.code] ?? String(error.code)}`;
  if (isUnauthenticated(error)) return { kind: 'NotKnown', cause: 'Unauthenticated', message };
  const why = error.code === status.UNAVAILABLE ? whyUnavailable(error.message) : undefined;
  if (why === undefined) return { kind: 'NotKnown', cause: 'Unreachable', message };
  return { kind: 'NotKnown', cause: why.cause, message: `${message}: ${why.says}` };
}

function arrayError(error: RpcError): ArrayError {
  return {
    reason: textFrom(error.reason === '' ? (status[error.code] ?? 'UNKNOWN') : error.reason, 64),
    message: textFrom(error.message, 512),
    remedy: textFrom(error.remedy, 512),
    lunID: textFrom(error.metadata['lun'] ?? '', 128),
  };
}
