/**
 * NodeStageVolume and NodeUnstageVolume: a LUN's file becomes a block device, and that a mounted file system.
 *
 * Each step looks at the kernel first, so that a call which was cut off anywhere can be repeated, also by another process.
 */
import { lstat, rm, writeFile } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../../rpc/rpc-error.ts';
import { notFound } from '../../services/rpc-failures.ts';
import type { Capability } from '../capability.ts';
import { missingOptions } from '../mount-options.ts';
import type { PublishContext } from '../publish-context.ts';
import { fileSystemOf, mountDevice } from './file-system.ts';
import { growMounted, growUnmounted } from './growth.ts';
import { attachLoop, detachLoop, isBehind, type Loop, loopBehind, loopsOf, volumeBehind } from './loops.ts';
import { bindMount, isMissing, kernelPath, type Mount, mountAt, mounts, unmountAll } from './mounts.ts';
import { forgetBackingFile, noteBackingFile, notedBackingFile, stagedDevicePath } from './staging-path.ts';

/** A volume to stage. The path is one of the kernel's. */
export type Stage = { readonly staging: string; readonly capability: Capability; readonly context: PublishContext };

/** Stages a volume. One that is staged in this way already stays so. */
export async function stageVolume(stage: Stage): Promise<void> {
  const { capability, context, staging } = stage;
  await checkLunFile(context.path);
  const place = capability.kind === 'block' ? stagedDevicePath(staging) : staging;
  const present = await mountAt(place);
  if (present !== undefined) {
    return checkStaged(stage, present);
  }
  const backingFile = await kernelPath(context.path);
  await noteBackingFile(staging, backingFile);
  try {
    await dropStale(backingFile, context.isReadonly);
    const loop = await attachLoop(backingFile, context.isReadonly);
    await (capability.kind === 'block' ? bindDevice(loop, place) : mountFileSystem(loop, stage, capability));
  } catch (error) {
    await takeDown(staging).catch((leftover: unknown) => {
      throw new AggregateError([error, leftover], `${String(error)} Undoing it failed, too: ${String(leftover)}`);
    });
    throw error;
  }
}

/** Unmounts, detaches and forgets a volume. Nothing there is no error. Throws FAILED_PRECONDITION while it is published. */
export async function unstageVolume(staging: string): Promise<void> {
  const device = stagedDevicePath(staging);
  const all = await mounts();
  for (const path of [device, staging]) {
    const mount = all.findLast((found) => found.path === path);
    if (mount !== undefined) {
      checkUnpublished(await volumeBehind(mount), all, [device, staging]);
    }
  }
  await takeDown(staging);
}

/** Undoes what a stage did, however far it came. A loop device that something else has mounted stays. */
async function takeDown(staging: string): Promise<void> {
  await unmountAll(stagedDevicePath(staging));
  await rm(stagedDevicePath(staging), { force: true });
  const mounted = await mountAt(staging);
  const behind = mounted === undefined ? undefined : await loopBehind(mounted);
  await unmountAll(staging);
  const noted = await notedBackingFile(staging);
  const backingFile = noted ?? behind?.backingFile;
  for (const loop of backingFile === undefined ? [] : await loopsOf(backingFile)) {
    if (!(await mounts()).some((mount) => isBehind(loop, mount))) {
      await detachLoop(loop);
    }
  }
  await forgetBackingFile(staging);
}

async function mountFileSystem(loop: Loop, stage: Stage, wanted: Capability & { kind: 'mount' }): Promise<void> {
  const { isReadonly } = stage.context;
  const fileSystem = await fileSystemOf(loop, { fileSystem: wanted.fileSystem, isReadonly });
  // The LUN may be larger than when the file system was made: expanded while detached, or made from a smaller source.
  const mayGrow = !isReadonly && !wanted.options.includes('ro');
  if (mayGrow) {
    await growUnmounted(loop, fileSystem);
  }
  await mountDevice(loop, stage.staging, { fileSystem, options: wanted.options, isReadonly });
  if (mayGrow) {
    await growMounted(loop, fileSystem, stage.staging);
  }
}

async function bindDevice(loop: Loop, place: string): Promise<void> {
  await writeFile(place, '', { mode: 0o600, flag: 'a' });
  await bindMount(loop.path, place, false);
}

/** A loop device that an earlier attempt left in the other mode, and which nothing uses. */
async function dropStale(backingFile: string, isReadonly: boolean): Promise<void> {
  for (const loop of await loopsOf(backingFile)) {
    if (loop.isReadonly !== isReadonly) {
      checkUnpublished(loop, await mounts(), []);
      await detachLoop(loop);
    }
  }
}

async function checkLunFile(path: string): Promise<void> {
  const isFile = await lstat(path).then(
    (found) => found.isFile(),
    (error: unknown) => {
      if (isMissing(error)) {
        return false;
      }
      throw error;
    },
  );
  if (!isFile) {
    throw notFound(`The LUN's file ${path} is not on this node.`);
  }
}

async function checkStaged({ staging, capability, context }: Stage, present: Mount): Promise<void> {
  const loop = await loopBehind(present);
  const isOurs = loop?.backingFile === (await kernelPath(context.path)) && loop.isReadonly === context.isReadonly;
  const hasKind = capability.kind === 'block' || [undefined, present.fileSystem].includes(capability.fileSystem);
  const missing = capability.kind === 'block' ? [] : missingOptions(capability.options, present.options);
  if (isOurs && hasKind && missing.length === 0) {
    return;
  }
  const how = missing.length === 0 ? '' : ` without ${missing.join(', ')}`;
  throw new RpcError(
    status.ALREADY_EXISTS,
    `${staging} has ${loop?.backingFile ?? 'something else'} mounted as ${present.fileSystem}${how}.`,
    { reason: 'VSS_E_OBJECT_ALREADY_EXISTS', remedy: 'Unstage it first.' },
  );
}

function checkUnpublished(loop: Loop, all: readonly Mount[], except: readonly string[]): void {
  const places = all.filter((mount) => isBehind(loop, mount) && !except.includes(mount.path)).map(({ path }) => path);
  if (places.length > 0) {
    throw new RpcError(
      status.FAILED_PRECONDITION,
      `${loop.backingFile} is still mounted at ${places.slice(0, 4).join(', ')}.`,
      { reason: 'VSS_E_VOLUME_IN_USE', remedy: 'Unpublish it there first.' },
    );
  }
}
