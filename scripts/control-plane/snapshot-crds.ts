// The CRDs of VolumeSnapshot and its class and content, from the Go module of the snapshotter that is built.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './binaries.ts';
import { GO_MODULE } from './build.ts';

const CLIENT = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
const DOWNLOAD_MS = 120_000;

const FILES = ['volumesnapshotclasses', 'volumesnapshotcontents', 'volumesnapshots'].map(
  (plural) => `snapshot.storage.k8s.io_${plural}.yaml`,
);

/**
 * A folder in the cache that holds these three CRDs and nothing else, taken from the module the first time.
 *
 * Throws an Error when Go, or the first time its module proxy, is missing.
 */
export async function findSnapshotCRDs(): Promise<string> {
  const folder = join(cacheFolder(), 'snapshot-crds');
  if (existsSync(folder)) return folder;
  const module = await moduleFolder();
  await mkdir(cacheFolder(), { recursive: true });
  const copy = await mkdtemp(join(cacheFolder(), '.copying-'));
  try {
    for (const file of FILES) await copyFile(join(module, 'config', 'crd', file), join(copy, file));
    await rename(copy, folder);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    // Another process may have been faster, and a folder that is not empty is not replaced.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function moduleFolder(): Promise<string> {
  const args = ['mod', 'download', '-json', CLIENT];
  const { stdout } = await promisify(execFile)('go', args, { cwd: GO_MODULE, timeout: DOWNLOAD_MS }).catch(
    (cause: unknown) => {
      throw new Error(`go ${args.join(' ')} failed: the CRDs of VolumeSnapshots need Go 1.26 and its module proxy.`, {
        cause,
      });
    },
  );
  return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
}
