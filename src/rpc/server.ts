/**
 * Serves a generated service on a grpc-js server with handlers that are plain async functions and generators.
 */
import { create, type DescMethod, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Metadata,
  type MethodDefinition,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { type AnyMessage, methodDefinition } from './method-definition.ts';
import { RpcError } from './rpc-error.ts';
import type { CallContext, RpcService, ServiceImplementation } from './service-types.ts';
import { boundedText, encodeErrorTrailers } from './status-details.ts';

type UnaryCall = ServerUnaryCall<AnyMessage, AnyMessage>;
type StreamCall = ServerWritableStream<AnyMessage, AnyMessage>;
type UnaryHandler = (request: AnyMessage, context: CallContext) => Promise<MessageInitShape<DescMethod['output']>>;
type StreamHandler = (
  request: AnyMessage,
  context: CallContext,
) => AsyncIterable<MessageInitShape<DescMethod['output']>>;

/**
 * Adds a service to a server that has not been started.
 *
 * A handler's RpcError reaches the caller with code, message, reason and fields; anything else that it throws becomes
 * INTERNAL with the error's message.
 */
export function addService<S extends RpcService>(
  server: Server,
  service: S,
  implementation: ServiceImplementation<S>,
): void {
  const definitions: Record<string, MethodDefinition<AnyMessage, AnyMessage>> = {};
  const handlers: Record<string, UntypedHandleCall> = {};
  const functions = implementation as Readonly<Record<string, unknown>>;
  for (const method of service.methods) {
    definitions[method.localName] = methodDefinition(method);
    handlers[method.localName] =
      method.methodKind === 'server_streaming'
        ? serveStream(method, functions[method.localName] as StreamHandler)
        : serveUnary(method, functions[method.localName] as UnaryHandler);
  }
  server.addService(definitions, handlers);
}

function serveUnary(method: DescMethod, handler: UnaryHandler): UntypedHandleCall {
  return (call: UnaryCall, answer: (error: Partial<StatusObject> | null, value?: AnyMessage) => void): void => {
    const { context, close } = openContext(call);
    const run = async (): Promise<AnyMessage> => create(method.output, await handler(call.request, context));
    run()
      .finally(close)
      .then(
        (value) => answer(null, value),
        (error: unknown) => answer(statusOf(error)),
      );
  };
}

function serveStream(method: DescMethod, handler: StreamHandler): UntypedHandleCall {
  return (call: StreamCall): void => {
    const { context, close } = openContext(call);
    const run = async (): Promise<void> => {
      for await (const value of handler(call.request, context)) {
        if (context.signal.aborted) {
          return;
        }
        if (!call.write(create(method.output, value))) {
          await drained(call, context.signal);
        }
      }
    };
    run()
      .finally(close)
      .then(
        () => call.end(),
        (error: unknown) => call.emit('error', statusOf(error)),
      );
  };
}

function openContext(call: UnaryCall | StreamCall): { context: CallContext; close: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new RpcError(status.CANCELLED, 'The caller has gone away.'));
  // grpc-js emits `cancelled` after every call, also a successful one: only what comes before the answer counts.
  call.once('cancelled', abort);
  return {
    context: { signal: controller.signal, metadata: call.metadata, peer: call.getPeer() },
    close: () => call.removeListener('cancelled', abort),
  };
}

/** Waits until a slow reader has room again, so that a stream never fills the server's memory. */
async function drained(call: StreamCall, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) {
      done();
    }
  });
}

function statusOf(error: unknown): StatusObject {
  if (error instanceof RpcError) {
    return { code: error.code, details: boundedText(error.message), metadata: encodeErrorTrailers(error) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: status.INTERNAL, details: boundedText(message), metadata: new Metadata() };
}
