// A server that runs as a process of ours: started until it is ready, stopped or killed, with its last output at hand.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const MAX_OUTPUT = 16 * 1024;
const POLL_MS = 100;
const RESTART_MS = 200;

/** How a server is started and how to see that it serves. */
export type ServerOptions = {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** More for its environment, which is otherwise ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it serves, also by what it printed so far; a rejection means not yet. */
  readonly isReady: (output: string) => Promise<boolean>;
  /** How long it may take to become ready. Default 60 s. */
  readonly startTimeoutMs?: number;
  /** Started again whenever it ends before `stop`, as kubelet does with a container. Default false. */
  readonly keepRunning?: boolean;
};

/** One server that may be started and stopped many times, with the same arguments each time; it is killed with this process. */
export class ServerProcess {
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = '';
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;
  readonly #killWithUs = (): void => {
    this.#child?.kill('SIGKILL');
  };

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Id of the running process; undefined when it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Its name in messages. */
  get name(): string {
    return this.#options.name;
  }

  /** What it printed last, over all restarts. */
  get output(): string {
    return this.#output;
  }

  /** Starts it and waits until it is ready. Throws an Error with its last output when it ends or takes too long. */
  async start(): Promise<void> {
    const { name, startTimeoutMs = 60_000, isReady } = this.#options;
    if (this.#child !== undefined) throw new Error(`${name} runs already`);
    this.#isStopping = false;
    this.#output = '';
    this.#spawn();
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      if (this.#child === undefined) {
        await this.stop();
        throw new Error(`${name} ended before it was ready:\n${this.#output}`);
      }
      if (await isReady(this.#output).catch(() => false)) return;
      if (Date.now() > deadline) {
        await this.stop('SIGKILL');
        throw new Error(`${name} was not ready after ${startTimeoutMs} ms:\n${this.#output}`);
      }
      await delay(POLL_MS);
    }
  }

  /** Ends it and waits for its end; SIGKILL follows after ten seconds. Does nothing when it does not run. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(killer);
  }

  #spawn(): void {
    const { program, args, env = {}, keepRunning = false } = this.#options;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const keep = (chunk: Buffer): void => {
      this.#output = `${this.#output}${chunk.toString()}`.slice(-MAX_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const exited = Promise.withResolvers<void>();
    const onEnd = (): void => {
      this.#child = undefined;
      process.off('exit', this.#killWithUs);
      exited.resolve();
      if (keepRunning && !this.#isStopping) this.#restart = setTimeout(() => this.#spawn(), RESTART_MS);
    };
    child.on('exit', onEnd);
    child.on('error', (error) => {
      this.#output += error.message;
      onEnd();
    });
    process.on('exit', this.#killWithUs);
    this.#child = child;
    this.#exited = exited.promise;
  }
}
