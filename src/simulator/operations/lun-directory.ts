/**
 * The files that are the LUNs: one file a LUN, named after it, in one directory.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cloneLunFile, createLunFile, deleteLunFile, openLunFile } from '../blocks/lun-file.ts';
import type { ArrayState } from '../state/records.ts';

const suffix = '.lun';

/** The directory of all LUN files. */
export class LunDirectory {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static open(dataDirectory: string): LunDirectory {
    const path = join(dataDirectory, 'luns');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return new LunDirectory(path);
  }

  pathOf(lunID: string): string {
    return join(this.#path, `${lunID}${suffix}`);
  }

  /** Blocks that a LUN's file holds, in bytes; 0 when there is no file. */
  allocatedBytes(lunID: string): number {
    // st_blocks counts 512-byte units whatever the file system's block size is.
    return (statSync(this.pathOf(lunID), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }

  /** The size of a LUN's file, in bytes. Throws when there is no file. */
  fileSizeBytes(lunID: string): number {
    return statSync(this.pathOf(lunID)).size;
  }

  /** Removes files that no record names: what a crash left between a file and its record. */
  removeStrayFiles(state: ArrayState): void {
    const known = new Set([...state.luns.keys()].map((id) => `${id}${suffix}`));
    for (const name of readdirSync(this.#path)) {
      if (!known.has(name)) {
        rmSync(join(this.#path, name), { recursive: true });
      }
    }
  }

  /** The LUNs whose file is missing or has another size than its record says. */
  damagedLuns(state: ArrayState): string[] {
    return [...state.luns.values()]
      .filter((lun) => statSync(this.pathOf(lun.id), { throwIfNoEntry: false })?.size !== lun.sizeBytes)
      .map((lun) => lun.id);
  }

  /** Whether the file system clones files at once. Tried, since nothing else tells. */
  async hasReflinks(): Promise<boolean> {
    const [probe, clone] = [join(this.#path, 'probe'), join(this.#path, 'probe-clone')];
    rmSync(probe, { force: true });
    rmSync(clone, { force: true });
    await using file = await createLunFile(probe, 4096);
    await file.write(0, Buffer.alloc(4096, 1));
    await file.flush();
    const { reflinked } = await cloneLunFile(probe, clone);
    await deleteLunFile(clone);
    await deleteLunFile(probe);
    return reflinked;
  }

  /** Gives a LUN's file another size; what is added reads as zeros. Durable when it resolves. */
  async resize(lunID: string, sizeBytes: number): Promise<void> {
    await using file = await openLunFile(this.pathOf(lunID));
    await file.resize(sizeBytes);
  }

  /** Deletes the files of LUNs whose records are gone. */
  async remove(lunIDs: readonly string[]): Promise<void> {
    for (const lunID of lunIDs) {
      await deleteLunFile(this.pathOf(lunID));
    }
  }
}
