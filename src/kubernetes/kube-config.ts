/**
 * Where the API server is and how to prove who we are. The package's own KubeConfig opens a new TLS connection for each
 * request; this one keeps a bounded pool and replaces it only when the certificates change.
 */
import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** What one request needs: the server's URL without a trailing slash, the credentials' headers, the pool to send it by. */
export type Connection = {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
};

/** At most this many connections: one for each watch, the rest for requests, which wait for a free one. */
const MAX_CONNECTIONS = 32;
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** A KubeConfig whose requests, the generated clients' too, share one pool of HTTP/1.1 connections. Close it at the end. */
export class PooledKubeConfig extends KubeConfig {
  #dispatcher: Dispatcher | undefined;
  #material = '';

  /**
   * The connection as the credentials are now. Tokens and certificates are read again from their files, so call this for
   * every request. Throws when the current context names no cluster, or the credentials cannot be read.
   */
  async connection(): Promise<Connection> {
    const cluster = this.getCurrentCluster();
    if (cluster === null) throw new Error(`kubeconfig: context "${this.currentContext}" names no cluster`);
    const options: RequestOptions = {};
    await this.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value).trim();
    if (typeof options.auth === 'string') headers['Authorization'] = `Basic ${btoa(options.auth)}`;
    return {
      server: cluster.server.replace(/\/+$/, ''),
      headers,
      dispatcher: this.#pool(options, cluster.proxyUrl),
    };
  }

  /** The namespace of the current context; `default` where it names none, as kubectl takes it. */
  get namespace(): string {
    return this.getContextObject(this.currentContext)?.namespace || 'default';
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const connection = await this.connection();
    for (const [name, value] of Object.entries(connection.headers)) context.setHeaderParam(name, value);
    context.setDispatcher(connection.dispatcher);
  }

  /** Ends every connection at once; requests still running fail. */
  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  #pool(options: RequestOptions, proxyUrl: string | undefined): Dispatcher {
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
    const tls = definedOnly({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
    const material = JSON.stringify([proxyUrl, ...Object.entries(tls).map(([name, value]) => [name, String(value)])]);
    if (this.#dispatcher !== undefined && material === this.#material) return this.#dispatcher;
    // Requests on the old certificate finish; a watch there lives on until its server-side timeout.
    const old = this.#dispatcher;
    this.#dispatcher = openPool(tls, proxyUrl);
    this.#material = material;
    old?.close().catch(ignoreDestroyed);
    return this.#dispatcher;
  }
}

/**
 * Loads a kubeconfig from `path`, or, without one, the Pod's service account, `KUBECONFIG` or `~/.kube/config`. Throws,
 * saying what to set, when there is none of them.
 */
export function loadKubeConfig(path?: string): PooledKubeConfig {
  const config = new PooledKubeConfig();
  if (path !== undefined) config.loadFromFile(path);
  else if (existsSync(SERVICE_ACCOUNT_TOKEN)) config.loadFromCluster();
  else config.loadFromDefault();
  refuseGuess(config, 'pass --kubeconfig, set KUBECONFIG, or run in a Pod with a service account');
  return config;
}

/**
 * Loads the kubeconfig of a person as kubectl does: from `path`, else `KUBECONFIG`, `~/.kube/config` or, without those, the
 * Pod's service account; `context` is another than its current one. Throws, saying what to set.
 */
export function loadUserKubeConfig(choice: {
  readonly path?: string | undefined;
  readonly context?: string | undefined;
}): PooledKubeConfig {
  const config = new PooledKubeConfig();
  if (choice.path !== undefined) config.loadFromFile(choice.path);
  // Of several files in KUBECONFIG the first says the context, as for kubectl; the package would take the last one's.
  else config.loadFromDefault(undefined, true);
  refuseGuess(config, 'pass --kubeconfig or set KUBECONFIG');
  if (choice.context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(choice.context)) {
      throw new Error(`kubeconfig: there is no context "${choice.context}"; there are ${names.join(', ') || 'none'}`);
    }
    config.setCurrentContext(choice.context);
  }
  return config;
}

/** The package's last resort is plain HTTP on port 8080, which no cluster serves and which would fail later and darker. */
function refuseGuess(config: KubeConfig, remedy: string): void {
  if (config.getCurrentCluster()?.server !== 'http://localhost:8080') return;
  throw new Error(`no kubeconfig found: ${remedy}`);
}

function openPool(tls: object, proxyUrl: string | undefined): Dispatcher {
  const common = {
    // One dead HTTP/2 connection would stall every watch and request at once.
    allowH2: false,
    connections: MAX_CONNECTIONS,
    headersTimeout: 30_000,
    // A watch may be silent for long; the reflector has its own timer for that.
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  };
  const connect = { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxyUrl === undefined) return new Agent({ ...common, connect });
  if (!proxyUrl.startsWith('http')) {
    throw new Error(`kubeconfig: proxy-url "${proxyUrl}" is not supported, use an http or https proxy`);
  }
  return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: connect });
}

function definedOnly(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function ignoreDestroyed(): void {
  // The pool was destroyed by close() before its last request ended: nothing is left to wait for.
}
