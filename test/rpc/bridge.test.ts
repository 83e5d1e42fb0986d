/** The typed bridge over a real unix socket: answers, errors with their details, deadlines, aborts, back-pressure. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LunArray, type WatchOperationsResponse } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { createClient } from '../../src/rpc/client.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { addService } from '../../src/rpc/server.ts';
import type { CallContext, ServiceClient, ServiceImplementation } from '../../src/rpc/service-types.ts';
import { decodeErrorTrailers } from '../../src/rpc/status-details.ts';

type Implementation = ServiceImplementation<typeof LunArray>;
type Handlers = { -readonly [K in keyof Implementation]?: Implementation[K] };

let server: Server;
let channel: Client;
let client: ServiceClient<typeof LunArray>;
let handlers: Handlers;

beforeEach(async () => {
  handlers = {};
  server = new Server();
  // Each test sets its handlers after the service was added.
  const late = Object.fromEntries(
    LunArray.methods.map((method) => [
      method.localName,
      (request: never, context: CallContext) =>
        (Reflect.get(handlers, method.localName) as (r: never, c: CallContext) => unknown)(request, context),
    ]),
  ) as unknown as Implementation;
  addService(server, LunArray, late);
  const address = `unix://${join(tmpdir(), `lunresync-${randomUUID()}.sock`)}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
  });
  channel = new Client(address, credentials.createInsecure());
  client = createClient(LunArray, channel, { timeoutMs: 5_000 });
});

afterEach(() => {
  channel.close();
  server.forceShutdown();
});

async function failureOf(call: Promise<unknown>): Promise<RpcError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RpcError)) {
    throw new Error(`expected an RpcError and got ${String(error)}`);
  }
  return error;
}

describe('the gRPC bridge', () => {
  it('answers a unary call', async () => {
    handlers.getArray = async () => ({ arrayId: 'array-1', contractVersion: 1 });
    expect(await client.getArray({})).toMatchObject({ arrayId: 'array-1', contractVersion: 1, vendor: '' });
  });

  it('carries code, message, reason, remedy and fields of a refusal', async () => {
    handlers.startOperation = async () => {
      throw new RpcError(status.FAILED_PRECONDITION, 'Target lün-1 is published.', {
        reason: 'VSS_E_VOLUME_IN_USE',
        remedy: 'Unpublish it.',
        metadata: { refusal: 'TARGET_PUBLISHED', lun: 'lun-1' },
      });
    };
    const error = await failureOf(client.startOperation({}));
    expect(error).toMatchObject({
      code: status.FAILED_PRECONDITION,
      message: 'Target lün-1 is published.',
      reason: 'VSS_E_VOLUME_IN_USE',
      remedy: 'Unpublish it.',
      isDefinite: true,
      metadata: { refusal: 'TARGET_PUBLISHED', lun: 'lun-1', remedy: 'Unpublish it.' },
    });
  });

  it('turns a fault of a handler into INTERNAL, which is not definite', async () => {
    handlers.getArray = async () => {
      throw new TypeError('nothing there');
    };
    expect(await failureOf(client.getArray({}))).toMatchObject({
      code: status.INTERNAL,
      message: 'nothing there',
      isDefinite: false,
    });
  });

  it('ends a call at its deadline and tells the handler', async () => {
    let told: Promise<void> | undefined;
    handlers.getArray = async (_request, { signal }) => {
      told = new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      await told;
      return {};
    };
    expect(await failureOf(client.getArray({}, { timeoutMs: 50 }))).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await told;
  });

  it('ends a call when its signal is aborted and leaves no listener behind', async () => {
    handlers.getArray = async (_request, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const controller = new AbortController();
    const call = failureOf(client.getArray({}, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    expect(await call).toMatchObject({ code: status.CANCELLED, isDefinite: false });
    expect(await failureOf(client.getArray({}, { signal: controller.signal }))).toMatchObject({
      code: status.CANCELLED,
    });
  });

  it('does not abort a handler that has answered', async () => {
    let aborted = false;
    handlers.getArray = async (_request, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return {};
    };
    await client.getArray({});
    await client.getArray({});
    expect(aborted).toBe(false);
  });

  it('stops a stream at both ends when the reader breaks off', async () => {
    let ended: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => {
      ended = resolve;
    });
    handlers.watchOperations = async function* (_request, { signal }) {
      try {
        while (!signal.aborted) {
          yield { operation: { operationId: 'a' } };
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        ended();
      }
    };
    const seen: WatchOperationsResponse[] = [];
    for await (const event of client.watchOperations({})) {
      seen.push(event);
      if (seen.length === 3) {
        break;
      }
    }
    await stopped;
    expect(seen).toHaveLength(3);
  });

  it('holds a stream back while its reader is slow', async () => {
    let sent = 0;
    handlers.watchOperations = async function* () {
      for (; sent < 2_000; sent += 1) {
        yield { operation: { operationId: 'x'.repeat(100_000) } };
      }
    };
    for await (const _event of client.watchOperations({})) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      break;
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(200);
  });

  it('reports an error in mid-stream with its details', async () => {
    handlers.watchOperations = async function* () {
      yield { operation: { operationId: 'a' } };
      throw new RpcError(status.UNAVAILABLE, 'The array is stopping.', { reason: 'VSS_E_BAD_STATE' });
    };
    const read = async (): Promise<void> => {
      for await (const _event of client.watchOperations({})) {
        // Only the end counts.
      }
    };
    expect(await failureOf(read())).toMatchObject({ code: status.UNAVAILABLE, reason: 'VSS_E_BAD_STATE' });
  });
});

describe('error trailers', () => {
  it('are ignored when they are damaged or far too large', () => {
    for (const bytes of [Buffer.from([0xff, 0xff, 0xff]), Buffer.alloc(64 * 1024)]) {
      const trailers = new Metadata();
      trailers.set('grpc-status-details-bin', bytes);
      expect(decodeErrorTrailers(trailers)).toEqual({});
    }
  });
});
