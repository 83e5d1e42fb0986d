/**
 * Calls a generated service over a grpc-js client. Every call has a deadline, can be aborted, and fails with RpcError.
 */
import { create, type DescMethod, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { type AnyMessage, methodDefinition } from './method-definition.ts';
import { RpcError } from './rpc-error.ts';
import type { CallOptions, RpcService, ServiceClient } from './service-types.ts';
import { decodeErrorTrailers } from './status-details.ts';

/** One unary call that has ended. `method` is its name in the protocol, `code` the name of its gRPC status. */
export type EndedCall = { readonly method: string; readonly code: string; readonly seconds: number };

/** The deadlines of calls that name none, and who is told of calls. */
export type ClientDefaults = {
  /** Of a unary call, in milliseconds; 10 s when absent. */
  readonly timeoutMs?: number;
  /** Of a stream from its first to its last message, in milliseconds; one hour when absent. */
  readonly streamTimeoutMs?: number;
  /** Told of each unary call that was sent, when it ends. It may not throw. */
  readonly onEnded?: (call: EndedCall) => void;
};

type Request = MessageInitShape<DescMethod['input']>;

/**
 * A typed client of a service. The caller keeps and closes the grpc-js client.
 *
 * A stream begins when it is iterated, and is cancelled when the iteration ends early.
 */
export function createClient<S extends RpcService>(
  service: S,
  client: Client,
  defaults: ClientDefaults = {},
): ServiceClient<S> {
  const { timeoutMs = 10_000, streamTimeoutMs = 3_600_000, onEnded = ignore } = defaults;
  const functions: Record<string, unknown> = {};
  for (const method of service.methods) {
    functions[method.localName] =
      method.methodKind === 'server_streaming'
        ? (request: Request, options?: CallOptions) =>
            callStream(client, method, request, { timeoutMs: streamTimeoutMs, ...options })
        : (request: Request, options?: CallOptions) =>
            callUnary(client, method, request, { timeoutMs, ...options, onEnded });
  }
  return functions as ServiceClient<S>;
}

function ignore(): void {
  // Nobody wants to know.
}

type BoundedOptions = CallOptions & { readonly timeoutMs: number };
type UnaryOptions = BoundedOptions & { readonly onEnded: (call: EndedCall) => void };

async function callUnary(
  client: Client,
  method: DescMethod,
  request: Request,
  options: UnaryOptions,
): Promise<AnyMessage> {
  throwIfAborted(method, options.signal);
  const definition = methodDefinition(method);
  const startedAt = performance.now();
  let call: ClientUnaryCall | undefined;
  const cancel = (): void => call?.cancel();
  try {
    return await new Promise<AnyMessage>((resolve, reject) => {
      call = client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        create(method.input, request),
        new Metadata(),
        { deadline: Date.now() + options.timeoutMs },
        (error, value) => {
          const code = status[error?.code ?? status.OK];
          options.onEnded({ method: method.name, code, seconds: (performance.now() - startedAt) / 1000 });
          if (error === null && value !== undefined) {
            resolve(value);
            return;
          }
          reject(rpcErrorOf(method, error));
        },
      );
      options.signal?.addEventListener('abort', cancel);
    });
  } finally {
    options.signal?.removeEventListener('abort', cancel);
  }
}

async function* callStream(
  client: Client,
  method: DescMethod,
  request: Request,
  options: BoundedOptions,
): AsyncGenerator<AnyMessage, void, undefined> {
  throwIfAborted(method, options.signal);
  const definition = methodDefinition(method);
  const call: ClientReadableStream<AnyMessage> = client.makeServerStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
    create(method.input, request),
    new Metadata(),
    { deadline: Date.now() + options.timeoutMs },
  );
  const cancel = (): void => call.cancel();
  // Cancelling reports an error after the iteration has let go of the stream; without a listener it would be thrown.
  call.on('error', () => undefined);
  options.signal?.addEventListener('abort', cancel);
  try {
    yield* call as AsyncIterable<AnyMessage>;
  } catch (error) {
    throw rpcErrorOf(method, error);
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

function throwIfAborted(method: DescMethod, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    const message = `${method.name} was not sent: the caller had given up before.`;
    throw new RpcError(status.CANCELLED, message, { cause: signal.reason });
  }
}

function rpcErrorOf(method: DescMethod, error: unknown): RpcError {
  if (!isServiceError(error)) {
    return new RpcError(status.UNKNOWN, `${method.name} failed outside gRPC: ${String(error)}`, { cause: error });
  }
  return new RpcError(error.code, error.details, { ...decodeErrorTrailers(error.metadata), cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}
