/**
 * The simulated array as a CSI driver: its clients, and what this machine needs so that volumes can really be mounted.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  Controller,
  Identity,
  VolumeCapability_AccessMode_Mode as Mode,
  Node,
  type VolumeCapabilitySchema,
} from '../../src/proto/csi/v1/csi_pb.js';
import { createClient } from '../../src/rpc/client.ts';
import type { ServiceClient } from '../../src/rpc/service-types.ts';
import { type ArrayProcess, startArray } from './array.ts';

/** The node of every array that `startDriver` starts. */
export const nodeID = 'node-1';

/** An array with one pool that serves CSI, and clients that survive its restarts. */
export type Driver = AsyncDisposable & {
  readonly array: ArrayProcess;
  /** unix:///… */
  readonly endpoint: string;
  readonly identity: ServiceClient<typeof Identity>;
  readonly controller: ServiceClient<typeof Controller>;
  readonly node: ServiceClient<typeof Node>;
  /** An empty folder that goes with the driver. */
  readonly folder: string;
};

export type DriverOptions = {
  readonly flags?: readonly string[];
  readonly dataDirectory?: string;
  readonly poolBytes?: number;
};

/** Starts an array that is a driver. Dispose of it to stop it. */
export async function startDriver(options: DriverOptions = {}): Promise<Driver> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-csi-'));
  const endpoint = `unix://${join(folder, 'csi.sock')}`;
  const array = await startArray({
    flags: ['--csi-endpoint', endpoint, '--csi-node-id', nodeID, ...(options.flags ?? [])],
    ...(options.dataDirectory === undefined ? {} : { dataDirectory: options.dataDirectory }),
  });
  await array.admin.createPool({ name: 'pool', capacityBytes: BigInt(options.poolBytes ?? 1024 ** 4) });
  const clients = csiClients(endpoint);
  return {
    array,
    endpoint,
    folder,
    ...clients,
    [Symbol.asyncDispose]: async () => {
      clients.close();
      await array[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Clients of a CSI socket. */
export function csiClients(endpoint: string): Pick<Driver, 'identity' | 'controller' | 'node'> & { close: () => void } {
  const channel = new Client(endpoint, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 250,
    'grpc.use_local_subchannel_pool': 1,
    // As Go's clients say it; Node's own default for a socket is its path, which Node's server refuses.
    'grpc.default_authority': 'localhost',
  });
  const defaults = { timeoutMs: 60_000 };
  return {
    identity: createClient(Identity, channel, defaults),
    controller: createClient(Controller, channel, defaults),
    node: createClient(Node, channel, defaults),
    close: () => channel.close(),
  };
}

/** A capability to mount a file system of a kind. */
export function mountCapability(
  fsType = 'ext4',
  mode: Mode = Mode.SINGLE_NODE_WRITER,
  mountFlags: readonly string[] = [],
): MessageInitShape<typeof VolumeCapabilitySchema> {
  return { accessType: { case: 'mount', value: { fsType, mountFlags: [...mountFlags] } }, accessMode: { mode } };
}

/** A capability to use the block device itself. */
export function blockCapability(mode: Mode = Mode.SINGLE_NODE_WRITER): MessageInitShape<typeof VolumeCapabilitySchema> {
  return { accessType: { case: 'block', value: {} }, accessMode: { mode } };
}

/** Throws one sentence saying what this machine lacks to attach and mount volumes. */
export async function requireRealMounts(): Promise<void> {
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('root');
  if (!existsSync('/dev/loop-control')) missing.push('loop devices (/dev/loop-control)');
  for (const [program, packageName] of [
    ['losetup', 'util-linux'],
    ['mkfs.ext4', 'e2fsprogs'],
    ['mkfs.xfs', 'xfsprogs'],
  ] as const) {
    const isThere = await promisify(execFile)(program, [program === 'losetup' ? '--version' : '-V']).then(
      () => true,
      () => false,
    );
    if (!isThere) missing.push(`${program} (package ${packageName})`);
  }
  if (missing.length > 0) throw new Error(`Mounting volumes for real needs ${missing.join(', ')}.`);
}
