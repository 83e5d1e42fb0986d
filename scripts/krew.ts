// `npm run krew -- --uri URL [--dir DIR]`: the kubectl plugin as Krew installs it. Makes kubectl-lunresync.tar.gz, which is to
// be put where the URL says, and lunresync.yaml, the manifest for it. The same sources give the same bytes.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { bundle } from './bundle.ts';
import { ROOT } from './generate/files.ts';

const PROGRAM = 'kubectl-lunresync.js';
/** Times, owners and the order of names would differ from machine to machine. */
const SAME_EVERYWHERE = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=go-w'];

const { values } = parseArgs({
  options: { uri: { type: 'string' }, dir: { type: 'string', default: join(ROOT, 'dist', 'krew') } },
});
if (values.uri === undefined) {
  console.error('krew: --uri is missing: write where kubectl-lunresync.tar.gz will be found');
  process.exitCode = 2;
} else {
  await mkdir(values.dir, { recursive: true });
  const archive = join(values.dir, 'kubectl-lunresync.tar.gz');
  await pack(archive);
  const manifest = join(values.dir, 'lunresync.yaml');
  await writeFile(manifest, await manifestText(archive, values.uri));
  console.log(`${archive}\n${manifest}`);
}

async function pack(archive: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-krew-'));
  try {
    await bundle(join(ROOT, 'src', 'plugin', 'main.ts'), join(folder, PROGRAM));
    await chmod(join(folder, PROGRAM), 0o755);
    await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
    const { name, version, license, type } = await description();
    await writeFile(join(folder, 'package.json'), `${JSON.stringify({ name, version, license, type })}\n`);
    const args = [...SAME_EVERYWHERE, '--use-compress-program=gzip -n', '-cf', archive, '-C', folder, '.'];
    await promisify(execFile)('tar', args);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function manifestText(archive: string, uri: string): Promise<string> {
  const { version } = await description();
  const sha256 = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  const known = new Map(Object.entries({ version, uri, sha256 }));
  const template = await readFile(join(ROOT, 'deploy', 'krew', 'lunresync.yaml'), 'utf8');
  const filled = template.replace(/\{\{(\w+)\}\}/g, (_, word: string) => {
    const value = known.get(word);
    if (value === undefined) throw new Error(`deploy/krew/lunresync.yaml: nothing is known for {{${word}}}`);
    return value;
  });
  // The first lines say what the template is.
  return filled.replace(/^(#.*\n)+/, '');
}

async function description(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<string, string>;
}
