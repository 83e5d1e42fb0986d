/** One LUN is one sparse file with real bytes: reading, writing, holes, size, and the durable creation and end of the file. */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { syncDirectoryOf } from './directory.ts';
import { punchHole, seek } from './linux.ts';
import type { Extent } from './region-scan.ts';

export { cloneLunFile, SourceMovedError } from './lun-clone.ts';

const ZEROS = Buffer.alloc(1024 * 1024);

/** An open LUN. Offsets and lengths are in bytes; outside of [0, sizeBytes) they are a RangeError: a LUN grows by `resize` only. */
export type LunFile = {
  readonly path: string;
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Durable after `flush`. Rejects with the system's error, ENOSPC among them. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** The range reads as zeros afterwards and, where the file system can, takes no blocks. */
  punchHole(offset: number, length: number): Promise<void>;
  /** Durable when it resolves; what is added reads as zeros, what is cut off is gone for good. */
  resize(sizeBytes: number): Promise<void>;
  flush(): Promise<void>;
  /** Blocks that the file takes, shared ones included. */
  allocatedBytes(): Promise<number>;
  /** Where there is data within the range, in order; the whole range where the file system cannot tell. */
  dataExtents(offset: number, length: number): Promise<readonly Extent[]>;
  /** May be repeated. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Creates a LUN without any data; durable when it resolves. Rejects with EEXIST when the path is taken. */
export async function createLunFile(path: string, sizeBytes: number): Promise<LunFile> {
  assertSize(sizeBytes);
  const file = await open(path, 'wx+');
  try {
    await file.truncate(sizeBytes);
    await file.sync();
    await syncDirectoryOf(path);
  } catch (error) {
    await file.close();
    await deleteLunFile(path);
    throw error;
  }
  return new OpenLunFile(path, file, sizeBytes);
}

/** Opens a LUN for reading and writing; its size is that of the file. Rejects with ENOENT when there is none. */
export async function openLunFile(path: string): Promise<LunFile> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  return new OpenLunFile(path, file, size);
}

/** Deletes a LUN; durable when it resolves. One that is gone already is no error, so it may be repeated after a crash. */
export async function deleteLunFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw error;
    }
  }
  await syncDirectoryOf(path);
}

class OpenLunFile implements LunFile {
  readonly path: string;
  readonly #file: FileHandle;
  #sizeBytes: number;
  #closed: Promise<void> | undefined;

  constructor(path: string, file: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#assertWithin('read', offset, length);
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) {
        throw new Error(
          `${this.path} ends at byte ${offset + done}, before its size of ${this.#sizeBytes}; it was cut from outside`,
        );
      }
      done += bytesRead;
    }
    return bytes;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#assertWithin('write', offset, data.length);
    let done = 0;
    while (done < data.length) {
      const { bytesWritten } = await this.#file.write(data, done, data.length - done, offset + done);
      done += bytesWritten;
    }
  }

  async punchHole(offset: number, length: number): Promise<void> {
    this.#assertWithin('punch a hole', offset, length);
    if (length === 0 || (await punchHole(this.#file.fd, offset, length))) {
      return;
    }
    const end = offset + length;
    for (let at = offset; at < end; at += ZEROS.length) {
      await this.write(at, ZEROS.subarray(0, Math.min(ZEROS.length, end - at)));
    }
  }

  async resize(sizeBytes: number): Promise<void> {
    assertSize(sizeBytes);
    await this.#file.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
    await this.#file.sync();
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }

  async allocatedBytes(): Promise<number> {
    // st_blocks counts units of 512 bytes whatever the file system's block size is (inode(7)).
    return (await this.#file.stat()).blocks * 512;
  }

  async dataExtents(offset: number, length: number): Promise<readonly Extent[]> {
    this.#assertWithin('look for data', offset, length);
    const end = offset + length;
    const extents: Extent[] = [];
    let at = offset;
    while (at < end) {
      const data = await seek(this.#file.fd, at, 'data');
      if (data === undefined) {
        return [{ offset, length }];
      }
      if (data >= end) {
        break;
      }
      const hole = Math.min((await seek(this.#file.fd, data, 'hole')) ?? end, end);
      extents.push({ offset: data, length: hole - data });
      at = hole;
    }
    return extents;
  }

  async close(): Promise<void> {
    this.#closed ??= this.#file.close();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #assertWithin(attempt: string, offset: number, length: number): void {
    const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
    if (!valid || offset + length > this.#sizeBytes) {
      throw new RangeError(
        `cannot ${attempt} at ${offset}+${length} of ${this.path}, which has ${this.#sizeBytes} bytes`,
      );
    }
  }
}

function assertSize(sizeBytes: number): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes % 512 !== 0) {
    throw new RangeError(`a LUN of ${sizeBytes} bytes: sizes are multiples of 512`);
  }
}
