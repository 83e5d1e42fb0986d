/**
 * The metrics of LunResync's own subject: runs, bytes and arrays. What is true now is read from the objects at each scrape;
 * what has happened is counted when it happens, by the leader only, so that sums over the replicas are right.
 */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/** How a run ended. */
export type RunResult = 'succeeded' | 'failed' | 'cancelled';

/** One LunResync as it is now. `progress` is given only while it is active. */
export type RunSample = {
  readonly namespace: string;
  readonly name: string;
  /** The reason of its Succeeded condition. */
  readonly reason: string;
  readonly progress?: RunProgress;
};

/** How far an active run has come. `atSeconds` is when that changed last, since 1970. */
export type RunProgress = { readonly copiedBytes: number; readonly totalBytes: number; readonly atSeconds: number };

/** `outcomes` are all reasons that a run can end with, to begin at 0; `runs` is asked at each scrape. */
export type RunMetricsOptions = {
  readonly registry: Registry;
  readonly outcomes: readonly { readonly result: RunResult; readonly reason: string }[];
  readonly runs: () => Iterable<RunSample>;
};

/** One call to an array. `code` is the gRPC status by name, `operation` the method. */
export type ArrayRequest = {
  readonly array: string;
  readonly operation: string;
  readonly code: string;
  readonly seconds: number;
};

const RUN_BUCKETS = [1, 10, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const REQUEST_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** The `lunresync_` metrics. */
export class RunMetrics {
  readonly #finished: Counter<'result' | 'reason'>;
  readonly #duration: Histogram<'result'>;
  readonly #copiedBytes: Counter<'array'>;
  readonly #arrayUp: Gauge<'array'>;
  readonly #safetySnapshots: Gauge<'array'>;
  readonly #safetySnapshotBytes: Gauge<'array'>;
  readonly #arrayRequests: Counter<'array' | 'operation' | 'code'>;
  readonly #arraySeconds: Histogram<'array' | 'operation'>;

  constructor(options: RunMetricsOptions) {
    const registers = [options.registry];
    this.#finished = new Counter({
      name: 'lunresync_operations_finished_total',
      help: 'LunResyncs that ended, by result and by the reason of their Succeeded condition.',
      labelNames: ['result', 'reason'],
      registers,
    });
    for (const outcome of options.outcomes) this.#finished.inc(outcome, 0);
    this.#duration = new Histogram({
      name: 'lunresync_operation_duration_seconds',
      help: 'From the first acceptance of a LunResync to its end.',
      labelNames: ['result'],
      buckets: RUN_BUCKETS,
      registers,
    });
    this.#copiedBytes = new Counter({
      name: 'lunresync_copied_bytes_total',
      help: 'Bytes that arrays reported as copied.',
      labelNames: ['array'],
      registers,
    });
    this.#arrayUp = new Gauge({
      name: 'lunresync_array_up',
      help: 'Whether the last call to the array got an answer (1) or not (0).',
      labelNames: ['array'],
      registers,
    });
    this.#safetySnapshots = new Gauge({
      name: 'lunresync_safety_snapshots',
      help: 'Safety snapshots that LunResyncs keep on the array, by its last answer; absent when there are none.',
      labelNames: ['array'],
      registers,
    });
    this.#safetySnapshotBytes = new Gauge({
      name: 'lunresync_safety_snapshot_allocated_bytes',
      help:
        'Bytes that these safety snapshots take from the pools of the array, as it reports them (allocated_bytes of ' +
        'GetLuns); an array may count a block that is shared with another LUN in full.',
      labelNames: ['array'],
      registers,
    });
    this.#arrayRequests = new Counter({
      name: 'lunresync_array_requests_total',
      help: 'Calls to an array by method and gRPC status.',
      labelNames: ['array', 'operation', 'code'],
      registers,
    });
    this.#arraySeconds = new Histogram({
      name: 'lunresync_array_request_duration_seconds',
      help: 'How long calls to an array took.',
      labelNames: ['array', 'operation'],
      buckets: REQUEST_BUCKETS,
      registers,
    });
    registerSamples(options);
  }

  /** Counts a run that has ended, once. A run that was never accepted has no duration. */
  runFinished(outcome: { readonly result: RunResult; readonly reason: string }, seconds: number | undefined): void {
    this.#finished.inc({ result: outcome.result, reason: outcome.reason });
    if (seconds !== undefined) this.#duration.observe({ result: outcome.result }, seconds);
  }

  /** Adds bytes copied since the last look; a negative difference, as after a new attempt, counts as nothing. */
  bytesCopied(array: string, bytes: number): void {
    if (bytes > 0) this.#copiedBytes.inc({ array }, bytes);
  }

  /** Says whether an array can be reached. */
  setArrayUp(array: string, isUp: boolean): void {
    this.#arrayUp.set({ array }, isUp ? 1 : 0);
  }

  /** Says what safety snapshots are kept on an array; where there are none, or nothing is known, there is no gauge. */
  setSafetySnapshots(
    array: string,
    usage: { readonly count: number; readonly allocatedBytes: number } | undefined,
  ): void {
    if (usage === undefined || usage.count === 0) {
      this.#safetySnapshots.remove({ array });
      this.#safetySnapshotBytes.remove({ array });
      return;
    }
    this.#safetySnapshots.set({ array }, usage.count);
    this.#safetySnapshotBytes.set({ array }, usage.allocatedBytes);
  }

  /** Removes the gauges of an array whose StorageArray was deleted, so that no alert stays for it. */
  forgetArray(array: string): void {
    this.#arrayUp.remove({ array });
    this.setSafetySnapshots(array, undefined);
  }

  /** Counts one call to an array. */
  arrayRequested({ array, operation, code, seconds }: ArrayRequest): void {
    this.#arrayRequests.inc({ array, operation, code });
    this.#arraySeconds.observe({ array, operation }, seconds);
  }
}

function registerSamples({ registry, runs }: RunMetricsOptions): void {
  const registers = [registry];
  new Gauge({
    name: 'lunresync_operations',
    help: 'LunResyncs by the reason of their Succeeded condition.',
    labelNames: ['namespace', 'reason'],
    registers,
    collect(): void {
      this.reset();
      for (const { namespace, reason } of runs()) this.inc({ namespace, reason });
    },
  });
  progressGauge('progress_ratio', 'Copied part of an active LunResync, from 0 to 1.', (progress) =>
    progress.totalBytes === 0 ? 0 : progress.copiedBytes / progress.totalBytes,
  );
  progressGauge('remaining_bytes', 'Bytes that an active LunResync has still to copy.', (progress) =>
    Math.max(0, progress.totalBytes - progress.copiedBytes),
  );
  progressGauge(
    'last_progress_timestamp_seconds',
    'When the progress of an active LunResync changed last.',
    (progress) => progress.atSeconds,
  );

  function progressGauge(name: string, help: string, read: (progress: RunProgress) => number): void {
    new Gauge({
      name: `lunresync_${name}`,
      help,
      labelNames: ['namespace', 'name'],
      registers,
      collect(): void {
        this.reset();
        for (const run of runs()) {
          if (run.progress !== undefined) this.set({ namespace: run.namespace, name: run.name }, read(run.progress));
        }
      },
    });
  }
}
