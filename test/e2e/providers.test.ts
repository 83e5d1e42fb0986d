// What every provider of a cluster promises: `node` with a real cluster; k3d, and a cluster that was there before, with
// programs that answer as the real ones do, since neither can be had everywhere.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { k3dProvider } from './providers/k3d.ts';
import { kubeconfigProvider } from './providers/kubeconfig.ts';
import { nodeProvider } from './providers/node.ts';
import type { ClusterProvider, Run } from './providers/provider.ts';
import { makeBaseImage } from './support/base-images.ts';
import { say } from './support/cluster.ts';
import { findEngine, isExpected } from './support/engine.ts';

const START_TIMEOUT_MS = 2_400_000;
const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{name: k3d-test, cluster: {server: "https://0.0.0.0:39001", certificate-authority-data: LS0t}}]
users: [{name: admin@k3d-test, user: {client-certificate-data: LS0t, client-key-data: LS0t}}]
contexts: [{name: k3d-test, context: {cluster: k3d-test, user: admin@k3d-test}}]
current-context: k3d-test
`;

type Subject = { readonly provider: ClusterProvider; readonly image: string; readonly close?: () => Promise<void> };

describe.skipIf(!isExpected('cluster'))('the provider node', () => {
  promises(async () => {
    const engine = await findEngine();
    const image = await makeBaseImage(engine, { name: 'lunresync-e2e-runtime', programs: [process.execPath] });
    return { provider: nodeProvider(engine, say), image };
  });
});

describe('the provider k3d', () => {
  promises(async () => {
    const clusters = new Set<string>();
    const run = programs({
      'env K3D_FIX_MOUNTS=1 k3d cluster create': ([, , , , name = '']) => {
        clusters.add(name);
        return `INFO[0011] Cluster '${name}' created successfully!`;
      },
      'k3d kubeconfig get': ([, , name = '']) => present(clusters, name, KUBECONFIG),
      'k3d image import': (args) => present(clusters, args.at(-1) ?? '', 'INFO[0003] Successfully imported 1 image(s)'),
      'docker logs --tail': () => 'I1201 00:00:00.000000 1 server.go:125] "Version" version="v1.36.1+k3s1"',
      // k3d does not mind a cluster that is not there.
      'k3d cluster delete': ([, , name = '']) =>
        clusters.delete(name) ? 'Successfully deleted cluster' : 'No clusters found',
    });
    return { provider: k3dProvider('test', run), image: 'localhost/some:test' };
  });
});

describe('the provider kubeconfig', () => {
  promises(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lunresync-kubeconfig-'));
    const kubeconfigPath = join(folder, 'kubeconfig');
    await writeFile(kubeconfigPath, KUBECONFIG);
    const tags = new Set<string>();
    const run = programs({
      'kubectl --kubeconfig': () => 'node/a condition met',
      'docker tag localhost/some:test': ([, , tag = '']) => {
        tags.add(tag);
        return '';
      },
      'docker push': ([, tag = '']) => present(tags, tag, 'latest: digest: sha256:0'),
    });
    const provider = kubeconfigProvider({ kubeconfigPath, registry: 'registry.example/team' }, run);
    return {
      provider,
      image: 'localhost/some:test',
      close: () => rm(folder, { recursive: true, force: true }),
    };
  });
});

/** The promises of ClusterProvider, in the order of a test run. */
function promises(open: () => Promise<Subject>): void {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
    await subject.provider.up();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await subject?.provider.down();
    await subject?.close?.();
  });

  it('gives a kubeconfig with one server, and credentials in it', async () => {
    const config = load(await subject.provider.kubeconfig());
    expect(config).toMatchObject({
      clusters: [{ cluster: { server: expect.stringMatching(/^https:\/\/[\d.]+:\d+$/) } }],
      users: [{ user: { 'client-certificate-data': expect.any(String), 'client-key-data': expect.any(String) } }],
    });
  });

  it('loads an image and says by which name Pods use it', async () => {
    expect(await subject.provider.loadImage(subject.image)).toContain(subject.image.replace(/^.*\//, ''));
  });

  it('has something to read for a test that failed', async () => {
    expect(await subject.provider.logs()).not.toBe('');
  });

  it('goes down, also a second time', async () => {
    await subject.provider.down();
    await subject.provider.down();
  });
}

/** Programs by the beginning of their command line. Any other command fails, as a program that is not there. */
function programs(answers: Readonly<Record<string, (args: readonly string[]) => string>>): Run {
  return async (program, args) => {
    const line = [program, ...args].join(' ');
    const answer = Object.entries(answers).find(([beginning]) => line.startsWith(beginning))?.[1];
    if (answer === undefined) throw new Error(`${line}: no such command`);
    return answer(args);
  };
}

function present(names: ReadonlySet<string>, name: string, output: string): string {
  if (!names.has(name)) throw new Error(`No nodes found for '${name}'`);
  return output;
}
