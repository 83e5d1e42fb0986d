// The control plane that the other tests stand on: its processes stop and start apart, users have only their rights, and
// its state can be put back to an earlier one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { BinariesMissingError, cacheFolder, findBinaries } from '../../scripts/control-plane/binaries.ts';
import { kubectl, newNamespace, send, sendOk, serviceAccountToken } from '../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import type {} from '../support/control-plane-setup.ts';

const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

describe('a control plane of its own', () => {
  let plane: ControlPlane;
  const maps = '/api/v1/namespaces/default/configmaps';

  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(async () => {
    await plane.stop();
  });

  it('keeps its state and its address over a stop of the API server, and over a kill of etcd', async () => {
    await sendOk(plane.admin, 'POST', maps, configMap('kept'));
    await plane.apiServer.stop();
    await expect(send(plane.admin, 'GET', `${maps}/kept`)).rejects.toThrow('ECONNREFUSED');
    await plane.apiServer.start();
    expect(await send(plane.admin, 'GET', `${maps}/kept`)).toMatchObject({ code: 200 });
    await plane.etcd.stop('SIGKILL');
    await plane.etcd.start();
    await vi.waitFor(async () => expect(await send(plane.admin, 'GET', `${maps}/kept`)).toMatchObject({ code: 200 }), {
      timeout: 30_000,
      interval: 200,
    });
  });

  it('forgets what was written after the copy that it is put back to', async () => {
    await sendOk(plane.admin, 'POST', maps, configMap('before'));
    const copy = await plane.backUp();
    await sendOk(plane.admin, 'POST', maps, configMap('after'));
    await plane.restore(copy);
    expect(await send(plane.admin, 'GET', `${maps}/before`)).toMatchObject({ code: 200 });
    expect(await send(plane.admin, 'GET', `${maps}/after`)).toMatchObject({ code: 404 });
  });

  it('gives a new user no rights', async () => {
    const kubeconfigPath = await plane.addUser('jane', ['developers']);
    const result = await kubectl({ kubectlPath: plane.kubectlPath, kubeconfigPath }, ['get', 'configmaps']);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain('User "jane" cannot list resource "configmaps"');
  });
});

describe('the shared control plane', () => {
  it('gives a service account of a test an identity of its own', async () => {
    const cluster = inject('cluster');
    const namespace = await newNamespace(cluster.admin, 'account');
    const token = await serviceAccountToken(cluster.admin, namespace, 'operator');
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    const answer = await sendOk(cluster.admin, 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
    expect(answer['status']).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${namespace}:operator` },
    });
  });
});

describe('finding the programs', () => {
  const folders: string[] = [];
  const folderWith = async (...programs: string[]): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'lunresync-binaries-'));
    folders.push(folder);
    for (const program of programs) await writeFile(join(folder, program), '#!/bin/sh\n', { mode: 0o755 });
    return folder;
  };

  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  it('takes KUBEBUILDER_ASSETS before the cache', async () => {
    const folder = await folderWith('etcd', 'kubectl');
    vi.stubEnv('KUBEBUILDER_ASSETS', folder);
    const binaries = await findBinaries(['etcd', 'kubectl'], () => undefined);
    expect(binaries.path('etcd')).toBe(join(folder, 'etcd'));
  });

  it('says what KUBEBUILDER_ASSETS lacks and goes on to the cache', async () => {
    vi.stubEnv('KUBEBUILDER_ASSETS', await folderWith('etcd'));
    const said: string[] = [];
    const binaries = await findBinaries(['etcd', 'kubectl'], (line) => void said.push(line));
    expect(binaries.folder).toBe(cacheFolder());
    expect(said.join('\n')).toContain('has no kubectl; looking further.');
  });

  it('says in one sentence what to install where nothing else is left', async () => {
    vi.stubEnv('XDG_CACHE_HOME', await folderWith());
    vi.stubEnv('KUBEBUILDER_ASSETS', await folderWith());
    vi.stubEnv('PATH', '');
    const finding = findBinaries(['etcd', 'kubectl'], () => undefined);
    await expect(finding).rejects.toBeInstanceOf(BinariesMissingError);
    await expect(finding).rejects.toThrow(/^etcd, kubectl 1\.36\.3 not found: install Go 1\.26 .*KUBEBUILDER_ASSETS/);
  });
});
