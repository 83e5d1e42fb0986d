/** A TCP proxy before the API server, to cut connections or let them go silent as a network does. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isFrozen = false;

  constructor(server: Server, target: URL) {
    this.#server = server;
    server.on('connection', (near) => this.#join(near, target));
  }

  static async start(target: URL): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  /** Makes a kubeconfig use this proxy. */
  redirect(config: KubeConfig): void {
    const { port } = this.#server.address() as AddressInfo;
    config.clusters = config.clusters.map((cluster) => ({ ...cluster, server: `https://127.0.0.1:${port}` }));
  }

  /** Breaks every connection; new ones work. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing is passed on, in old connections and new ones. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket, target: URL): void {
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      if (!this.#isFrozen) socket.pipe(other);
    }
  }
}
