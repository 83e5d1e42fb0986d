/**
 * The life of the process: signals ask it to stop, its parts are stopped in order with a deadline each, and an error that
 * nobody handled ends it.
 */

/** What of `process` is used; a test gives its own. */
export type HostProcess = Pick<NodeJS.EventEmitter, 'on' | 'off'> & { exit(code: number): never };

/** Told what happens, for the log. None may throw. */
export type LifecycleReport = {
  readonly onSignal: (signal: string) => void;
  readonly onFatal: (error: unknown) => void;
  /** A stop step failed, or took longer than its deadline. */
  readonly onStopFailed: (step: string, error: unknown) => void;
};

/** One part to stop. `stop` should resolve within `deadlineMs`; after that the next step begins all the same. */
export type StopStep = {
  readonly name: string;
  readonly deadlineMs: number;
  readonly stop: () => Promise<void> | void;
};

/** How a process ended: what its exit code should be. */
export type ExitCode = 0 | 1;

/** A process that can be asked to stop. Create one before anything that may fail. */
export class Lifecycle implements Disposable {
  readonly #process: HostProcess;
  readonly #report: LifecycleReport;
  readonly #controller = new AbortController();
  readonly #stopping = Promise.withResolvers<void>();
  readonly #listeners: readonly (readonly [string, (argument: unknown) => void])[];
  #exitCode: ExitCode = 0;

  constructor(report: LifecycleReport, host: HostProcess = process) {
    this.#report = report;
    this.#process = host;
    // Node as the first process of a container ignores SIGTERM unless somebody listens.
    const onSignal = (signal: unknown): void => this.#onSignal(String(signal));
    const onError = (error: unknown): void => this.#onUncaught(error);
    this.#listeners = [
      ['SIGTERM', onSignal],
      ['SIGINT', onSignal],
      ['unhandledRejection', onError],
      ['uncaughtException', onError],
    ];
    for (const [event, listener] of this.#listeners) host.on(event, listener);
  }

  /** Aborts when the process is to stop: everything that waits for something depends on it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether a stop has begun. */
  get isStopping(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Resolves when the process is to stop. */
  get stopping(): Promise<void> {
    return this.#stopping.promise;
  }

  /** Asks the process to stop in good order; `error` is what made it impossible to go on, such as lost leadership. */
  stop(error?: unknown): void {
    if (error !== undefined) {
      this.#exitCode = 1;
      this.#report.onFatal(error);
    }
    this.#controller.abort();
    this.#stopping.resolve();
  }

  /** Runs the steps one after the other, whatever becomes of each, and gives the exit code. */
  async runStopSteps(steps: readonly StopStep[]): Promise<ExitCode> {
    this.stop();
    for (const step of steps) {
      try {
        await withDeadline(step);
      } catch (error) {
        this.#exitCode = 1;
        this.#report.onStopFailed(step.name, error);
      }
    }
    return this.#exitCode;
  }

  /** Stops listening to signals and errors. */
  [Symbol.dispose](): void {
    for (const [event, listener] of this.#listeners) this.#process.off(event, listener);
  }

  #onSignal(signal: string): void {
    this.#report.onSignal(signal);
    // Whoever asks twice does not want to wait.
    if (this.isStopping) this.#process.exit(1);
    this.stop();
  }

  /** Nobody knows what state such an error left behind, so nothing is stopped in order: all state is elsewhere. */
  #onUncaught(error: unknown): void {
    this.#report.onFatal(error);
    this.#process.exit(1);
  }
}

async function withDeadline(step: StopStep): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not stopped within ${step.deadlineMs} ms`)), step.deadlineMs);
  try {
    await Promise.race([step.stop(), late]);
  } finally {
    clearTimeout(timer);
  }
}
