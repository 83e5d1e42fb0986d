/**
 * What lies between an operator and the others: every request and every call is an effect, takes its time, and may be lost,
 * late, doubled or answered by something else. A dead operator sends nothing more and hears nothing.
 */
import { create, type DescMethod, type MessageInitShape } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import { ApiFailure, noAnswer, parseFailedAnswer } from '../../../src/kubernetes/api-error.ts';
import type { ApiRequest, ApiTransport } from '../../../src/kubernetes/http.ts';
import { LunArray } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../../src/rpc/rpc-error.ts';
import type { CallOptions, ServiceClient } from '../../../src/rpc/service-types.ts';
import type { ArrayMachine } from './array-machine.ts';
import type { VirtualClock } from './clock.ts';
import { type Chaos, type Effect, type EffectLog, type Fault, never } from './effects.ts';

/** One end of the network: an operator process. */
export type Endpoint = {
  readonly name: string;
  readonly isDead: () => boolean;
  /** Resolves when the process may go on; at once unless it is stopped. */
  readonly resumed: () => Promise<void>;
  readonly die: (effect: Effect, fault: Extract<Fault, { kind: 'Crash' }>) => void;
};

export type NetworkOptions = {
  readonly clock: VirtualClock;
  readonly effects: EffectLog;
  readonly chaos: () => Chaos;
};

const API_DEADLINE_MS = 30_000;
const RPC_DEADLINE_MS = 10_000;
const STREAM_MS = 3_600_000;

/** How one exchange is carried out, and how its failures look to the sender. */
type Exchange<T> = {
  readonly name: string;
  readonly subject: string;
  readonly deadlineMs: number;
  readonly deliver: () => Promise<T>;
  readonly noAnswer: (message: string) => Error;
  readonly refusal: (code: number) => Error;
};

export class Network {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** The API server as that operator reaches it. `stale` gives an older view for lists and watches, where there is one. */
  transport(from: Endpoint, server: ApiTransport, stale: () => ApiTransport | undefined): ApiTransport {
    return {
      send: (request) => {
        const name = nameOf(request);
        const target = request.verb === 'list' ? (stale() ?? server) : server;
        return this.#exchange(from, {
          name,
          subject: request.object ?? '',
          deadlineMs: request.deadlineMs ?? API_DEADLINE_MS,
          deliver: () => target.send(request),
          noAnswer: (message) => new ApiFailure(name, noAnswer(message)),
          refusal: (code) => new ApiFailure(name, parseFailedAnswer({ code, retryAfter: retryAfter(code), body: '' })),
        });
      },
      stream: (request) => this.#watch(from, request, stale() ?? server),
    };
  }

  /** An array as that operator reaches it. */
  arrayClient(from: Endpoint, machine: () => ArrayMachine): ServiceClient<typeof LunArray> {
    const calls: Record<string, unknown> = {};
    for (const method of LunArray.methods)
      calls[method.localName] =
        method.methodKind === 'unary'
          ? (request: MessageInitShape<DescMethod['input']>, options?: CallOptions) =>
              this.#call(from, machine, { method, request, options })
          : (request: MessageInitShape<DescMethod['input']>, options?: CallOptions) =>
              this.#stream(from, machine, { method, request, options });
    return calls as ServiceClient<typeof LunArray>;
  }

  #call(from: Endpoint, machine: () => ArrayMachine, call: Call): Promise<unknown> {
    const { method, request, options } = call;
    return this.#exchange(from, {
      name: method.name,
      subject: subjectOf(request),
      deadlineMs: options?.timeoutMs ?? RPC_DEADLINE_MS,
      deliver: () => deliver(machine(), call),
      noAnswer: (message) => new RpcError(status.DEADLINE_EXCEEDED, message),
      refusal: (code) => new RpcError(code, 'refused on the way'),
    });
  }

  async #exchange<T>(from: Endpoint, exchange: Exchange<T>): Promise<T> {
    const { clock, effects, chaos } = this.#options;
    await from.resumed();
    if (from.isDead()) return never();
    const { effect, fault } = effects.enter(from.name, exchange.name, exchange.subject);
    if (fault?.kind === 'Crash' && fault.point === 'before') return dies(from, effect, fault);
    const [there, back] = chaos().latencyOf(effect);
    const answer = this.#send(exchange, fault, there);
    if (fault?.kind === 'LoseRequest' || fault?.kind === 'LoseAnswer' || fault?.kind === 'Late') {
      await clock.wait(exchange.deadlineMs);
      return this.#hear(from, () => Promise.reject(exchange.noAnswer('no answer in time')));
    }
    const outcome = await answer;
    if (fault?.kind === 'Crash' && fault.point === 'lost') return dies(from, effect, fault);
    await clock.wait(back);
    return this.#hear(from, async () => {
      if (fault?.kind === 'Crash') return dies(from, effect, fault);
      if (fault?.kind === 'Refuse') throw exchange.refusal(fault.code);
      if (!outcome.ok) throw outcome.error;
      return outcome.value;
    });
  }

  async #hear<T>(from: Endpoint, answer: () => Promise<T>): Promise<T> {
    await from.resumed();
    return from.isDead() ? never() : answer();
  }

  async #send<T>(exchange: Exchange<T>, fault: Fault | undefined, there: number): Promise<Outcome<T>> {
    const { clock } = this.#options;
    if (fault?.kind === 'LoseRequest') return never();
    await clock.wait(fault?.kind === 'Late' ? fault.delayMs : there);
    if (fault?.kind === 'Duplicate') void clock.wait(fault.delayMs).then(() => outcomeOf(exchange.deliver));
    if (fault?.kind === 'Refuse' && !fault.isApplied) return { ok: false, error: exchange.refusal(fault.code) };
    return outcomeOf(exchange.deliver);
  }

  /** Events arrive in order, each after its time; a silenced watch stays open and brings nothing. */
  async *#watch(from: Endpoint, request: ApiRequest, server: ApiTransport): AsyncGenerator<unknown, void, undefined> {
    const { clock, effects, chaos } = this.#options;
    await from.resumed();
    if (from.isDead()) await never();
    const { effect, fault } = effects.enter(from.name, nameOf(request), '');
    const [there, back] = chaos().latencyOf(effect);
    await clock.wait(there);
    if (fault?.kind === 'Refuse')
      throw new ApiFailure(nameOf(request), parseFailedAnswer({ code: fault.code, retryAfter: undefined, body: '' }));
    if (fault?.kind === 'LoseRequest' || fault?.kind === 'LoseAnswer') await untilAborted(request.signal);
    const cutAt = fault?.kind === 'Late' || fault?.kind === 'Duplicate' ? 1 : Number.POSITIVE_INFINITY;
    let count = 0;
    for await (const event of failingAs(server.stream(request), request)) {
      await clock.wait(back);
      await from.resumed();
      if (from.isDead()) await never();
      yield event;
      count += 1;
      if (count >= cutAt) throw new ApiFailure(nameOf(request), noAnswer('the connection was cut'));
    }
  }

  async *#stream(
    from: Endpoint,
    machine: () => ArrayMachine,
    { method, request, options }: Call,
  ): AsyncGenerator<unknown, void, undefined> {
    const { clock, effects, chaos } = this.#options;
    await from.resumed();
    if (from.isDead()) await never();
    const { effect, fault } = effects.enter(from.name, method.name, '');
    const [there, back] = chaos().latencyOf(effect);
    await clock.wait(there);
    if (fault?.kind === 'Refuse') throw new RpcError(fault.code, 'refused on the way');
    const { process } = machine();
    if (process === undefined) throw new RpcError(status.UNAVAILABLE, 'the array is down');
    const ended = new AbortController();
    const end = (): void => ended.abort();
    options?.signal?.addEventListener('abort', end);
    void process.died.then(end);
    const cancel = clock.after(STREAM_MS, end);
    const handler = process.service[method.localName as 'watchOperations'];
    const input = create(method.input, request) as Parameters<typeof handler>[0];
    try {
      for await (const answer of handler(input, { signal: ended.signal, metadata: new Metadata(), peer: from.name })) {
        await clock.wait(back);
        await from.resumed();
        if (from.isDead()) await never();
        yield create(method.output, answer);
      }
      if (process.isDead()) throw new RpcError(status.UNAVAILABLE, 'the array went down');
    } finally {
      cancel();
      options?.signal?.removeEventListener('abort', end);
    }
  }
}

