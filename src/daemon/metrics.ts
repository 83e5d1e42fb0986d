/**
 * The operator's Prometheus registry and the metrics of its machinery. Names are those of controller-runtime and
 * client-go, so that their stock dashboards and alerts work unchanged.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { QueueObserver } from '../controller/queue.ts';

/** One finished request to the API server. `code` is 0 when no answer came. */
export type CountedRequest = {
  readonly method: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly code: number;
};

/** How a reconcile ended, as controller-runtime names it. */
export type ReconcileResult = 'success' | 'requeue' | 'requeue_after' | 'error';

/** What is read from a work queue at each scrape. */
export type QueueGauges = { readonly depth: number; readonly unfinishedMs: readonly number[] };

const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const QUEUE_BUCKETS = [0.000_1, 0.001, 0.01, 0.1, 1, 10, 100, 1000];

/** The metrics of the process, of reconciling, of requests to the API server and of leader election. */
export class ProcessMetrics {
  readonly registry = new Registry();
  readonly #reconciles = this.#counter('controller_runtime_reconcile_total', 'Reconciles by how they ended.', [
    'controller',
    'result',
  ]);
  readonly #reconcileErrors = this.#counter(
    'controller_runtime_reconcile_errors_total',
    'Reconciles that ended with an unexpected error and are tried again after a back-off.',
    ['controller'],
  );
  readonly #reconcileSeconds = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long a reconcile took.',
    labelNames: ['controller'],
    buckets: RECONCILE_BUCKETS,
    registers: [this.registry],
  });
  readonly #requests = this.#counter(
    'rest_client_requests_total',
    'Requests to the API server by HTTP status; <error> when no answer came.',
    ['code', 'method', 'verb', 'resource'],
  );
  readonly #leader = this.#gauge(
    'leader_election_master_status',
    'Whether this process holds the lease (1) or not (0).',
    ['name'],
  );
  readonly #eventLosses = this.#counter(
    'lunresync_events_lost_total',
    'Kubernetes Events that were not written, and why.',
    ['why'],
  );
  readonly #reflectorReports = this.#counter(
    'lunresync_reflector_total',
    'What the local copies of resources did or met: lists, ended watches, failures, unreadable objects.',
    ['resource', 'kind'],
  );

  constructor(build: { readonly version: string; readonly revision: string }) {
    collectDefaultMetrics({ register: this.registry });
    const labels = ['version', 'revision', 'node_version'] as const;
    const info = this.#gauge('lunresync_build_info', 'Always 1; the labels say what runs.', labels);
    info.set({ ...build, node_version: process.version }, 1);
  }

  /** Counts one reconcile. */
  reconciled(controller: string, result: ReconcileResult, seconds: number): void {
    this.#reconciles.inc({ controller, result });
    // Counted also as 0, so that a rate over the first error is not missed.
    this.#reconcileErrors.inc({ controller }, result === 'error' ? 1 : 0);
    this.#reconcileSeconds.observe({ controller }, seconds);
  }

  /** Counts one request to the API server. */
  requested({ method, verb, resource, subresource, code }: CountedRequest): void {
    const of = subresource === '' ? resource : `${resource}/${subresource}`;
    this.#requests.inc({ code: code === 0 ? '<error>' : code, method, verb, resource: of });
  }

  /** Says whether this process holds the lease. */
  setLeader(lease: string, isLeader: boolean): void {
    this.#leader.set({ name: lease }, isLeader ? 1 : 0);
  }

  /** Counts an Event that was not written. */
  eventLost(why: string): void {
    this.#eventLosses.inc({ why });
  }

  /** Counts what a reflector reported. */
  reflected(report: { readonly resource: string; readonly kind: string; readonly why?: string }): void {
    this.#reflectorReports.inc({ resource: report.resource, kind: report.why ?? report.kind });
  }

  /** The metrics of one work queue. `gauges` is asked at each scrape. To be called once, since names are unique. */
  observeQueue(name: string, gauges: () => QueueGauges): QueueObserver {
    const common = { labelNames: ['name'] as const, registers: [this.registry] };
    const counter = (suffix: string, help: string): Counter<'name'> => {
      const created = new Counter({ ...common, name: `workqueue_${suffix}`, help });
      created.inc({ name }, 0);
      return created;
    };
    const histogram = (suffix: string, help: string): Histogram<'name'> =>
      new Histogram({ ...common, name: `workqueue_${suffix}`, help, buckets: QUEUE_BUCKETS });
    const gauge = (suffix: string, help: string, read: () => number): Gauge<'name'> =>
      new Gauge({
        ...common,
        name: `workqueue_${suffix}`,
        help,
        collect(): void {
          this.set({ name }, read());
        },
      });
    gauge('depth', 'Keys that wait for a worker.', () => gauges().depth);
    gauge('unfinished_work_seconds', 'Seconds of work in progress, summed over the workers.', () =>
      gauges().unfinishedMs.reduce((sum, ms) => sum + ms / 1000, 0),
    );
    gauge('longest_running_processor_seconds', 'How long the slowest worker has been busy with its key.', () =>
      gauges().unfinishedMs.reduce((longest, ms) => Math.max(longest, ms / 1000), 0),
    );
    const adds = counter('adds_total', 'Keys added.');
    const retries = counter('retries_total', 'Keys added again after a failure.');
    const waits = histogram('queue_duration_seconds', 'How long a key waited for a worker.');
    const work = histogram('work_duration_seconds', 'How long a worker was busy with a key.');
    return {
      onAdd: (): void => adds.inc({ name }),
      onRetry: (): void => retries.inc({ name }),
      onTake: (waitedMs): void => waits.observe({ name }, waitedMs / 1000),
      onDone: (workedMs): void => work.observe({ name }, workedMs / 1000),
    };
  }

  /** The whole registry as text, for the health server. */
  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
