// The operator's connection to an array whose packets were dropped for a while, as a Service without a Pod drops them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { StorageArray } from '../../src/api/storage-array.ts';
import { Connections } from '../../src/array-client/connections.ts';
import { startArray } from '../support/array.ts';
import { freePort } from '../support/free-port.ts';

const LISTENER = `require('node:net').createServer().listen({ port: Number(process.argv[1]), host: '127.0.0.1', backlog: 1 }, () => console.log('listening'))`;

const ending: (() => void)[] = [];

afterEach(() => {
  for (const end of ending.splice(0)) end();
});

/** A port whose queue is full: the kernel drops what comes, without an answer. `free` ends that. */
async function deafPort(port: number): Promise<{ readonly free: () => Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTENER, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ending.push(() => child.kill('SIGKILL'));
  if (child.stdout !== null) await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const waiting: Socket[] = Array.from({ length: 8 }, () =>
    createConnection(port, '127.0.0.1').on('error', () => undefined),
  );
  ending.push(() => waiting.forEach((socket) => socket.destroy()));
  await Promise.race(waiting.map((socket) => once(socket, 'connect')));
  return {
    free: async () => {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

it('is begun anew after a call that got no answer, and not when the kernel tries the old one again', async () => {
  const port = await freePort();
  const deaf = await deafPort(port);
  const connections = new Connections(
    async () => 'there is no Secret',
    () => performance.now(),
  );
  ending.push(() => connections.close());
  const never = new AbortController().signal;
  const metadata = { name: 'array-a', uid: 'uid-1', generation: 1 };
  const spec = { endpoint: `dns:///localhost:${port}`, insecure: true };
  const array = { metadata, spec, status: {} } as unknown as StorageArray;

  const first = await connections.client(array, never);
  if ('kind' in first) throw new Error(first.message);
  expect(await first.identity(never)).toMatchObject({ kind: 'NotKnown', cause: 'Unreachable' });
  await deaf.free();
  await using real = await startArray({ flags: ['--insecure-listen', `127.0.0.1:${port}`] });
  const second = await connections.client(array, never);
  expect(second).not.toBe(first);
  if ('kind' in second) throw new Error(second.message);
  expect(await second.identity(never)).toMatchObject({ arrayID: real.arrayID });
});
