// The samples on a real API server: each is accepted, and what a sample creates later is, too.
import { readFile } from 'node:fs/promises';
import { loadAll } from 'js-yaml';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { kubectl, newNamespace, sendOk } from '../support/api-client.ts';
import type {} from '../support/control-plane-setup.ts';
import { installSnapshotKinds } from './storage-objects.ts';

const cluster = inject('cluster');
let namespace: string;

beforeAll(async () => {
  namespace = await newNamespace(cluster.admin, 'samples');
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await sendOk(cluster.admin, 'PATCH', `/api/v1/namespaces/${namespace}`, { metadata: { labels } });
  await installSnapshotKinds(cluster.admin);
});

describe('the samples', () => {
  it('are accepted, all of them, where Pods have to be restricted', async () => {
    const apply = ['apply', '--dry-run=server', '-n', namespace, '--recursive', '-f', 'deploy/samples'];
    // The kinds of snapshots are served some moments after they were made.
    await vi.waitFor(async () => expect(await kubectl(cluster, apply)).toMatchObject({ code: 0, stderr: '' }), {
      timeout: 30_000,
      interval: 500,
    });
  });
});

describe('the scheduled sample', () => {
  it('creates a LunResync of another name each time, with no more rights than it brings', async () => {
    const inNamespace = ['-n', namespace, '-f', '-'];
    const sample = (await readFile('deploy/samples/scheduled-refresh.yaml', 'utf8')).replaceAll(
      'namespace: shop',
      `namespace: ${namespace}`,
    );
    expect(await kubectl(cluster, ['apply', ...inNamespace], sample)).toMatchObject({ code: 0, stderr: '' });
    const manifests = loadAll(sample) as { kind: string; data?: Record<string, string> }[];
    const manifest = manifests.find(({ kind }) => kind === 'ConfigMap')?.data?.['lun-resync.yaml'];
    const account = `--as=system:serviceaccount:${namespace}:refresh-staging`;
    const night = async (): Promise<string> => {
      const { code, stdout, stderr } = await kubectl(cluster, ['create', account, ...inNamespace], manifest);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    // The API server learns of a new role a moment after it was made.
    const first = await vi.waitFor(night, { timeout: 30_000, interval: 500 });
    const second = await night();
    for (const said of [first, second])
      expect(said).toMatch(/^lunresync\.lunresync\.io\/refresh-staging-\w+ created\n$/);
    expect(second).not.toBe(first);
    const listing = await kubectl(cluster, ['get', 'lunresyncs', account, '-n', namespace]);
    expect(listing.stderr).toContain('cannot list resource "lunresyncs"');
  });
});
