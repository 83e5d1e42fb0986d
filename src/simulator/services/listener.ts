/**
 * One address that gRPC is served on. The sockets are our own, so that connections can be cut like a network does it.
 */
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Server, type ServerCredentials } from '@grpc/grpc-js';

/** Where to listen: a Unix socket or a TCP address. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

// sun_path has 108 bytes with its final zero (unix(7)).
const maxSocketPathBytes = 107;

/** Parses `unix:///path` or `host:port`. Throws an Error that says what is wrong. */
export function listenAddress(text: string): ListenAddress {
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length);
    if (!path.startsWith('/') || Buffer.byteLength(path) > maxSocketPathBytes) {
      throw new Error(`${text}: use unix:///absolute/path with at most ${maxSocketPathBytes} bytes.`);
    }
    return { kind: 'unix', path };
  }
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw new Error(`${text}: use unix:///path or host:port.`);
  }
  return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** A served address. */
export class Listener {
  /** The address as a client names it, with the port that the system chose. */
  readonly address: string;
  readonly #server: Server;
  readonly #net: NetServer;
  readonly #sockets: Set<Socket>;

  private constructor(parts: { address: string; server: Server; net: NetServer; sockets: Set<Socket> }) {
    this.address = parts.address;
    this.#server = parts.server;
    this.#net = parts.net;
    this.#sockets = parts.sockets;
  }

  /** Serves what `register` adds. Rejects when the address is in use. */
  static async open(
    address: ListenAddress,
    credentials: ServerCredentials,
    register: (server: Server) => void,
  ): Promise<Listener> {
    const server = new Server();
    register(server);
    const injector = server.createConnectionInjector(credentials);
    const sockets = new Set<Socket>();
    const net = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // A connection that breaks ends its calls; there is nobody to tell.
      socket.on('error', () => undefined);
      injector.injectConnection(socket);
    });
    if (address.kind === 'unix') {
      await prepareSocketPath(address.path);
    }
    await listen(net, address);
    return new Listener({ address: addressOf(net, address), server, net, sockets });
  }

  /** Cuts every connection without a word. */
  dropConnections(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  /** Takes no more connections and ends those that there are. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#net.close(() => resolve());
    });
    this.#server.forceShutdown();
    this.dropConnections();
    await closed;
  }
}

async function prepareSocketPath(path: string): Promise<void> {
  const directory = dirname(path);
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    return;
  }
  if (!found.isSocket() || (await isAnswering(path))) {
    throw new Error(`${path} is in use. Stop what listens there, or name another socket.`);
  }
  rmSync(path);
}

async function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function listen(net: NetServer, address: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    net.once('error', reject);
    const ready = (): void => {
      net.removeListener('error', reject);
      resolve();
    };
    if (address.kind === 'unix') {
      net.listen(address.path, ready);
    } else {
      net.listen(address.port, address.host, ready);
    }
  });
  if (address.kind === 'unix') {
    chmodSync(address.path, 0o600);
  }
}

function addressOf(net: NetServer, address: ListenAddress): string {
  if (address.kind === 'unix') {
    return `unix://${address.path}`;
  }
  const bound = net.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return address.host.includes(':') ? `[${address.host}]:${port}` : `${address.host}:${port}`;
}
