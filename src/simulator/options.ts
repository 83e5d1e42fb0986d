/**
 * The command line of the simulated array.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ServerCredentials } from '@grpc/grpc-js';
import { parseBytes } from './cli/sizes.ts';
import { type CrashPoint, crashPointOf } from './crash-point.ts';
import { type CsiOptions, csiFlags, csiOptions, csiUsage } from './csi/options.ts';
import { type ListenAddress, listenAddress } from './services/listener.ts';
import type { PoolRecord } from './state/records.ts';

/** The text of --help. */
export const usage = `Usage: lunresync-simulator --data DIR [options]

A simulated storage array: a process with real LUNs (files), which serves lunarray.v1.LunArray.

  --data DIR                 where everything is kept; made when it is missing
  --pool NAME=SIZE           make this pool unless there is one of the name, as in pool-a=10GiB; may be repeated
  --listen unix:///PATH      the socket of LunArray (default: DIR/lunarray.sock)
  --admin unix:///PATH       the socket of the administration (default: DIR/admin.sock)
  --listen-tls HOST:PORT     also serve LunArray over TCP with mutual TLS; needs the next three
    --tls-cert FILE            the server's certificate chain
    --tls-key FILE             its key
    --tls-client-ca FILE       the authority that clients' certificates must come from
  --insecure-listen HOST:PORT  also serve LunArray over TCP for anybody who can reach it
${csiUsage}
  --call-log FILE            append one JSON line a call to FILE (default: standard output)
  --bandwidth BYTES          an upper bound for every copy, in bytes a second
  --help                     this text

When it serves, it prints one JSON line with "event":"ready" and its addresses. SIGTERM stops it; operations that run
then are INTERRUPTED at the next start.
`;

/** An address of LunArray and who may use it. */
export type ListenOption = {
  readonly name: 'listen' | 'tls' | 'insecure';
  readonly address: ListenAddress;
  readonly credentials: ServerCredentials;
};

/** An array, which may serve CSI besides. */
export type ArrayOptions = {
  readonly kind: 'array';
  readonly dataDirectory: string;
  readonly pools: readonly PoolRecord[];
  readonly listeners: readonly ListenOption[];
  readonly admin: ListenAddress;
  readonly callLog: string | undefined;
  readonly bytesPerSecond: number;
  readonly crashAt: CrashPoint | undefined;
  readonly csi: CsiOptions | undefined;
};

/** CSI's node service and nothing else. */
export type NodeOptions = { readonly kind: 'node'; readonly callLog: string | undefined; readonly csi: CsiOptions };

export type Options = ArrayOptions | NodeOptions;

/** The options, or undefined for --help. Throws an Error for the reader. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      pool: { type: 'string', multiple: true, default: [] },
      listen: { type: 'string' },
      admin: { type: 'string' },
      'listen-tls': { type: 'string' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-client-ca': { type: 'string' },
      'insecure-listen': { type: 'string' },
      'call-log': { type: 'string' },
      ...csiFlags,
      bandwidth: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const csi = csiOptions(values);
  if (csi !== undefined && !csi.services.controller && values.data === undefined) {
    return { kind: 'node', callLog: values['call-log'], csi };
  }
  if (values.data === undefined) {
    throw new Error('--data DIR is missing. See --help.');
  }
  const dataDirectory = resolve(values.data);
  const socket = (option: 'listen' | 'admin', name: string): ListenAddress =>
    socketAddress(option, values[option] ?? `unix://${join(dataDirectory, name)}`);
  const credentials = ServerCredentials.createInsecure();
  return {
    kind: 'array',
    dataDirectory,
    pools: values.pool.map(poolOf),
    csi,
    admin: socket('admin', 'admin.sock'),
    callLog: values['call-log'],
    bytesPerSecond: parseRate(values.bandwidth),
    crashAt: crashPointOf(process.env['LUNARRAY_CRASH_AT']),
    listeners: [
      { name: 'listen', address: socket('listen', 'lunarray.sock'), credentials },
      ...tlsListener(values),
      ...insecureListener(values['insecure-listen'], credentials),
    ],
  };
}

function poolOf(text: string): PoolRecord {
  const [, name, size] = /^([A-Za-z0-9._:-]{1,128})=(.+)$/.exec(text) ?? [];
  if (name === undefined || size === undefined) {
    throw new Error(`--pool ${text}: use NAME=SIZE, with letters, digits and . _ : - in the name.`);
  }
  return { name, capacityBytes: Number(parseBytes('--pool', size)) };
}

function parseRate(text: string): number {
  const bytesPerSecond = Number(text);
  if (!Number.isSafeInteger(bytesPerSecond) || bytesPerSecond < 0) {
    throw new Error(`--bandwidth ${text}: use a whole number of bytes a second.`);
  }
  return bytesPerSecond;
}

function socketAddress(option: 'listen' | 'admin', text: string): ListenAddress {
  const address = listenAddress(text);
  if (address.kind !== 'unix') {
    const remedy =
      option === 'listen'
        ? 'for TCP use --listen-tls, or --insecure-listen.'
        : 'the administration is served on a Unix socket only.';
    throw new Error(`--${option} ${text}: ${remedy}`);
  }
  return address;
}

function insecureListener(text: string | undefined, credentials: ServerCredentials): ListenOption[] {
  return text === undefined ? [] : [{ name: 'insecure', address: listenAddress(text), credentials }];
}

function tlsListener(values: Readonly<Record<string, unknown>>): ListenOption[] {
  const file = (name: string): Buffer => {
    const path = values[name];
    if (typeof path !== 'string') {
      throw new Error(`--listen-tls needs --${name} FILE.`);
    }
    return readFileSync(path);
  };
  const address = values['listen-tls'];
  if (typeof address !== 'string') {
    return [];
  }
  const pair = { cert_chain: file('tls-cert'), private_key: file('tls-key') };
  const credentials = ServerCredentials.createSsl(file('tls-client-ca'), [pair], true);
  return [{ name: 'tls', address: listenAddress(address), credentials }];
}