type Call = {
  readonly method: (typeof LunArray.methods)[number];
  readonly request: MessageInitShape<DescMethod['input']>;
  readonly options: CallOptions | undefined;
};

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

async function outcomeOf<T>(deliver: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await deliver() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

async function deliver(machine: ArrayMachine, { method, request }: Call): Promise<unknown> {
  const { process } = machine;
  const down = new RpcError(status.UNAVAILABLE, `array ${machine.name} is down`);
  if (process === undefined) throw down;
  const handler = process.service[method.localName as 'getArray'];
  const context = { signal: new AbortController().signal, metadata: new Metadata(), peer: 'operator' };
  const answer = handler(create(method.input, request) as Parameters<typeof handler>[0], context);
  const died = process.died.then(() => Promise.reject(down));
  try {
    return create(method.output, (await Promise.race([answer, died])) as MessageInitShape<DescMethod['output']>);
  } catch (error) {
    throw error instanceof RpcError ? error : new RpcError(status.INTERNAL, String(error));
  }
}

function dies(from: Endpoint, effect: Effect, fault: Extract<Fault, { kind: 'Crash' }>): Promise<never> {
  from.die(effect, fault);
  return never();
}

function nameOf({ verb, resource, path }: ApiRequest): string {
  return `${verb} ${resource}${path.endsWith('/status') ? '/status' : ''}`;
}

function retryAfter(code: number): string | undefined {
  return code === 429 ? '1' : undefined;
}

/** A connection that breaks is a failure of the request, unless the caller gave it up. */
async function* failingAs(
  events: AsyncGenerator<unknown, void, undefined>,
  request: ApiRequest,
): AsyncGenerator<unknown, void, undefined> {
  try {
    yield* events;
  } catch (error) {
    if (request.signal?.aborted === true || error instanceof ApiFailure) throw error;
    throw new ApiFailure(nameOf(request), noAnswer(String(error)), { cause: error });
  }
}

function subjectOf(request: object): string {
  const id: unknown = Reflect.get(request, 'operationId') ?? Reflect.get(request, 'owner');
  return typeof id === 'string' ? id : '';
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('the watch was given up')));
  });
}
