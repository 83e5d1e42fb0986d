/**
 * A gRPC server on a unix socket whose answers are those of a plausible array, but for the one that is spoiled. It sends
 * bytes and not messages, so that an answer may be anything.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import type { GetLunsResponse } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../../src/rpc/rpc-error.ts';
import { encodeErrorTrailers } from '../../../src/rpc/status-details.ts';
import { type AnyMessage, METHODS } from './answer-fields.ts';
import type { PlausibleArray } from './plausible-array.ts';

/** How the answers of one method are spoiled: other bytes, or an error in their place. */
export type Spoiling = { readonly method: DescMethod } & (
  | { readonly kind: 'Bytes'; readonly bytes: (honest: AnyMessage) => Uint8Array }
  | { readonly kind: 'Status'; readonly status: Partial<StatusObject> }
);

/** More calls than any run makes: whoever asks on without end gets no answer any more. */
const MAX_CALLS = 2_000;

type Answer = { readonly bytes: Buffer } | { readonly error: Partial<StatusObject> };
type Answering = (error: Partial<StatusObject> | null, bytes?: Buffer) => void;

export class HostileArray {
  readonly endpoint = `unix://${join(tmpdir(), `lunresync-${randomUUID()}.sock`)}`;
  readonly #server = new Server();
  #array: PlausibleArray | undefined;
  #spoiling: Spoiling | undefined;
  #requests: { readonly method: string; readonly request: AnyMessage }[] = [];
  #spoiled = 0;
  #lastLuns: GetLunsResponse | undefined;

  async start(): Promise<void> {
    const definitions = Object.fromEntries(METHODS.map((method) => [method.localName, definitionOf(method)]));
    const handlers = METHODS.map((method) => [method.localName, this.#serve(method)]);
    this.#server.addService(definitions, Object.fromEntries(handlers) as Record<string, UntypedHandleCall>);
    const { endpoint } = this;
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(endpoint, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** Serves another array from now on. */
  serve(array: PlausibleArray): void {
    this.#array = array;
    this.#requests = [];
    this.#spoiled = 0;
    this.#lastLuns = undefined;
  }

  /** Spoils answers from now on; undefined: tells the truth again. */
  spoil(spoiling: Spoiling | undefined): void {
    this.#spoiling = spoiling;
  }

  /** What it was asked for. */
  get requests(): readonly { readonly method: string; readonly request: AnyMessage }[] {
    return this.#requests;
  }

  /** How many answers were spoiled. */
  get spoiled(): number {
    return this.#spoiled;
  }

  /** What it last said of the LUNs, lies included; undefined when that was no answer. */
  get lastLuns(): GetLunsResponse | undefined {
    return this.#lastLuns;
  }

  get isAskedWithoutEnd(): boolean {
    return this.#requests.length > MAX_CALLS;
  }

  #serve(method: DescMethod): unknown {
    if (method.methodKind === 'unary')
      return ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: Answering): void => {
        const made = this.#answers(method, request)[0];
        if (made === undefined || 'error' in made) answer(made?.error ?? { code: status.OK });
        else answer(null, made.bytes);
      };
    return (call: ServerWritableStream<Buffer, Buffer>): void => {
      for (const made of this.#answers(method, call.request))
        if ('error' in made) return void call.emit('error', made.error);
        else call.write(made.bytes);
      call.end();
    };
  }

  #answers(method: DescMethod, bytes: Buffer): Answer[] {
    const request = fromBinary(method.input, bytes) as unknown as AnyMessage;
    this.#requests.push({ method: method.name, request });
    if (this.isAskedWithoutEnd) return [{ error: { code: status.UNAVAILABLE, details: 'asked too often' } }];
    try {
      return this.#honest(method, request).map((message) => this.#spoil(method, message));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, message: details } = error;
      return [{ error: { code, details, metadata: encodeErrorTrailers(error) } }];
    }
  }

  #honest(method: DescMethod, request: AnyMessage): AnyMessage[] {
    const array = this.#array;
    const answer = array?.[method.localName as 'getArray'] as ((request: AnyMessage) => object) | undefined;
    if (answer === undefined) throw new RpcError(status.UNIMPLEMENTED, `${method.name} is not served`);
    const made = answer.call(array, request);
    return (Array.isArray(made) ? made : [made]).map(
      (init: Record<string, unknown>) => create(method.output, init) as unknown as AnyMessage,
    );
  }

  #spoil(method: DescMethod, message: AnyMessage): Answer {
    const spoiling = this.#spoiling?.method === method ? this.#spoiling : undefined;
    if (spoiling !== undefined) this.#spoiled += 1;
    if (spoiling?.kind === 'Status') return { error: { metadata: new Metadata(), ...spoiling.status } };
    const honest = Buffer.from(toBinary(method.output, message as never));
    // A copy: what is spoiled may not spoil the array's own records.
    const copy = fromBinary(method.output, honest) as unknown as AnyMessage;
    const bytes = spoiling === undefined ? honest : Buffer.from(spoiling.bytes(copy));
    if (method.localName === 'getLuns') this.#lastLuns = readable(method, bytes);
    return { bytes };
  }
}

function definitionOf(method: DescMethod): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === 'server_streaming',
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
}

function readable(method: DescMethod, bytes: Buffer): GetLunsResponse | undefined {
  try {
    return fromBinary(method.output, bytes) as unknown as GetLunsResponse;
  } catch {
    return undefined;
  }
}
