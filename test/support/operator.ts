// The operator as a process of its own, as a user runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/operator.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;

/** One line of the operator's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** A running operator. */
export type OperatorProcess = AsyncDisposable & {
  readonly pid: number;
  /** Every line so far, over all restarts. */
  readonly log: readonly LogLine[];
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again with the same flags. */
  start(): Promise<void>;
  /** Waits until it ends by itself; gives the exit code. */
  ended(): Promise<number | null>;
  /** SIGTERM, and waits; gives the exit code. */
  stop(): Promise<number | null>;
};

export type OperatorOptions = {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly flags?: readonly string[];
};

/** Starts an operator without leader election for one namespace, with short intervals unless `flags` say otherwise. */
export async function startOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const operator = new RunningOperator(options);
  await operator.start();
  return operator;
}

class RunningOperator implements OperatorProcess {
  readonly log: LogLine[] = [];
  readonly #options: OperatorOptions;
  #child: ChildProcess | undefined;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { kubeconfigPath, namespace, flags = [] } = this.#options;
    const base = ['--kubeconfig', kubeconfigPath, '--namespace', namespace, '--operator-namespace', namespace];
    const quick = [
      '--no-leader-elect',
      '--health-address',
      '',
      '--progress-interval',
      '1s',
      '--poll-interval',
      '200ms',
    ];
    const child = spawn(process.execPath, [MAIN, ...base, ...quick, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const killWithUs = (): void => void child.kill('SIGKILL');
    process.on('exit', killWithUs);
    child.once('exit', () => process.off('exit', killWithUs));
    const started = Promise.withResolvers<void>();
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk.toString()}`.slice(-4_000);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = JSON.parse(line) as LogLine;
      this.log.push(parsed);
      if (parsed.msg === 'operator started') started.resolve();
    });
    child.once('exit', (code) => started.reject(new Error(`the operator ended with ${code}: ${errors}`)));
    const timer = setTimeout(
      () => started.reject(new Error(`the operator did not start: ${errors}`)),
      START_TIMEOUT_MS,
    );
    await started.promise.finally(() => clearTimeout(timer));
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child?.exitCode ?? null;
  }

  async stop(): Promise<number | null> {
    await this.#end('SIGTERM');
    return this.#child?.exitCode ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}
