/**
 * The types that connect a generated service descriptor with its implementation and its client.
 */
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { GenService } from '@bufbuild/protobuf/codegenv2';
import type { Metadata } from '@grpc/grpc-js';

/** A generated service whose methods are unary or stream from the server: all that this bridge carries. */
export type RpcService = GenService<
  Record<string, { input: DescMessage; output: DescMessage; methodKind: 'unary' | 'server_streaming' }>
>;

/** What a server handler knows about its call. */
export type CallContext = {
  /** Aborted when the caller goes away or its deadline passes; never after the handler has answered. */
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  /** The caller's address as the transport names it. */
  readonly peer: string;
};

/** What a client may set for one call. */
export type CallOptions = {
  /** Cancels the call, which then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call rejects with DEADLINE_EXCEEDED. The client's own default applies when it is absent. */
  readonly timeoutMs?: number;
};

type Unary<I, O> = { methodKind: 'unary'; input: I; output: O };
type Streaming<I, O> = { methodKind: 'server_streaming'; input: I; output: O };

type Handler<M> =
  M extends Unary<infer I extends DescMessage, infer O extends DescMessage>
    ? (request: MessageShape<I>, context: CallContext) => Promise<MessageInitShape<O>>
    : M extends Streaming<infer I extends DescMessage, infer O extends DescMessage>
      ? (request: MessageShape<I>, context: CallContext) => AsyncIterable<MessageInitShape<O>>
      : never;

type Call<M> =
  M extends Unary<infer I extends DescMessage, infer O extends DescMessage>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends Streaming<infer I extends DescMessage, infer O extends DescMessage>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : never;

/** One handler for each method of a service. A handler throws RpcError to refuse. */
export type ServiceImplementation<S extends RpcService> = {
  readonly [K in keyof S['method']]: Handler<S['method'][K]>;
};

/** One function for each method of a service. Every failure is an RpcError. */
export type ServiceClient<S extends RpcService> = { readonly [K in keyof S['method']]: Call<S['method'][K]> };
