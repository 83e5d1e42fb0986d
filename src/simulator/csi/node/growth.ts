/**
 * A file system becomes as large as its device: XFS while it is mounted, ext4 before it is mounted or, where the kernel
 * lets this process, while it is.
 */
import { readFile } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../../rpc/rpc-error.ts';
import type { FileSystem } from '../mount-options.ts';
import { run } from './commands.ts';
import type { Loop } from './loops.ts';

// include/uapi/linux/capability.h; fs/ext4/resize.c asks for it in ext4_resize_begin.
const sysResource = 24n;

/** Before a mount: an ext4 that is smaller than its device is checked and grown. Others are left as they are. */
export async function growUnmounted(loop: Loop, fileSystem: FileSystem): Promise<void> {
  if (fileSystem === 'ext4' && (await ext4IsSmaller(loop))) {
    // resize2fs takes only what has been checked since its last mount; 1 means that something was corrected.
    await run('e2fsck', ['-f', '-p', loop.path], [0, 1]);
    await run('resize2fs', [loop.path]);
  }
}

/** While it is mounted. Throws FAILED_PRECONDITION when that has to wait until the volume is staged the next time. */
export async function growMounted(loop: Loop, fileSystem: string, path: string): Promise<void> {
  if (fileSystem === 'xfs') {
    await run('xfs_growfs', [path]);
    return;
  }
  if (!(await ext4IsSmaller(loop))) {
    return;
  }
  if (!(await mayGrowMountedExt4())) {
    throw new RpcError(
      status.FAILED_PRECONDITION,
      `The ext4 on ${loop.backingFile} is mounted, and the node has no CAP_SYS_RESOURCE to grow it there.`,
      {
        reason: 'VSS_E_VOLUME_IN_USE',
        remedy: 'It grows when the volume is staged the next time: restart the workload.',
      },
    );
  }
  await run('resize2fs', [loop.path]);
}

/** Whether the kernel lets this process grow an ext4 that is mounted. */
async function mayGrowMountedExt4(): Promise<boolean> {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${effective}`) >> sysResource) & 1n) === 1n;
}

async function ext4IsSmaller(loop: Loop): Promise<boolean> {
  const { stdout } = await run('dumpe2fs', ['-h', loop.path]);
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(stdout)?.[1]);
  const blockBytes = field('Block size');
  return (field('Block count') + 1) * blockBytes <= loop.sizeBytes;
}
