/** What the tests of the API server's adapter share: a connection, a namespace of their own, and two kinds of objects. */
import { inject } from 'vitest';
import { type ApiRequest, ApiServer, type CountedRequest } from '../../src/kubernetes/http.ts';
import { loadKubeConfig, type PooledKubeConfig } from '../../src/kubernetes/kube-config.ts';
import { Resource } from '../../src/kubernetes/resource.ts';
import type { StoredObject } from '../../src/kubernetes/stored-object.ts';

export type ConfigMap = StoredObject & { readonly data?: Readonly<Record<string, string>> };
export type LunResync = StoredObject & { readonly status?: { readonly attempt?: number } };

/** A connection to the cluster of the test run, with every request counted. */
export class Fixture implements AsyncDisposable {
  readonly config: PooledKubeConfig;
  readonly server: ApiServer;
  readonly requests: CountedRequest[] = [];
  readonly configMaps: Resource<ConfigMap>;
  readonly lunResyncs: Resource<LunResync>;
  readonly namespaces: Resource<StoredObject>;

  constructor(kubeconfigPath: string = inject('cluster').kubeconfigPath) {
    this.config = loadKubeConfig(kubeconfigPath);
    this.server = new ApiServer({
      config: this.config,
      version: '0.0.0-test',
      onRequest: (request) => this.requests.push(request),
    });
    const parse = (object: StoredObject): StoredObject => object;
    this.configMaps = new Resource(this.server, { group: '', version: 'v1', plural: 'configmaps', parse });
    this.namespaces = new Resource(this.server, { group: '', version: 'v1', plural: 'namespaces', parse });
    this.lunResyncs = new Resource(this.server, {
      group: 'lunresync.io',
      version: 'v1alpha1',
      plural: 'lunresyncs',
      parse,
    });
  }

  async namespace(): Promise<string> {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'kubernetes-test-' } };
    return (await this.namespaces.create({ name: '' }, body)).metadata.name;
  }

  createConfigMap(namespace: string, name: string, data: Record<string, string> = {}): Promise<ConfigMap> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
    return this.configMaps.create({ namespace, name }, body);
  }

  createLunResync(namespace: string, name: string): Promise<LunResync> {
    const body = {
      apiVersion: 'lunresync.io/v1alpha1',
      kind: 'LunResync',
      metadata: { namespace, name },
      spec: { pairs: [{ name: 'data', source: { volumeSnapshotName: 'nightly' } }] },
    };
    return this.lunResyncs.create({ namespace, name }, body);
  }

  async raw(request: ApiRequest): Promise<unknown> {
    return this.server.send(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.config.close();
  }
}

/** Waits until `look` gives something, for ten seconds at most. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`not within 10 s: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
