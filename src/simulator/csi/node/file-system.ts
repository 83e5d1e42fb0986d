/**
 * The file system on a block device: found, made where there is nothing at all, mounted.
 */
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../../rpc/rpc-error.ts';
import { openLunFile } from '../../blocks/lun-file.ts';
import { type FileSystem, fileSystems } from '../mount-options.ts';
import { run } from './commands.ts';
import type { Loop } from './loops.ts';

const pieceBytes = 1024 * 1024;
const zeros = Buffer.alloc(pieceBytes);
const nothingFound = 2;

/** What a volume shall have. */
export type WantedFileSystem = {
  /** Absent: whatever there is, or else ext4. */
  readonly fileSystem: FileSystem | undefined;
  readonly isReadonly: boolean;
};

/**
 * The file system of a device, which is made when the device reads as zeros from end to end. Anything else that is no
 * file system of the wanted kind is left alone: FAILED_PRECONDITION.
 */
export async function fileSystemOf(loop: Loop, wanted: WantedFileSystem): Promise<FileSystem> {
  const found = await probe(loop.path);
  if (found !== undefined) {
    const known = fileSystems.find((name) => name === found);
    if (known === undefined || (wanted.fileSystem !== undefined && wanted.fileSystem !== known)) {
      throw hasContent(loop, `holds ${found} and not ${wanted.fileSystem ?? fileSystems.join(' or ')}`);
    }
    return known;
  }
  if (!(await isBlank(loop.backingFile))) {
    throw hasContent(loop, 'has content that is no known file system');
  }
  if (wanted.isReadonly) {
    throw hasContent(loop, 'is blank, and a volume that may only be read gets no file system');
  }
  const fileSystem = wanted.fileSystem ?? 'ext4';
  // mkfs.xfs refuses by itself, without -f, what has a signature.
  await run(`mkfs.${fileSystem}`, ['-q', ...(fileSystem === 'ext4' ? ['-m', '0'] : []), loop.path]);
  return fileSystem;
}

/** Mounts a device. */
export async function mountDevice(
  loop: Loop,
  path: string,
  how: { readonly fileSystem: FileSystem; readonly options: readonly string[]; readonly isReadonly: boolean },
): Promise<void> {
  const options = new Set([...how.options, ...(how.isReadonly ? ['ro'] : [])]);
  if (how.fileSystem === 'xfs') {
    // A volume that was made from a snapshot, or resynced from one, has its UUID, and XFS mounts a UUID only once a host.
    options.add('nouuid');
  }
  const flags = options.size === 0 ? [] : ['-o', [...options].join(',')];
  await run('mount', ['-t', how.fileSystem, ...flags, '--', loop.path, path]);
}

/** What `blkid` says that a device holds; undefined: nothing that it knows. */
async function probe(device: string): Promise<string | undefined> {
  const { exitCode, stdout } = await run('blkid', ['--probe', '--output', 'export', device], [0, nothingFound]);
  if (exitCode === nothingFound) {
    return undefined;
  }
  const values = new Map(
    stdout.split('\n').map((line): [string, string] => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  return values.get('TYPE') ?? `a partition table (${values.get('PTTYPE') ?? 'unknown'})`;
}

/** Whether a file reads as zeros from end to end. Holes are not read, so that a new volume of any size takes no time. */
async function isBlank(path: string): Promise<boolean> {
  await using file = await openLunFile(path);
  for (const extent of await file.dataExtents(0, file.sizeBytes)) {
    const end = extent.offset + extent.length;
    for (let offset = extent.offset; offset < end; offset += pieceBytes) {
      const length = Math.min(pieceBytes, end - offset);
      if (!zeros.subarray(0, length).equals(await file.read(offset, length))) {
        return false;
      }
    }
  }
  return true;
}

function hasContent(loop: Loop, what: string): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, `${loop.backingFile} ${what}.`, {
    reason: 'VSS_E_VOLUME_NOT_SUPPORTED',
    remedy: 'Nothing was formatted. Use the volume as what it is, or make a new one.',
  });
}
