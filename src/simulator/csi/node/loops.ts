/**
 * Loop devices: LUN files as block devices. Which file has which is read from /sys each time.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../../rpc/rpc-error.ts';
import { CommandError, run } from './commands.ts';
import { isMissing, type Mount } from './mounts.ts';

/** A loop device with a file. */
export type Loop = {
  /** Such as /dev/loop0. */
  readonly path: string;
  /** Major and minor number, as in a Mount. */
  readonly device: string;
  readonly backingFile: string;
  readonly isReadonly: boolean;
  readonly sizeBytes: number;
};

const sys = '/sys/block';
const sectorBytes = 512;
const detachTimeoutMs = 10_000;
const pollMs = 20;

/** All loop devices that have a file. */
export async function loops(): Promise<readonly Loop[]> {
  const names = (await readdir(sys)).filter((name) => /^loop\d+$/.test(name));
  return (await Promise.all(names.map(loopNamed))).filter((loop) => loop !== undefined);
}

/** The loop devices of a file. */
export async function loopsOf(backingFile: string): Promise<readonly Loop[]> {
  return (await loops()).filter((loop) => loop.backingFile === backingFile);
}

/** The loop device behind a mount: of its file system, or bound as a file. */
export async function loopBehind(mount: Mount): Promise<Loop | undefined> {
  return (await loops()).find((loop) => isBehind(loop, mount));
}

/** The same of a mount that is going to be taken off. Throws FAILED_PRECONDITION when it is no volume: it is not ours. */
export async function volumeBehind(mount: Mount): Promise<Loop> {
  const loop = await loopBehind(mount);
  if (loop === undefined) {
    throw new RpcError(status.FAILED_PRECONDITION, `${mount.path} has no volume mounted, but ${mount.fileSystem}.`, {
      reason: 'VSS_E_BAD_STATE',
      remedy: 'Look at what it is: it was not mounted by this driver.',
    });
  }
  return loop;
}

/** Whether a mount shows a loop device or what is on it. */
export function isBehind(loop: Loop, mount: Mount): boolean {
  // A device file is bound from the file system that holds /dev: its root there is the file's name.
  return mount.device === loop.device || (mount.root === loop.path.slice('/dev'.length) && isDevices(mount));
}

/** The loop device of a file; one is attached when there is none. */
export async function attachLoop(backingFile: string, isReadonly: boolean): Promise<Loop> {
  const found = (await loopsOf(backingFile)).find((loop) => loop.isReadonly === isReadonly);
  if (found !== undefined) {
    await refreshSize(found);
    return found;
  }
  await run('losetup', ['--find', '--nooverlap', ...(isReadonly ? ['--read-only'] : []), '--', backingFile]);
  const attached = (await loopsOf(backingFile)).find((loop) => loop.isReadonly === isReadonly);
  if (attached === undefined) {
    throw new CommandError(`losetup attached ${backingFile} to no loop device that can be found in ${sys}.`);
  }
  return attached;
}

/** Makes the device as large as its file. */
export async function refreshSize(loop: Loop): Promise<void> {
  await run('losetup', ['--set-capacity', loop.path]);
}

/** Detaches a loop device that nothing has mounted, and waits until the kernel has let go of it. */
export async function detachLoop(loop: Loop): Promise<void> {
  const deadline = Date.now() + detachTimeoutMs;
  await run('losetup', ['--detach', loop.path]);
  // The kernel detaches at the last close: something that probes new devices may have this one open for a moment.
  while ((await loopNamed(loop.path.slice('/dev/'.length)))?.backingFile === loop.backingFile) {
    if (Date.now() > deadline) {
      throw new CommandError(`${loop.path} is still open ${detachTimeoutMs / 1000} s after it was detached.`);
    }
    await delay(pollMs);
  }
}

async function loopNamed(name: string): Promise<Loop | undefined> {
  const read = async (file: string): Promise<string> => (await readFile(join(sys, name, file), 'utf8')).trimEnd();
  try {
    return {
      path: `/dev/${name}`,
      device: await read('dev'),
      backingFile: (await read('loop/backing_file')).replace(/ \(deleted\)$/, ''),
      isReadonly: (await read('ro')) === '1',
      sizeBytes: Number(await read('size')) * sectorBytes,
    };
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENXIO')) {
      return undefined;
    }
    throw error;
  }
}

function isDevices(mount: Mount): boolean {
  return mount.fileSystem === 'devtmpfs' || mount.fileSystem === 'tmpfs';
}
