/**
 * Files on a disk with a volatile cache: what was written and not flushed may be lost at a crash, any part of it, sector by
 * sector. Creating, cloning, resizing and deleting files are atomic and durable when they resolve; that the real ones are is
 * shown on real files by the array's crash points.
 */
import { createHash } from 'node:crypto';
import { CHUNK_BYTES, digestOfChunks } from '../../../src/simulator/blocks/digest.ts';
import type { ArrayState } from '../../../src/simulator/state/records.ts';

const SECTOR_BYTES = 512;

type Write = { readonly offset: number; readonly bytes: Buffer };
type DiskFile = { durable: Buffer; current: Buffer; pending: Write[] };

/** The files of one array, which outlive its processes. */
export class Disk {
  readonly #files = new Map<string, DiskFile>();

  create(id: string, content: Buffer): void {
    if (this.#files.has(id)) throw new Error(`${id} exists on the disk`);
    this.#files.set(id, { durable: Buffer.from(content), current: Buffer.from(content), pending: [] });
  }

  remove(id: string): void {
    this.#files.delete(id);
  }

  resize(id: string, sizeBytes: number): void {
    const file = this.#file(id);
    this.flush(id);
    const next = Buffer.alloc(sizeBytes);
    file.current.copy(next);
    file.current = next;
    file.durable = Buffer.from(next);
  }

  write(id: string, offset: number, bytes: Buffer): void {
    const file = this.#file(id);
    bytes.copy(file.current, offset);
    file.pending.push({ offset, bytes: Buffer.from(bytes) });
  }

  flush(id: string): void {
    const file = this.#file(id);
    file.durable = Buffer.from(file.current);
    file.pending = [];
  }

  /** What a reader sees, cached writes included. */
  read(id: string): Buffer {
    return this.#file(id).current;
  }

  has(id: string): boolean {
    return this.#files.has(id);
  }

  ids(): string[] {
    return [...this.#files.keys()];
  }

  removeStrayFiles(state: ArrayState): void {
    for (const id of this.#files.keys()) if (!state.luns.has(id)) this.#files.delete(id);
  }

  /** Power is lost: of every write that was not flushed, each sector is on the disk or not, as `isKept` says. */
  crash(isKept: (name: string) => boolean): void {
    for (const [id, file] of this.#files) {
      for (const [index, { offset, bytes }] of file.pending.entries()) {
        for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
          if (!isKept(`${id} write ${index} sector ${at / SECTOR_BYTES}`)) continue;
          bytes.subarray(at, at + SECTOR_BYTES).copy(file.durable, offset + at);
        }
      }
      file.pending = [];
      file.current = Buffer.from(file.durable);
    }
  }

  #file(id: string): DiskFile {
    const file = this.#files.get(id);
    if (file === undefined) throw new Error(`there is no ${id} on the disk`);
    return file;
  }
}

/** The digest of a LUN's first bytes, as the contract has it. */
export function digestOf(content: Buffer): string {
  return digestOfChunks(chunkDigests(content));
}

/** The digest of each chunk. */
export function chunkDigests(content: Buffer): string[] {
  const digests: string[] = [];
  for (let at = 0; at < content.length; at += CHUNK_BYTES)
    digests.push(
      createHash('sha256')
        .update(content.subarray(at, at + CHUNK_BYTES))
        .digest('hex'),
    );
  return digests;
}
