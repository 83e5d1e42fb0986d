/**
 * The files that are the LUNs: one file a LUN, named after it, in one directory.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CopyHandle, type CopyProgress, startCopy } from '../blocks/copier.ts';
import { digestFile } from '../blocks/digest.ts';
import { cloneLunFile, createLunFile, deleteLunFile, type LunFile, openLunFile } from '../blocks/lun-file.ts';
import type { LunCloneOptions, LunCopyJob, LunFiles } from '../ports.ts';
import type { ArrayState } from '../state/records.ts';

const suffix = '.lun';

/** The directory of all LUN files. */
export class LunDirectory implements LunFiles {
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

  allocatedBytes(lunID: string): number {
    // st_blocks counts 512-byte units whatever the file system's block size is.
    return (statSync(this.pathOf(lunID), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }

  fileSizeBytes(lunID: string): number {
    return statSync(this.pathOf(lunID)).size;
  }

  removeStrayFiles(state: ArrayState): void {
    const known = new Set([...state.luns.keys()].map((id) => `${id}${suffix}`));
    for (const name of readdirSync(this.#path)) {
      if (!known.has(name)) {
        rmSync(join(this.#path, name), { recursive: true });
      }
    }
  }

  damagedLuns(state: ArrayState): string[] {
    return [...state.luns.values()]
      .filter((lun) => statSync(this.pathOf(lun.id), { throwIfNoEntry: false })?.size !== lun.sizeBytes)
      .map((lun) => lun.id);
  }

  /** Tried, since nothing else tells. */
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

  async create(lunID: string, sizeBytes: number): Promise<void> {
    const file = await createLunFile(this.pathOf(lunID), sizeBytes);
    await file.close();
  }

  async clone(sourceLunID: string, lunID: string, options: LunCloneOptions): Promise<{ readonly reflinked: boolean }> {
    return cloneLunFile(this.pathOf(sourceLunID), this.pathOf(lunID), options);
  }

  async open(lunID: string): Promise<LunFile> {
    return openLunFile(this.pathOf(lunID));
  }

  async digest(lunID: string, sizeBytes: number): Promise<string> {
    return digestFile(this.pathOf(lunID), sizeBytes);
  }

  copy({ sourceLunID, targetLunID, ...job }: LunCopyJob, onProgress: (progress: CopyProgress) => void): CopyHandle {
    return startCopy({ ...job, source: this.pathOf(sourceLunID), target: this.pathOf(targetLunID) }, onProgress);
  }

  async resize(lunID: string, sizeBytes: number): Promise<void> {
    await using file = await openLunFile(this.pathOf(lunID));
    await file.resize(sizeBytes);
  }

  async remove(lunIDs: readonly string[]): Promise<void> {
    for (const lunID of lunIDs) {
      await deleteLunFile(this.pathOf(lunID));
    }
  }
}
