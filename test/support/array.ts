/**
 * Starts the simulated array as a process of its own, and talks to it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { ArrayAdmin } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { LunArray } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { createClient } from '../../src/rpc/client.ts';
import type { ServiceClient } from '../../src/rpc/service-types.ts';

const main = fileURLToPath(new URL('../../src/simulator/main.ts', import.meta.url));
const startTimeoutMs = 60_000;

/** One line of the array's call log. */
export type CallLogEntry = {
  readonly time: string;
  readonly method: string;
  readonly owner: string;
  readonly operationID: string;
  readonly code: string;
  readonly reason: string;
  readonly milliseconds: number;
};

export type ArrayOptions = {
  /** Kept by the caller; a new one that goes with the process when absent. */
  readonly dataDirectory?: string;
  /** Further flags of the array. */
  readonly flags?: readonly string[];
};

/** A running array. Client, pid and addresses are those of the newest process. */
export type ArrayProcess = AsyncDisposable & {
  readonly client: ServiceClient<typeof LunArray>;
  readonly admin: ServiceClient<typeof ArrayAdmin>;
  /** unix:///… */
  readonly endpoint: string;
  readonly adminEndpoint: string;
  /** The line that it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly arrayID: string;
  readonly pid: number;
  readonly dataDirectory: string;
  /** Every LunArray call so far, over all restarts. */
  callLog(): CallLogEntry[];
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Resolves when the process has ended by itself. */
  exited(): Promise<void>;
  /** Starts it again over the same data, with more in its environment; kills it first when it runs. */
  restart(environment?: NodeJS.ProcessEnv): Promise<void>;
  /** SIGTERM, and waits until it is gone; returns what it printed last. */
  stop(): Promise<string>;
};

/** Starts an array over an empty or given data directory. Dispose of it to stop it and to delete its data. */
export async function startArray(options: ArrayOptions = {}): Promise<ArrayProcess> {
  const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'lunarray-')));
  const array = new RunningArray(dataDirectory, options);
  try {
    await array.start();
  } catch (error) {
    await array[Symbol.asyncDispose]();
    throw error;
  }
  return array;
}

class RunningArray implements ArrayProcess {
  readonly dataDirectory: string;
  readonly #options: ArrayOptions;
  readonly #callLog: string;
  #child: ChildProcess | undefined;
  #channels: Client[] = [];
  #ready: Readonly<Record<string, unknown>> = {};
  #lastLine = '';
  #client: ServiceClient<typeof LunArray> | undefined;
  #admin: ServiceClient<typeof ArrayAdmin> | undefined;

  constructor(dataDirectory: string, options: ArrayOptions) {
    this.dataDirectory = dataDirectory;
    this.#options = options;
    this.#callLog = join(dataDirectory, 'calls.jsonl');
  }

  get client(): ServiceClient<typeof LunArray> {
    return present(this.#client);
  }

  get admin(): ServiceClient<typeof ArrayAdmin> {
    return present(this.#admin);
  }

  get endpoint(): string {
    return String(this.#ready['listen']);
  }

  get adminEndpoint(): string {
    return String(this.#ready['admin']);
  }

  get ready(): Readonly<Record<string, unknown>> {
    return this.#ready;
  }

  get arrayID(): string {
    return String(this.#ready['arrayID']);
  }

  get pid(): number {
    return present(this.#child?.pid);
  }

  callLog(): CallLogEntry[] {
    if (!existsSync(this.#callLog)) {
      return [];
    }
    const lines = readFileSync(this.#callLog, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as CallLogEntry);
  }

  async start(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    const flags = ['--data', this.dataDirectory, '--call-log', this.#callLog, ...(this.#options.flags ?? [])];
    const child = spawn(process.execPath, [main, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    this.#ready = await this.#whenReady(child);
    const open = (address: unknown): Client => {
      const channel = new Client(String(address), credentials.createInsecure(), {
        'grpc.initial_reconnect_backoff_ms': 50,
        'grpc.max_reconnect_backoff_ms': 250,
        // Without it, clients of one address share one connection across restarts.
        'grpc.use_local_subchannel_pool': 1,
      });
      this.#channels.push(channel);
      return channel;
    };
    this.#client = createClient(LunArray, open(this.#ready['listen']), { timeoutMs: 10_000 });
    this.#admin = createClient(ArrayAdmin, open(this.#ready['admin']), { timeoutMs: 60_000 });
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.exited();
  }

  async exited(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      await once(child, 'exit');
    }
    for (const channel of this.#channels.splice(0)) {
      channel.close();
    }
  }

  async restart(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    await this.kill();
    await this.start(environment);
  }

  async stop(): Promise<string> {
    this.#child?.kill('SIGTERM');
    await this.exited();
    return this.#lastLine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#options.dataDirectory === undefined) {
      await rm(this.dataDirectory, { recursive: true, force: true });
    }
  }

  async #whenReady(child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk.toString()}`.slice(-4_000);
    });
    const lines = createInterface({ input: present(child.stdout) });
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => reject(new Error(`The simulated array ${what}. It said: ${errors}`));
      const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs} ms`), startTimeoutMs);
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${code ?? signal} before it was ready`);
      });
      lines.on('line', (line) => {
        this.#lastLine = line;
        const message = JSON.parse(line) as Record<string, unknown>;
        if (message['event'] === 'ready') {
          clearTimeout(timer);
          resolve(message);
        }
      });
    });
  }
}

function present<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) {
    throw new Error('The simulated array is not running.');
  }
  return value;
}
