/**
 * The simulated array's program as a CSI node without an array.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CallLogEntry } from './array.ts';

const main = fileURLToPath(new URL('../../src/simulator/main.ts', import.meta.url));

/** A running node. */
export type NodeProcess = AsyncDisposable & {
  /** The calls that it logged so far. */
  readonly lines: () => readonly CallLogEntry[];
};

/** Starts the program and waits until it is ready. Rejects with what it said when it ends before. */
export async function startNodeProcess(flags: readonly string[]): Promise<NodeProcess> {
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  const calls: CallLogEntry[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk.toString()}`.slice(-4_000);
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The node ended with ${code} before it was ready: ${errors}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as { event?: string } & CallLogEntry;
      if (message.event === 'ready') resolve();
      else calls.push(message);
    });
  });
  await ready;
  return { lines: () => calls, [Symbol.asyncDispose]: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
