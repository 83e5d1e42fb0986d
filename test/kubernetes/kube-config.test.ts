import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadKubeConfig, PooledKubeConfig } from '../../src/kubernetes/kube-config.ts';

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
