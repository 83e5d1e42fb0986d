/**
 * Raw JSON requests to the API server. Raw, because the generated clients turn list items into class instances and
 * watched ones not, patch with a content type that custom resources refuse, and cannot put a limit on an answer.
 */
import { request as send } from 'undici';
import { ApiFailure, noAnswer, parseFailedAnswer } from './api-error.ts';
import type { PooledKubeConfig } from './kube-config.ts';
import { readJson, readJsonLines, readText } from './response-body.ts';

/** What is asked of a resource, as RBAC calls it. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';

/** One request. `path` starts with a slash and its parts are already escaped. */
export type ApiRequest = {
  readonly verb: Verb;
  readonly resource: string;
  readonly subresource?: string;
  readonly path: string;
  /** Which object, for error messages: `namespace/name`, or empty for a collection. */
  readonly object?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** How a `patch` reads its body; `merge` (RFC 7386) unless said. */
  readonly patchType?: 'merge' | 'json';
  readonly signal?: AbortSignal;
  /** Until the whole answer is there, or, for a watch, its headers. 30 s unless said. */
  readonly deadlineMs?: number;
};

/** One finished request, as counted. `code` is 0 when no answer came; a watch is counted when it is opened or refused. */
export type CountedRequest = {
  readonly method: string;
  readonly verb: Verb;
  readonly resource: string;
  readonly subresource: string;
  readonly code: number;
};

/** `onRequest` is called once for each request that was sent; it must not throw. */
export type ApiServerOptions = {
  readonly config: PooledKubeConfig;
  readonly version: string;
  readonly onRequest?: (request: CountedRequest) => void;
};

/** What everything that talks to the API server needs of it. Both reject as the methods of ApiServer do. */
export type ApiTransport = {
  readonly send: (request: ApiRequest) => Promise<unknown>;
  readonly stream: (request: ApiRequest) => AsyncGenerator<unknown, void, undefined>;
};

const METHODS = { get: 'GET', list: 'GET', watch: 'GET', create: 'POST', patch: 'PATCH', delete: 'DELETE' } as const;
const DEFAULT_DEADLINE_MS = 30_000;

type Answer = Awaited<ReturnType<typeof send>>;

/**
 * The API server. Every method rejects with an ApiFailure, except that an abort by the caller's own signal rejects with
 * that signal's reason. An `Unavailable` write may have been carried out.
 */
export class ApiServer implements ApiTransport {
  readonly #options: ApiServerOptions;
  readonly #userAgent: string;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#userAgent = `lunresync/${options.version}`;
  }

  /** Sends a request and gives the answer's JSON. */
  async send(request: ApiRequest): Promise<unknown> {
    using limit = new Limit(request);
    try {
      const answer = await this.#exchange(request, limit.signal);
      return await readJson(answer.body);
    } catch (error) {
      throw limit.explain(error);
    }
  }

  /** Sends a request and gives the answer as it is, such as a log. */
  async text(request: ApiRequest): Promise<string> {
    using limit = new Limit(request);
    try {
      const answer = await this.#exchange(request, limit.signal);
      return await readText(answer.body);
    } catch (error) {
      throw limit.explain(error);
    }
  }

  /** Opens a stream of JSON values, one a line, as a watch sends them. It ends when the server closes it. */
  async *stream(request: ApiRequest): AsyncGenerator<unknown, void, undefined> {
    using limit = new Limit(request);
    try {
      const answer = await this.#exchange(request, limit.signal);
      limit.lift();
      yield* readJsonLines(answer.body);
    } catch (error) {
      throw limit.explain(error);
    }
  }

  async #exchange(request: ApiRequest, signal: AbortSignal): Promise<Answer> {
    const connection = await this.#options.config.connection();
    const query = new URLSearchParams(request.query).toString();
    let code = 0;
    try {
      const answer = await send(`${connection.server}${request.path}${query === '' ? '' : `?${query}`}`, {
        method: METHODS[request.verb],
        dispatcher: connection.dispatcher,
        headers: { ...connection.headers, ...this.#headers(request) },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
      });
      code = answer.statusCode;
      if (code < 300) return answer;
      throw new ApiFailure(nameOf(request), await readFailure(answer));
    } finally {
      this.#count(request, code);
    }
  }

  #headers(request: ApiRequest): Record<string, string> {
    const headers = { Accept: 'application/json', 'User-Agent': this.#userAgent };
    return request.body === undefined ? headers : { ...headers, 'Content-Type': contentType(request) };
  }

  #count(request: ApiRequest, code: number): void {
    const { verb, resource, subresource = '' } = request;
    this.#options.onRequest?.({ method: METHODS[verb], verb, resource, subresource, code });
  }
}

function contentType(request: ApiRequest): string {
  if (request.verb !== 'patch') return 'application/json';
  return request.patchType === 'json' ? 'application/json-patch+json' : 'application/merge-patch+json';
}

async function readFailure(answer: Answer): Promise<ReturnType<typeof parseFailedAnswer>> {
  const header = answer.headers['retry-after'];
  return parseFailedAnswer({
    code: answer.statusCode,
    retryAfter: typeof header === 'string' ? header : undefined,
    body: await readText(answer.body),
  });
}

function nameOf(request: ApiRequest): string {
  const resource = request.subresource === undefined ? request.resource : `${request.resource}/${request.subresource}`;
  return [request.verb, resource, request.object ?? ''].join(' ').trimEnd();
}

/** One request's abort signal, from the caller's and a deadline, and the knowledge of which of them fired. */
class Limit implements Disposable {
  readonly #request: ApiRequest;
  readonly #controller = new AbortController();
  readonly #deadlineMs: number;
  readonly #timer: NodeJS.Timeout;
  #expired = false;
  readonly #stop = (): void => this.#controller.abort(this.#request.signal?.reason);

  constructor(request: ApiRequest) {
    this.#request = request;
    this.#deadlineMs = request.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#controller.abort();
    }, this.#deadlineMs);
    if (request.signal?.aborted === true) this.#stop();
    else request.signal?.addEventListener('abort', this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the deadline; the caller's signal goes on to count. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** What to throw for an error met under this limit. */
  explain(error: unknown): unknown {
    if (error instanceof ApiFailure) return error;
    if (this.#request.signal?.aborted === true) return this.#request.signal.reason;
    const reason = this.#expired ? `no answer within ${this.#deadlineMs} ms` : reasonOf(error);
    return new ApiFailure(nameOf(this.#request), noAnswer(reason), { cause: error });
  }

  [Symbol.dispose](): void {
    this.lift();
    this.#request.signal?.removeEventListener('abort', this.#stop);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message;
}
