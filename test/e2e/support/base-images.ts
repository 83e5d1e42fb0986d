// Base images from the programs of this machine, for machines that reach no registry of images: each has some programs,
// the libraries that these load, and nothing else.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';

const execute = promisify(execFile);
const IMPORT_TIMEOUT_MS = 300_000;

/** What a base image has. */
export type BaseContent = {
  /** Name of the image without a tag: the tag comes from the content. */
  readonly name: string;
  /** Programs by name, looked for on the PATH and in the folders of system programs, or by absolute path. */
  readonly programs: readonly string[];
  /** Whether npm is in it. */
  readonly hasNpm?: boolean;
  /** The one of them that it runs. */
  readonly entrypoint?: string;
};

/** Makes the image unless the engine has it with the same content; gives its name with the tag. */
export async function makeBaseImage(engine: Engine, content: BaseContent): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-base-image-'));
  try {
    const root = join(folder, 'root');
    await layOut(root, content);
    const archive = join(folder, 'root.tar');
    // The same content is the same image, so that what was built on it can be used again.
    const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await execute('tar', ['-C', root, ...reproducible, '-cf', archive, '.']);
    const digest = createHash('sha256')
      .update(await readFile(archive))
      .digest('hex');
    const image = `localhost/${content.name}:${digest.slice(0, 12)}`;
    if (!(await engine.hasImage(image))) {
      const { entrypoint } = content;
      const settings = [
        'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        ...(entrypoint === undefined ? [] : [`ENTRYPOINT ["/usr/bin/${entrypoint}"]`]),
      ];
      const changes = settings.flatMap((setting) => ['--change', setting]);
      await engine.run(['import', ...changes, archive, image], { timeoutMs: IMPORT_TIMEOUT_MS });
    }
    return image;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function layOut(root: string, { programs, hasNpm = false }: BaseContent): Promise<void> {
  for (const folder of ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'usr/local/bin', 'etc', 'root', 'tmp']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
  await chmod(join(root, 'tmp'), 0o1777);
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  for (const name of programs) {
    const program = await locate(name);
    await copyWithLibraries(root, program, `/usr/bin/${basename(name)}`);
  }
  if (hasNpm) await copyNpm(root);
}

/** The rest of the C library, which native modules of packages load later. */
const C_LIBRARY = ['librt.so.1', 'libdl.so.2', 'libpthread.so.0', 'libm.so.6', 'libresolv.so.2'];

async function copyWithLibraries(root: string, program: string, to: string): Promise<void> {
  await copyFile(await realpath(program), join(root, to));
  const loaded = await librariesOf(program);
  const folder = dirname(loaded.find((library) => basename(library) === 'libc.so.6') ?? '');
  const rest = folder === '.' ? [] : C_LIBRARY.map((name) => join(folder, name));
  for (const library of [...loaded, ...rest]) {
    // /lib is a link to /usr/lib here and there, or neither here nor there.
    const target = join(root, library.replace(/^\/(lib|lib64)\//, '/usr/$1/'));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(await realpath(library), target);
  }
}

/** What the program's loader loads; nothing for a static program or a script. */
async function librariesOf(program: string): Promise<string[]> {
  const listed = await execute('ldd', [program]).catch(() => ({ stdout: '' }));
  return [...listed.stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

async function locate(name: string): Promise<string> {
  if (name.startsWith('/')) return name;
  const { stdout } = await execute('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin; command -v "$0"', name]).catch((cause) => {
    throw new Error(`${name} is not on this machine, and a base image needs it.`, { cause });
  });
  return stdout.trim();
}

async function copyNpm(root: string): Promise<void> {
  const script = await realpath(await locate('npm'));
  await cp(dirname(dirname(script)), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
}
