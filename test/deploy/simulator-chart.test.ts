// The chart of the simulated array as helm renders it; test/e2e runs it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KUBERNETES_VERSION } from '../../scripts/control-plane/binaries.ts';
import { BUILD_MS, helm, runProgram } from './helm.ts';
import { SCHEMA_PATH, schemaFolder } from './schemas.ts';
import { ciValues } from './values.ts';

const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'helm', 'lunresync-simulator');
const CASES = ciValues(CHART);
const ALL = CASES.get('everything') ?? {};

async function render(values: object): Promise<string> {
  const { code, output } = await helm(['template', 'sim', CHART], values);
  if (code !== 0) throw new Error(output);
  return output;
}

describe("the simulated array's chart", { timeout: BUILD_MS }, () => {
  it.each([...CASES])('has nothing that helm lint objects to or remarks on with ci/%s', async (_, values) => {
    const { code, output } = await helm(['lint', CHART, '--strict'], values);
    expect(output).not.toMatch(/\[(INFO|WARNING|ERROR)\]/);
    expect(code).toBe(0);
  });

  it.each([
    ["'pool'", { pool: '1GiB' }],
    ["'tag'", { image: { tag: '1' } }],
    ['/pools/a', { pools: { a: '1 GB' } }],
    ['/pools', { pools: { pool: null } }],
    ['/kubeletFolder', { kubeletFolder: 'var/lib/kubelet' }],
  ])('refuses a value that it does not have or cannot use, and says which: %s', async (where, values) => {
    const { code, output } = await helm(['template', 'sim', CHART], values);
    expect(code).not.toBe(0);
    expect(output).toContain(where);
  });

  it.each([...CASES])('renders valid objects without an unknown field: ci/%s', async (_, values) => {
    const schemas = `${await schemaFolder(KUBERNETES_VERSION)}/${SCHEMA_PATH}`;
    const skip = ['-skip', 'VolumeSnapshotClass'];
    const args = ['-strict', '-summary', '-output', 'json', ...skip, '-schema-location', schemas, '-'];
    const { output } = await runProgram('kubeconform', args, await render(values));
    expect(JSON.parse(output)).toMatchObject({ summary: { valid: 7, invalid: 0, errors: 0, skipped: 1 } });
  });

  it('has the version of the package, and so has its image', async () => {
    const root = join(CHART, '..', '..', '..');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const text = await readFile(join(CHART, 'Chart.yaml'), 'utf8');
    expect(text).toContain(`\nversion: ${version}\n`);
    expect(text).toContain(`\nappVersion: ${version}\n`);
    expect(await render({})).toContain(`image: lunresync-simulator:${version}\n`);
  });

  it('makes every pool that it is told, and runs the controller of snapshots only where it is wanted', async () => {
    const all = await render(ALL);
    expect(all).toContain('--pool=a=1GiB');
    expect(all).toContain('--pool=b=2GiB');
    expect(all).toContain('name: snapshot-controller');
    expect(await render({})).not.toContain('name: snapshot-controller');
  });

  it('has the driver, the kubelet and the sidecars meet at one socket', async () => {
    const text = await render({ kubeletFolder: '/data/kubelet' });
    const sockets = [...text.matchAll(/--csi-(?:address|endpoint)=(?:unix:\/\/)?(\S+)/g)].map(([, path]) => path);
    expect(sockets).toHaveLength(5);
    expect(new Set(sockets)).toEqual(new Set(['/data/kubelet/plugins/sim.lunresync.io/csi.sock']));
    expect(text).toContain('--csi-registration=unix:///data/kubelet/plugins_registry/');
  });
});
