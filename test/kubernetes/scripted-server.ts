/** An API server that answers as the test says, for what a real one cannot be made to do: expire, throttle, stall, lie. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiServer, type CountedRequest } from '../../src/kubernetes/http.ts';
import { PooledKubeConfig } from '../../src/kubernetes/kube-config.ts';

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
};
export type Handler = (request: Received, response: ServerResponse, headers: IncomingMessage['headers']) => void;

/** A running server; `handler` may be changed at any time. */
export class ScriptedServer implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly counted: CountedRequest[] = [];
  readonly config = new PooledKubeConfig();
  readonly server: ApiServer;
  readonly #http: Server;
  connections = 0;
  handler: Handler;

  constructor(http: Server, handler: Handler) {
    this.#http = http;
    this.handler = handler;
    http.on('connection', () => {
      this.connections += 1;
    });
    http.on('request', (request, response) => void this.#respond(request, response));
    const { port } = http.address() as AddressInfo;
    const cluster = { name: 'scripted', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    this.config.loadFromClusterAndUser(cluster, { name: 'user', token: 'secret-token' });
    const onRequest = (request: CountedRequest): number => this.counted.push(request);
    this.server = new ApiServer({ config: this.config, version: '1.2.3', onRequest });
  }

  static async start(handler: Handler): Promise<ScriptedServer> {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new ScriptedServer(http, handler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.config.close();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const received = { method: request.method ?? '', path: url.pathname, query: url.searchParams, body };
    this.received.push(received);
    this.handler(received, response, request.headers);
  }
}

export function json(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function status(code: number, reason: string, message = reason): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

/** Waits until `look` gives something, for five seconds at most. */
export async function eventually<T>(look: () => T | undefined | false): Promise<T> {
  const until = performance.now() + 5_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`not within 5 s: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
