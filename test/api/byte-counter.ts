// Counts the bytes on a Unix socket: stands between the operator and the array.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A listener that passes everything on; it and its socket go when it is disposed of. */
export type ByteCounter = AsyncDisposable & {
  /** Where the operator is to connect: unix:///… */
  readonly endpoint: string;
  /** Where the array is to listen: unix:///… */
  readonly behind: string;
  /** Both directions, over all connections, so far. */
  readonly bytes: number;
};

/** Starts a counter. A connection that comes while nobody listens behind it is broken off, as by a dead array. */
export async function startByteCounter(): Promise<ByteCounter> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-counter-'));
  const [front, back] = [join(folder, 'front.sock'), join(folder, 'back.sock')];
  const sockets = new Set<Socket>();
  let bytes = 0;
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (data: Buffer) => {
      bytes += data.length;
    });
    from.pipe(to);
    // The end of one side, however it came, is the end of the other.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(back);
    pass(near, far);
    pass(far, near);
  });
  server.listen(front);
  await once(server, 'listening');
  return {
    endpoint: `unix://${front}`,
    behind: `unix://${back}`,
    get bytes() {
      return bytes;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
