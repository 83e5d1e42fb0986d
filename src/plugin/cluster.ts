/** The cluster that a command talks to, and the LunResyncs in it. */
import type { LunResync } from '../api/lun-resync.ts';
import { API_VERSION, LUN_RESYNC_PLURAL } from '../api/names.ts';
import { failedWith } from '../kubernetes/api-error.ts';
import type { ApiRequest, ApiServer } from '../kubernetes/http.ts';
import type { Resource } from '../kubernetes/resource.ts';
import { CommandFailure } from './command.ts';
import { EXIT } from './exit-codes.ts';

/** An object of the API server as its JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Which cluster and namespace: the options common to all commands. */
export type ClusterChoice = {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
};

/** A connection in one namespace. Every method rejects as ApiServer's do, but where it says otherwise. */
export class Cluster implements AsyncDisposable {
  readonly server: ApiServer;
  readonly resyncs: Resource<LunResync>;
  readonly namespace: string;
  readonly #close: () => Promise<void>;
  readonly #signal: AbortSignal;

  constructor(parts: {
    readonly server: ApiServer;
    readonly resyncs: Resource<LunResync>;
    readonly namespace: string;
    readonly close: () => Promise<void>;
    readonly signal: AbortSignal;
  }) {
    this.server = parts.server;
    this.resyncs = parts.resyncs;
    this.namespace = parts.namespace;
    this.#close = parts.close;
    this.#signal = parts.signal;
  }

  /** The LunResync of that name, read now. Throws CommandFailure when there is none. */
  async read(name: string): Promise<LunResync> {
    const found = await this.resyncs.get({ namespace: this.namespace, name }, { signal: this.#signal });
    if (found === undefined) throw this.notFound(name);
    return found;
  }

  /** The same as the API server's JSON, with every field. */
  readJson(name: string): Promise<Json> {
    return this.#of(name, { verb: 'get' });
  }

  /** All of them as JSON; with `allNamespaces`, those of the cluster. */
  async listJson(allNamespaces: boolean): Promise<Json> {
    const path = allNamespaces ? collectionPath(undefined) : collectionPath(this.namespace);
    return this.#send({ verb: 'list', path });
  }

  /** Creates an object, or with `dryRun` has the API server check it only; gives what is, or would be, stored. */
  create(manifest: Json, dryRun: boolean): Promise<Json> {
    const query = {
      fieldManager: 'kubectl-lunresync',
      fieldValidation: 'Strict',
      ...(dryRun ? { dryRun: 'All' } : {}),
    };
    return this.#send({ verb: 'create', path: collectionPath(this.namespace), query, body: manifest });
  }

  /**
   * Merges into the spec of the LunResync of that name, whatever its version: these fields are the user's alone, and the
   * operator writes none of them. Throws CommandFailure when there is none.
   */
  patchSpec(name: string, spec: Json): Promise<Json> {
    return this.#of(name, { verb: 'patch', query: { fieldManager: 'kubectl-lunresync' }, body: { spec } });
  }

  notFound(name: string): CommandFailure {
    return new CommandFailure(EXIT.NotFound, `there is no LunResync ${name} in namespace ${this.namespace}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #of(name: string, request: Pick<ApiRequest, 'verb' | 'query' | 'body'>): Promise<Json> {
    const path = `${collectionPath(this.namespace)}/${encodeURIComponent(name)}`;
    try {
      return await this.#send({ ...request, path, object: `${this.namespace}/${name}` });
    } catch (error) {
      if (failedWith(error, 'NotFound')) throw this.notFound(name);
      throw error;
    }
  }

  async #send(request: Pick<ApiRequest, 'verb' | 'path' | 'query' | 'body' | 'object'>): Promise<Json> {
    const answer = await this.server.send({ ...request, resource: LUN_RESYNC_PLURAL, signal: this.#signal });
    return answer as Json;
  }
}

function collectionPath(namespace: string | undefined): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${API_VERSION}${scope}/${LUN_RESYNC_PLURAL}`;
}
