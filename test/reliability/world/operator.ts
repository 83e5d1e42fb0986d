/** One operator process: the project's own control loop over the network, which may die or be stopped at any effect. */
import { arrayClientOf } from '../../../src/array-client/array-client.ts';
import { assembleLoop } from '../../../src/control-loop.ts';
import type { ArrayClient } from '../../../src/controller/ports.ts';
import type { Clock } from '../../../src/kubernetes/clock.ts';
import type { ApiTransport } from '../../../src/kubernetes/http.ts';
import type { ArrayMachine } from './array-machine.ts';
import type { VirtualClock } from './clock.ts';
import type { Effect, Fault } from './effects.ts';
import type { Endpoint, Network } from './network.ts';

export const CLUSTER_ID = 'cluster-1';

export const SETTINGS = { referenceTimeoutMs: 300_000, progressIntervalMs: 10_000, pollIntervalMs: 1_000 } as const;

export type OperatorOptions = {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly server: ApiTransport;
  /** An older view of the API server for this operator's lists and watches; undefined: the present one. */
  readonly stale: () => ApiTransport | undefined;
  /** The array behind an endpoint. */
  readonly machine: (endpoint: string) => ArrayMachine;
  readonly onDeath: (operator: OperatorProcess, effect: Effect, fault: Extract<Fault, { kind: 'Crash' }>) => void;
  /** What a reconcile threw. */
  readonly onError: (operator: OperatorProcess, key: string, error: unknown) => void;
};

export class OperatorProcess implements Endpoint {
  readonly name: string;
  readonly #options: OperatorOptions;
  readonly #clients = new Map<string, ArrayClient>();
  readonly #stop = new AbortController();
  #isDead = false;
  #stopped: PromiseWithResolvers<void> | undefined;

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.name = options.name;
  }

  readonly isDead = (): boolean => this.#isDead;
  readonly resumed = (): Promise<void> => this.#stopped?.promise ?? Promise.resolve();

  readonly die = (effect: Effect, fault: Extract<Fault, { kind: 'Crash' }>): void => {
    this.kill();
    this.#options.onDeath(this, effect, fault);
  };

  /** The process is gone: nothing that it had begun goes on. */
  kill(): void {
    this.#isDead = true;
  }

  /** SIGSTOP, and SIGCONT. */
  pause(): void {
    this.#stopped ??= Promise.withResolvers<void>();
  }

  resume(): void {
    this.#stopped?.resolve();
    this.#stopped = undefined;
  }

  /** Begins to work. Never resolves, since nothing ends it in good order. */
  async run(): Promise<void> {
    const { network, server, stale } = this.#options;
    const loop = assembleLoop(
      {
        server: network.transport(this, server, stale),
        clock: this.#clock(),
        random: () => 0.5,
        clusterID: CLUSTER_ID,
        namespace: undefined,
        settings: SETTINGS,
        workers: 4,
        client: async ({ spec }) => this.#client(spec.endpoint),
        onArrayGone: () => undefined,
        announce: () => undefined,
        report: this.#report(),
      },
      this.#stop.signal,
    );
    await loop.synced;
    await loop.run(this.#stop.signal);
  }

  #client(endpoint: string): ArrayClient {
    const known = this.#clients.get(endpoint);
    if (known !== undefined) return known;
    const { network, machine } = this.#options;
    const client = arrayClientOf(network.arrayClient(this, () => machine(endpoint)));
    this.#clients.set(endpoint, client);
    return client;
  }

  /** Timers of a dead process never fire; those of a stopped one fire when it goes on. */
  #clock(): Clock {
    const { clock } = this.#options;
    return {
      now: () => clock.now(),
      date: () => clock.date(),
      after: (delayMs, run) =>
        clock.after(delayMs, () => {
          if (this.#isDead) return;
          if (this.#stopped === undefined) return run();
          void this.#stopped.promise.then(run);
        }),
    };
  }

  #report(): Parameters<typeof assembleLoop>[0]['report'] {
    const ignore = (): void => undefined;
    return {
      resync: { onAction: ignore, onEnded: ignore, onProgress: ignore, onArrayAnswer: ignore },
      controller: {
        onReconciled: ({ key, error }) => {
          if (error !== undefined && !this.#isDead) this.#options.onError(this, key, error);
        },
        onArrayTaskFailed: ignore,
        onSnapshotUsage: ignore,
      },
      sweep: ignore,
      reflector: ignore,
    };
  }
}
