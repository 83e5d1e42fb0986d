/**
 * Between a real operator and a real array: calls pass here, and are answered by something else, with their effect or
 * without, or delivered later than their caller waits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { LunArray } from '../../../../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../../../../src/rpc/rpc-error.ts';
import { addService } from '../../../../../src/rpc/server.ts';
import type { ServiceClient, ServiceImplementation } from '../../../../../src/rpc/service-types.ts';

export type Call = { readonly method: string; readonly request: object };

export type Interference =
  /** The caller hears this code; the array has done it, or has never heard of it. */
  | { readonly kind: 'Code'; readonly code: number; readonly isApplied: boolean }
  /** The caller hears that the time is up; the array gets the call when the promise resolves. */
  | { readonly kind: 'Late'; readonly until: Promise<void>; readonly onDelivered: (outcome: string) => void }
  /** The array gets the call a second time right after the first. */
  | { readonly kind: 'Twice' };

type Methods = Readonly<Record<string, (request: object, options?: object) => unknown>>;

export class GrpcProxy implements AsyncDisposable {
  readonly endpoint: string;
  readonly rules = new Set<(call: Call) => Interference | undefined>();
  /** Of the array. Calls that come before it is known wait for it. */
  readonly #client = Promise.withResolvers<Methods>();
  readonly #server: Server;
  readonly #folder: string;

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.endpoint = `unix://${join(folder, 'array.sock')}`;
    addService(server, LunArray, this.#implementation());
  }

  static async start(): Promise<GrpcProxy> {
    const folder = await mkdtemp(join(tmpdir(), 'grpc-proxy-'));
    const server = new Server();
    const proxy = new GrpcProxy(server, folder);
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${join(folder, 'array.sock')}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return proxy;
  }

  /** Says where calls go, once: the endpoint of a proxy is needed before its array is there. */
  leadTo(client: ServiceClient<typeof LunArray>): void {
    this.#client.resolve(client as unknown as Methods);
  }

  /** Interferes with the first so many calls that match. */
  interfere(times: number, matches: (call: Call) => boolean, interference: Interference): void {
    let left = times;
    this.rules.add((call) => {
      if (left === 0 || !matches(call)) return undefined;
      left -= 1;
      return interference;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #implementation(): ServiceImplementation<typeof LunArray> {
    const handlers: Record<string, unknown> = {};
    for (const { localName, name, methodKind } of LunArray.methods)
      handlers[localName] =
        methodKind === 'unary'
          ? (request: object) => this.#pass({ method: name, request }, localName)
          : (request: object, { signal }: { signal: AbortSignal }) => this.#follow(localName, request, signal);
    return handlers as ServiceImplementation<typeof LunArray>;
  }

  async *#follow(localName: string, request: object, signal: AbortSignal): AsyncIterable<unknown> {
    const client = await this.#client.promise;
    yield* client[localName]?.(request, { signal }) as AsyncIterable<unknown>;
  }

  async #pass(call: Call, localName: string): Promise<unknown> {
    const deliver = async (): Promise<unknown> => (await this.#client.promise)[localName]?.(call.request);
    const interference = this.#interferenceWith(call);
    switch (interference?.kind) {
      case undefined:
        return deliver();
      case 'Twice':
        await deliver().catch(() => undefined);
        return deliver();
      case 'Code':
        if (interference.isApplied) await deliver().catch(() => undefined);
        throw new RpcError(interference.code, 'as ordered');
      case 'Late':
        void interference.until.then(deliver).then(
          () => interference.onDelivered('OK'),
          (error: unknown) =>
            interference.onDelivered(error instanceof RpcError ? (status[error.code] ?? '') : String(error)),
        );
        throw new RpcError(status.DEADLINE_EXCEEDED, 'as ordered');
    }
  }

  #interferenceWith(call: Call): Interference | undefined {
    for (const rule of this.rules) {
      const interference = rule(call);
      if (interference !== undefined) return interference;
    }
    return undefined;
  }
}
