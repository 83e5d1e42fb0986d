// Makes the image of tools/node-cluster from Debian's packages and Go's modules.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CONTROL_PLANE,
  cacheFolder,
  findBinaries,
  KUBERNETES_VERSION,
  NODE,
} from '../../../scripts/control-plane/binaries.ts';
import type { Engine } from '../support/engine.ts';

const execute = promisify(execFile);
const TOOLS = join(import.meta.dirname, '..', '..', '..', 'tools', 'node-cluster');
const TIMEOUT_MS = 1_200_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const PROGRAMS = [...CONTROL_PLANE, ...NODE] as const;
const DEBIAN = 'bookworm';
const PACKAGES = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'iptables',
  'ipset',
  'nftables',
  'iproute2',
  'openssl',
  'dnsmasq-base',
];

/** Makes the image unless the engine has it; gives its name. `say` hears of what takes minutes. */
export async function makeNodeImage(engine: Engine, say: (line: string) => void): Promise<string> {
  const sources = await Promise.all(['Dockerfile', 'start.sh'].map((file) => readFile(join(TOOLS, file))));
  const hash = createHash('sha256');
  for (const source of [...sources, PACKAGES.join()]) hash.update(source);
  const image = `localhost/lunresync-node:${KUBERNETES_VERSION}-${hash.digest('hex').slice(0, 12)}`;
  if (await engine.hasImage(image)) return image;
  const binaries = await findBinaries([...PROGRAMS, 'pause'], say);
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-node-image-'));
  try {
    const base = await baseImage(engine, say);
    await importPause(engine, binaries.path('pause'), folder);
    await mkdir(join(folder, 'programs'));
    for (const program of PROGRAMS) await copyFile(binaries.path(program), join(folder, 'programs', program));
    await cp(TOOLS, folder, { recursive: true });
    const args = ['build', '--build-arg', `BASE_IMAGE=${base}`, '--tag', image, '.'];
    await engine.run(args, { timeoutMs: TIMEOUT_MS, cwd: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return image;
}

/** The image of the process that holds a Pod's namespaces, as an archive for containerd. */
async function importPause(engine: Engine, program: string, folder: string): Promise<void> {
  const root = await mkdtemp(join(folder, 'pause-'));
  await copyFile(program, join(root, 'pause'));
  await execute('tar', ['-C', root, '-cf', join(folder, 'pause-root.tar'), 'pause']);
  const image = 'localhost/pause:node';
  await engine.run(['import', '--change', 'ENTRYPOINT ["/pause"]', join(folder, 'pause-root.tar'), image]);
  await engine.run(['save', '--output', join(folder, 'pause.tar'), image]);
  await rm(root, { recursive: true });
}

/** A small Debian, made once for this machine and kept in the cache. */
async function baseImage(engine: Engine, say: (line: string) => void): Promise<string> {
  const digest = createHash('sha256').update(PACKAGES.join()).digest('hex').slice(0, 12);
  const image = `localhost/lunresync-node-base:${DEBIAN}-${digest}`;
  if (await engine.hasImage(image)) return image;
  const archive = join(cacheFolder(), `node-base-${digest}.tar`);
  const isMade = await access(archive).then(
    () => true,
    () => false,
  );
  if (!isMade) await bootstrap(archive, say);
  await engine.run(['import', archive, image], { timeoutMs: TIMEOUT_MS });
  return image;
}

async function bootstrap(archive: string, say: (line: string) => void): Promise<void> {
  // Without one debootstrap knows where to go.
  const mirror = process.env['LUNRESYNC_DEBIAN_MIRROR'] || undefined;
  say(`Making a Debian for the node: two minutes the first time (${archive}).`);
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-debian-'));
  try {
    const root = join(folder, 'root');
    const limits = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    const include = `--include=${PACKAGES.join(',')}`;
    const args = ['--variant=minbase', include, DEBIAN, root, ...(mirror === undefined ? [] : [mirror])];
    await execute('debootstrap', args, limits).catch((cause) => {
      const remedy = 'install debootstrap, run as root, or name a mirror in LUNRESYNC_DEBIAN_MIRROR';
      throw new Error(`The node's Debian could not be made: ${remedy}.`, { cause });
    });
    const left = ['./var/cache/apt', './var/lib/apt/lists', './usr/share/doc', './usr/share/man', './usr/share/locale'];
    const excluded = left.map((path) => `--exclude=${path}/*`);
    await execute('tar', ['-C', root, '--numeric-owner', ...excluded, '-cf', join(folder, 'root.tar'), '.'], limits);
    // Copied beside it first: another file system cannot be renamed from, and nobody must see half an archive.
    await copyFile(join(folder, 'root.tar'), `${archive}.part`);
    await rename(`${archive}.part`, archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
