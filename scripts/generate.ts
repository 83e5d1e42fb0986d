// Writes every generated file: deploy/crds from the schemas in src/api, src/proto from proto/ (with buf).
// With --check it writes nothing, and exits 1 naming the files that are not what the sources give.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { lunResyncCrd, storageArrayCrd } from '../src/api/crd.ts';

const ROOT = join(import.meta.dirname, '..');
const HEADER = '# Generated from src/api by `npm run generate`; do not edit.\n';
const run = promisify(execFile);

/** Path under the repository and content. */
type Files = ReadonlyMap<string, string>;

const check = process.argv.includes('--check');
const generated = new Map([...crds(), ...(await protocol())]);
if (check) await compare(generated);
else await write(generated);

function crds(): Files {
  return new Map(
    [lunResyncCrd(), storageArrayCrd()].map((crd) => [
      `deploy/crds/${crd.metadata.name}.yaml`,
      `${HEADER}${dump(crd, { lineWidth: 120, noRefs: true })}`,
    ]),
  );
}

async function protocol(): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-generate-'));
  try {
    // buf finds its plugin protoc-gen-es on the PATH, which `npm run` extends but plain `node` does not.
    const bin = join(ROOT, 'node_modules', '.bin');
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    await run(join(bin, 'buf'), ['generate', '--output', folder], { cwd: ROOT, env });
    return await read(folder, 'src/proto');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(root: string, folder: string): Promise<Files> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(onMissingFolder);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = paths.map(async (path) => [path.slice(root.length + 1), await readFile(path, 'utf8')] as const);
  return new Map(await Promise.all(pairs));
}

function onMissingFolder(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function present(): Promise<Files> {
  return new Map([...(await read(ROOT, 'deploy/crds')), ...(await read(ROOT, 'src/proto'))]);
}

async function compare(wanted: Files): Promise<void> {
  const found = await present();
  const paths = [...new Set([...wanted.keys(), ...found.keys()])].sort();
  const stale = paths.filter((path) => wanted.get(path) !== found.get(path));
  if (stale.length === 0) {
    console.log(`${wanted.size} generated files are current.`);
    return;
  }
  console.error(`Not what the sources give; run \`npm run generate\`:\n${stale.map((path) => `  ${path}`).join('\n')}`);
  process.exitCode = 1;
}

async function write(wanted: Files): Promise<void> {
  for (const path of (await present()).keys()) {
    if (!wanted.has(path)) await rm(join(ROOT, path));
  }
  for (const [path, content] of wanted) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true });
    await writeFile(join(ROOT, path), content);
  }
  console.log(`${wanted.size} files generated in deploy/crds and src/proto.`);
}
