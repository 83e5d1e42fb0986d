/**
 * NodePublishVolume and NodeUnpublishVolume: a staged volume is shown where its workload looks for it.
 */
import { lstat, mkdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../../rpc/rpc-error.ts';
import type { Capability } from '../capability.ts';
import { isBehind, type Loop, loopBehind, volumeBehind } from './loops.ts';
import { bindMount, isMissing, type Mount, mountAt, mounts, remountReadonly, unmountAll } from './mounts.ts';
import { stagedDevicePath } from './staging-path.ts';

/** A volume to publish. The paths are the kernel's. */
export type Target = {
  readonly staging: string;
  readonly target: string;
  readonly capability: Capability;
  readonly isReadonly: boolean;
};

/** Publishes a staged volume at its target. One that is published there in this way already stays so. */
export async function publishTarget(request: Target): Promise<void> {
  const { staging, target, capability, isReadonly } = request;
  const source = capability.kind === 'block' ? stagedDevicePath(staging) : staging;
  const staged = await mountAt(source);
  const loop = staged === undefined ? undefined : await loopBehind(staged);
  if (loop === undefined) {
    throw refused(`Nothing is staged at ${staging}.`, 'Stage the volume first.');
  }
  if (capability.kind === 'block' && isReadonly && !loop.isReadonly) {
    throw refused(`${loop.path} can be written.`, 'Publish the block volume for reading at the controller too.');
  }
  const all = await mounts();
  const present = all.findLast((mount) => mount.path === target);
  if (present !== undefined) {
    return repairTarget(request, loop, present);
  }
  checkSingleWriter(request, loop, all, source);
  await (capability.kind === 'block' ? writeFile(target, '', { mode: 0o600, flag: 'a' }) : makeDirectory(target));
  await bindMount(source, target, isReadonly);
}

/** Takes a volume away from its target, and the target with it. Nothing there is no error. */
export async function unpublishTarget(target: string): Promise<void> {
  const present = await mountAt(target);
  if (present !== undefined) {
    await volumeBehind(present);
  }
  await unmountAll(target);
  try {
    await ((await lstat(target)).isDirectory() ? rmdir(target) : unlink(target));
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
}

async function repairTarget({ target, isReadonly }: Target, loop: Loop, present: Mount): Promise<void> {
  const isShownReadonly = present.options.includes('ro');
  if (!isBehind(loop, present) || (isShownReadonly && !isReadonly && !loop.isReadonly)) {
    throw new RpcError(status.ALREADY_EXISTS, `${target} has another volume, or this one in another way.`, {
      reason: 'VSS_E_OBJECT_ALREADY_EXISTS',
      remedy: 'Unpublish it there first.',
    });
  }
  if (isReadonly && !isShownReadonly) {
    // The earlier call ended between the mount and its being for reading only.
    await remountReadonly(target);
  }
}

/** Source: CSI specification, AccessMode SINGLE_NODE_SINGLE_WRITER: one workload, hence one target. */
function checkSingleWriter({ capability, target }: Target, loop: Loop, all: readonly Mount[], source: string): void {
  const other = all.find((mount) => isBehind(loop, mount) && mount.path !== target && mount.path !== source);
  if (capability.accessMode === 'SINGLE_NODE_SINGLE_WRITER' && other !== undefined) {
    throw refused(
      `The volume is published at ${other.path}, and SINGLE_NODE_SINGLE_WRITER allows one target.`,
      'Unpublish it there first.',
    );
  }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
}

function refused(message: string, remedy: string): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, message, { reason: 'VSS_E_BAD_STATE', remedy });
}
