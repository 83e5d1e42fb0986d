/** The HTTP server for probes and Prometheus: /livez, /readyz and /metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from './config.ts';

/** Undefined when all is well, else one sentence saying what is not. */
export type HealthCheck = () => string | undefined;

/** `metrics` renders the registry; checks are named by what they check. */
export type HealthOptions = {
  readonly address: ListenAddress;
  readonly live: Readonly<Record<string, HealthCheck>>;
  readonly ready: Readonly<Record<string, HealthCheck>>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
};

/** A running server. `close` ends its connections at once. */
export type HealthServer = { readonly port: number; close(): Promise<void> };

type Answer = { readonly status: number; readonly contentType: string; readonly body: string };

/** Starts listening. Rejects when the address is taken. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    void respond(options, request, response);
  });
  server.maxConnections = 64;
  await listen(server, options.address);
  return {
    port: (server.address() as AddressInfo).port,
    close: async (): Promise<void> => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function respond(options: HealthOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    answer = await route(options, request);
  } catch (error) {
    answer = plain(500, error instanceof Error ? error.message : String(error));
  }
  response.writeHead(answer.status, { 'Content-Type': answer.contentType, 'Cache-Control': 'no-store' });
  response.end(request.method === 'HEAD' ? '' : answer.body);
}

async function route(options: HealthOptions, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET is answered');
  const path = (request.url ?? '/').split('?')[0];
  if (path === '/livez') return outcome(options.live);
  if (path === '/readyz') return outcome(options.ready);
  if (path === '/metrics') return { status: 200, ...(await options.metrics()) };
  return plain(404, 'try /livez, /readyz or /metrics');
}

/** One line per check, as the API server's own /readyz?verbose writes them. */
function outcome(checks: Readonly<Record<string, HealthCheck>>): Answer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name}: ${problem}`,
  );
  return plain(results.every(({ problem }) => problem === undefined) ? 200 : 503, lines.join('\n'));
}

function plain(status: number, text: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}
