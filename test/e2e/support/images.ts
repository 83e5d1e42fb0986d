// Builds the project's images from its Dockerfile.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeBaseImage } from './base-images.ts';
import type { Engine } from './engine.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUILD_TIMEOUT_MS = 1_200_000;

/** The Dockerfile's targets. */
export type Target = 'operator' | 'simulator';

/** What the CSI node service calls. */
export const NODE_SERVICE_PROGRAMS: readonly string[] =
  'losetup blkid mount umount mkfs.ext4 e2fsck resize2fs dumpe2fs mkfs.xfs xfs_growfs'.split(' ');

/**
 * Builds a target and gives the image's name; the revision is what `lunresync_build_info` says and the image's tag. The base
 * images are made from this machine's programs, unless LUNRESYNC_E2E_BASES=registry says that the engine can pull those of
 * the Dockerfile.
 */
export async function buildImage(engine: Engine, target: Target, revision = 'test'): Promise<string> {
  const image = `localhost/lunresync-e2e-${target}:${revision}`;
  const bases = process.env['LUNRESYNC_E2E_BASES'] === 'registry' ? {} : await localBases(engine);
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-image-'));
  try {
    const args = [
      ...Object.entries(bases).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      ...(await npmSecrets(folder)),
    ];
    // What npm reaches from here it reaches from the host's network.
    const what = ['--build-arg', `REVISION=${revision}`, '--network', 'host', '--target', target, '--tag', image, '.'];
    await engine.run(['build', ...args, ...what], { timeoutMs: BUILD_TIMEOUT_MS, cwd: ROOT });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return image;
}

async function localBases(engine: Engine): Promise<Record<string, string>> {
  const node = process.execPath;
  const shell = ['sh', 'env', 'find', 'touch', 'rm', 'mkdir'];
  return {
    BUILD_IMAGE: await makeBaseImage(engine, { name: 'lunresync-e2e-build', programs: [node, ...shell], hasNpm: true }),
    RUNTIME_IMAGE: await makeBaseImage(engine, { name: 'lunresync-e2e-runtime', programs: [node] }),
    SIMULATOR_IMAGE: await makeBaseImage(engine, {
      name: 'lunresync-e2e-tools',
      programs: [node, 'sh', ...NODE_SERVICE_PROGRAMS],
    }),
  };
}

/** This machine's registry of packages, and the authorities that npm trusts here, as secrets of the build. */
async function npmSecrets(folder: string): Promise<string[]> {
  const setting = async (name: string): Promise<string | undefined> => {
    const { stdout } = await promisify(execFile)('npm', ['config', 'get', name], { cwd: ROOT });
    const value = stdout.trim();
    return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
  };
  const registry = await setting('registry');
  const authorities = (await setting('cafile')) ?? process.env['NODE_EXTRA_CA_CERTS'];
  const npmrc = join(folder, 'npmrc');
  const lines = [
    ...(registry === undefined ? [] : [`registry=${registry}`]),
    ...(authorities === undefined ? [] : ['cafile=/run/secrets/npm-ca']),
  ];
  await writeFile(npmrc, `${lines.join('\n')}\n`);
  return [
    '--secret',
    `id=npmrc,src=${npmrc}`,
    ...(authorities === undefined ? [] : ['--secret', `id=npm-ca,src=${authorities}`]),
  ];
}
