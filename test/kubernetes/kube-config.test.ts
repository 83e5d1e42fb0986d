import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadKubeConfig, loadUserKubeConfig, PooledKubeConfig } from '../../src/kubernetes/kube-config.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunresync-kube-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function configWith(options: { proxyUrl?: string } = {}): PooledKubeConfig {
  const certFile = join(folder, 'tls.crt');
  const keyFile = join(folder, 'tls.key');
  writeFileSync(certFile, 'first certificate');
  writeFileSync(keyFile, 'first key');
  const config = new PooledKubeConfig();
  const cluster = { name: 'cluster', server: 'https://127.0.0.1:1/', skipTLSVerify: true, ...options };
  config.loadFromClusterAndUser(cluster, { name: 'user', certFile, keyFile });
  return config;
}

describe('PooledKubeConfig', () => {
  it('keeps one pool until the certificate changes, and takes a new one then', async () => {
    const config = configWith();
    const first = await config.connection();
    expect((await config.connection()).dispatcher).toBe(first.dispatcher);
    writeFileSync(join(folder, 'tls.crt'), 'second certificate');
    expect((await config.connection()).dispatcher).not.toBe(first.dispatcher);
    await config.close();
  });

  it('keeps the pool when only the token changes, and sends the new token without its line break', async () => {
    const config = new PooledKubeConfig();
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'projected\n');
    const authProvider = { name: 'tokenFile', config: { tokenFile } };
    config.loadFromClusterAndUser(
      { name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: false },
      { name: 'u', authProvider },
    );
    const first = await config.connection();
    expect(first).toMatchObject({ server: 'https://127.0.0.1:1', headers: { Authorization: 'Bearer projected' } });
    config.loadFromClusterAndUser(
      { name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: false },
      { name: 'u', token: 'new' },
    );
    const second = await config.connection();
    expect(second.headers).toEqual({ Authorization: 'Bearer new' });
    expect(second.dispatcher).toBe(first.dispatcher);
    await config.close();
  });

  it('refuses a SOCKS proxy with a sentence that says what to use', async () => {
    await expect(configWith({ proxyUrl: 'socks5://proxy:1080' }).connection()).rejects.toThrow(
      'use an http or https proxy',
    );
  });

  it('says what is missing when the file is not there', () => {
    expect(() => loadKubeConfig(join(folder, 'absent'))).toThrow('absent');
  });
});

/** A file with one context of its name, in namespace shop. */
function fileWith(name: string): string {
  const path = join(folder, name);
  const cluster = { name, cluster: { server: `https://${name}:1` } };
  const context = { name, context: { cluster: name, user: name, namespace: 'shop' } };
  const users = [{ name, user: {} }];
  writeFileSync(path, JSON.stringify({ clusters: [cluster], contexts: [context], users, 'current-context': name }));
  return path;
}

describe('the kubeconfig of a person', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is of the first file in KUBECONFIG, as for kubectl, and of another context where one is named', () => {
    vi.stubEnv('KUBECONFIG', `${fileWith('first')}:${fileWith('second')}`);
    expect(loadUserKubeConfig({}).getCurrentCluster()?.server).toBe('https://first:1');
    const other = loadUserKubeConfig({ context: 'second' });
    expect([other.getCurrentCluster()?.server, other.namespace]).toEqual(['https://second:1', 'shop']);
  });

  it('is refused with the names that there are when the context is not among them', () => {
    expect(() => loadUserKubeConfig({ path: fileWith('first'), context: 'third' })).toThrow(
      'there is no context "third"; there are first',
    );
  });

  it('is asked for when there is none', () => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', folder);
    expect(() => loadUserKubeConfig({})).toThrow('pass --kubeconfig or set KUBECONFIG');
  });
});
