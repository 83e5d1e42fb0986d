/** Collects what somebody needs who shall find out why a run does what it does. Reads only; what cannot be read is named. */
import type { LunResync } from '../api/lun-resync.ts';
import { API_VERSION, STORAGE_ARRAY_PLURAL } from '../api/names.ts';
import { programVersion } from '../daemon/version.ts';
import { ApiFailure } from '../kubernetes/api-error.ts';
import type { ApiRequest } from '../kubernetes/http.ts';
import type { Cluster, Json } from './cluster.ts';
import { linesAbout } from './operator-log.ts';
import { itemsOf, nameOf } from './output.ts';
import { Redaction } from './redaction.ts';

/** Where the operator's Pods are: all namespaces unless one is given. */
export type OperatorPlace = { readonly namespace: string | undefined; readonly selector: string };

/** The parts of a diagnosis, in the order in which they are read. */
export type Diagnosis = {
  readonly about: Json;
  readonly lunResync: unknown;
  readonly events: unknown;
  readonly storageArrays: unknown;
  readonly operatorLogs: unknown;
};

/** As the operator's Deployment is labelled. */
export const OPERATOR_SELECTOR = 'app.kubernetes.io/name=lunresync';
const LOG_LINES = 5_000;
const LOG_BYTES = 4 * 1024 * 1024;

/** The redacted diagnosis of a run. Rejects only when the object itself cannot be read. */
export async function diagnose(cluster: Cluster, resync: LunResync, operator: OperatorPlace): Promise<Diagnosis> {
  const notRead: string[] = [];
  const reading = new Reading(cluster, notRead);
  const { name, namespace } = resync.metadata;
  const object = await cluster.readJson(name);
  const events = await reading.items(`namespaces/${namespace}/events`, {
    path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
    query: { fieldSelector: `regarding.name=${name}` },
  });
  const arrays = await reading.items(STORAGE_ARRAY_PLURAL, { path: `/apis/${API_VERSION}/${STORAGE_ARRAY_PLURAL}` });
  const logs = await reading.operatorLogs(resync, operator);
  const parts = { lunResync: object, events, storageArrays: arraysOf(resync, arrays), operatorLogs: logs };
  const redaction = new Redaction();
  redaction.learn(parts);
  const redacted = redaction.redact(parts) as Omit<Diagnosis, 'about'>;
  const madeAt = new Date().toISOString();
  const about = { what: `LunResync ${namespace}/${name}`, madeAt, pluginVersion: programVersion(), notRead };
  return { about: redaction.redact(about) as Json, ...redacted };
}

/** Those that the run may be on, each with the grants of the run's namespace only: the others are other people's. */
export function arraysOf({ metadata, spec, status }: LunResync, arrays: readonly Json[]): readonly Json[] {
  const wanted = status.arrayName ?? spec.arrayName;
  return arrays
    .filter((array) => wanted === undefined || nameOf(array) === wanted)
    .map((array) => {
      const arraySpec = (array['spec'] ?? {}) as Json;
      const grants = Array.isArray(arraySpec['lunGrants']) ? (arraySpec['lunGrants'] as readonly Json[]) : [];
      const own = grants.filter(({ namespace }) => namespace === metadata.namespace);
      return { ...array, spec: { ...arraySpec, lunGrants: own } };
    });
}

class Reading {
  readonly #cluster: Cluster;
  readonly #notRead: string[];

  constructor(cluster: Cluster, notRead: string[]) {
    this.#cluster = cluster;
    this.#notRead = notRead;
  }

  /** The objects of a list without what only machines read; none where it cannot be read. */
  async items(what: string, request: Pick<ApiRequest, 'path' | 'query'>): Promise<readonly Json[]> {
    const list = await this.#attempt(what, () =>
      this.#cluster.server.send({ verb: 'list', resource: what, ...request }),
    );
    return list === undefined ? [] : itemsOf(list as Json).map(withoutManagedFields);
  }

  async operatorLogs({ metadata }: LunResync, { namespace, selector }: OperatorPlace): Promise<readonly Json[]> {
    const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
    const pods = await this.items('pods', { path: `/api/v1${scope}/pods`, query: { labelSelector: selector } });
    if (pods.length === 0) this.#notRead.push(`operator logs: no Pod with label ${selector} was found`);
    return Promise.all(
      pods.map(async (pod) => {
        const { namespace: podNamespace } = pod['metadata'] as { readonly namespace: string };
        const path = `/api/v1/namespaces/${podNamespace}/pods/${nameOf(pod)}/log`;
        const query = { tailLines: String(LOG_LINES), limitBytes: String(LOG_BYTES) };
        const log = await this.#attempt(`log of Pod ${podNamespace}/${nameOf(pod)}`, () =>
          this.#cluster.server.text({ verb: 'get', resource: 'pods', subresource: 'log', path, query }),
        );
        return { pod: `${podNamespace}/${nameOf(pod)}`, lines: linesAbout(log ?? '', metadata) };
      }),
    );
  }

  async #attempt<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      this.#notRead.push(`${what}: ${error.error.message}`);
      return undefined;
    }
  }
}

function withoutManagedFields(object: Json): Json {
  const { managedFields: _unread, ...metadata } = (object['metadata'] ?? {}) as Record<string, unknown>;
  return { ...object, metadata };
}
