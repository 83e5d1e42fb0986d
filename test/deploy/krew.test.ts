// The kubectl plugin as Krew gets it: the archive, which runs by itself, and the manifest, which is of that archive.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const URI = 'https://example.com/kubectl-lunresync.tar.gz';
const run = promisify(execFile);

type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly version: string;
    readonly homepage: string;
    readonly shortDescription: string;
    readonly platforms: readonly { readonly uri: string; readonly sha256: string; readonly bin: string }[];
  };
};

let folder: string;
let manifest: Manifest;
let version: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lunresync-krew-test-'));
  await krew('made');
  manifest = load(await readFile(join(folder, 'made', 'lunresync.yaml'), 'utf8')) as Manifest;
  ({ version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string });
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

function krew(dir: string): Promise<unknown> {
  return run(process.execPath, [join(ROOT, 'scripts', 'krew.ts'), '--uri', URI, '--dir', join(folder, dir)]);
}

function archive(dir: string): Promise<Buffer> {
  return readFile(join(folder, dir, 'kubectl-lunresync.tar.gz'));
}

describe('the manifest', () => {
  it('has what Krew demands, and its style of names', () => {
    expect(manifest).toMatchObject({
      apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
      kind: 'Plugin',
      metadata: { name: 'lunresync' },
      spec: { version: `v${version}`, homepage: expect.stringMatching(/^https:/) },
    });
    expect(manifest.spec.shortDescription).toMatch(/^[A-Z].{1,48}[^.]$/);
  });

  it('is of the archive', async () => {
    const [platform] = manifest.spec.platforms;
    const sha256 = createHash('sha256')
      .update(await archive('made'))
      .digest('hex');
    expect(platform).toMatchObject({ uri: URI, sha256 });
  });
});

describe('the archive', () => {
  it('has the licence, and a program that runs from where Krew links it', async () => {
    const [place, bin] = [join(folder, 'store'), join(folder, 'bin')];
    await mkdir(place);
    await mkdir(bin);
    await run('tar', ['-xf', join(folder, 'made', 'kubectl-lunresync.tar.gz'), '-C', place]);
    expect(await readFile(join(place, 'LICENSE'), 'utf8')).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
    await symlink(join(place, manifest.spec.platforms[0]?.bin ?? ''), join(bin, 'kubectl-lunresync'));
    const env = { PATH: `${join(process.execPath, '..')}:${process.env['PATH']}`, KUBECONFIG: '/nowhere' };
    const explained = await run(join(bin, 'kubectl-lunresync'), ['explain', 'ArrayVeto'], { env });
    expect(explained.stdout).toContain('VSS_E_PROVIDER_VETO');
    const told = await run(join(bin, 'kubectl-lunresync'), ['version'], { env });
    expect(told.stdout).toBe(`${version}\n`);
    // All that it loads late is in the file, too.
    const asked = run(join(bin, 'kubectl-lunresync'), ['list'], { env });
    await expect(asked).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('/nowhere') });
  });

  it('is the same when it is made again', async () => {
    await krew('again');
    expect((await archive('again')).equals(await archive('made'))).toBe(true);
  });
});
