/** One channel per StorageArray, rebuilt when its endpoint or its certificates change. */
import { type ChannelCredentials, Client, type ClientOptions, connectivityState, credentials } from '@grpc/grpc-js';
import type { StorageArray } from '../api/storage-array.ts';
import type { ArrayClient, ReadTlsSecret, TlsMaterial } from '../controller/ports.ts';
import type { NotKnown } from '../core/array.ts';
import type { EndedCall } from '../rpc/client.ts';
import { arrayClient } from './array-client.ts';

type Connection = {
  readonly fingerprint: string;
  readonly channel: Client;
  readonly client: ArrayClient;
  readonly readAtMs: number;
};

/** Rotated certificates are picked up after this at the latest. */
const REREAD_SECRET_MS = 60_000;

const CHANNEL_OPTIONS: ClientOptions = {
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  // Otherwise a new channel takes over a connection that is still being tried.
  'grpc.use_local_subchannel_pool': 1,
};

/** The operator's connections to its arrays. `close` ends all of them. */
export class Connections {
  readonly #readSecret: ReadTlsSecret;
  readonly #monotonic: () => number;
  readonly #onCall: (array: string, call: EndedCall) => void;
  readonly #connections = new Map<string, Connection>();

  /** `onCall` is told of each call that has ended, with the name of the StorageArray. */
  constructor(
    readSecret: ReadTlsSecret,
    monotonic: () => number,
    onCall: (array: string, call: EndedCall) => void = () => undefined,
  ) {
    this.#readSecret = readSecret;
    this.#monotonic = monotonic;
    this.#onCall = onCall;
  }

  /** The array's client. `NotKnown` when the certificates cannot be had: then there is nobody to ask. */
  async client(array: StorageArray, signal: AbortSignal): Promise<ArrayClient | NotKnown> {
    const { name, uid } = array.metadata;
    const { endpoint, tlsSecretName, insecure } = array.spec;
    const known = this.#connections.get(name);
    const plain = `${uid} ${endpoint} ${tlsSecretName ?? ''} ${insecure}`;
    const isRecent = known !== undefined && this.#monotonic() - known.readAtMs < REREAD_SECRET_MS;
    if (known !== undefined && known.fingerprint.startsWith(`${plain}\n`) && (tlsSecretName === undefined || isRecent))
      return known.client;
    const tls = tlsSecretName === undefined ? undefined : await this.#readSecret(tlsSecretName, signal);
    if (typeof tls === 'string') return { kind: 'NotKnown', cause: 'Unauthenticated', message: tls };
    return this.#connect(name, `${plain}\n${fingerprintOf(tls)}`, endpoint, tls);
  }

  #connect(name: string, fingerprint: string, endpoint: string, tls: TlsMaterial | undefined): ArrayClient | NotKnown {
    const known = this.#connections.get(name);
    const readAtMs = this.#monotonic();
    if (known?.fingerprint === fingerprint) {
      this.#connections.set(name, { ...known, readAtMs });
      return known.client;
    }
    let channel: Client;
    try {
      channel = new Client(endpoint, credentialsOf(tls), CHANNEL_OPTIONS);
    } catch {
      // The library's text may quote the certificate.
      const message = 'the certificates in its Secret cannot be read: ca.crt, tls.crt and tls.key must be PEM';
      return { kind: 'NotKnown', cause: 'Unauthenticated', message };
    }
    known?.channel.close();
    const client = arrayClient(channel, (call) => {
      this.#onCall(name, call);
      if (call.code === 'DEADLINE_EXCEEDED') this.#giveUpConnecting(name, channel);
    });
    this.#connections.set(name, { fingerprint, channel, client, readAtMs });
    return client;
  }

  /**
   * Where packets are dropped, the kernel repeats the first one after 1, 2, 4 … 64 s, and gRPC waits for it as long: an array
   * that was away for a minute would be found half a minute later. The next call begins a connection of its own.
   */
  #giveUpConnecting(name: string, channel: Client): void {
    const isCurrent = this.#connections.get(name)?.channel === channel;
    if (isCurrent && channel.getChannel().getConnectivityState(false) === connectivityState.CONNECTING)
      this.forget(name);
  }

  /** Closes the channel of an array whose StorageArray is gone. */
  forget(name: string): void {
    this.#connections.get(name)?.channel.close();
    this.#connections.delete(name);
  }

  close(): void {
    for (const name of this.#connections.keys()) this.forget(name);
  }
}

function credentialsOf(tls: TlsMaterial | undefined): ChannelCredentials {
  return tls === undefined ? credentials.createInsecure() : credentials.createSsl(tls.ca, tls.key, tls.cert);
}

function fingerprintOf(tls: TlsMaterial | undefined): string {
  return tls === undefined ? '' : [tls.ca, tls.cert, tls.key].map((pem) => pem.toString('base64')).join('.');
}
