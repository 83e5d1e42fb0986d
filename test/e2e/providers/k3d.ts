// A cluster of k3d: K3s in containers of the engine.
import type { ClusterProvider, Run } from './provider.ts';

/** A cluster of that name; its images are pulled by the engine. */
export function k3dProvider(name: string, run: Run): ClusterProvider {
  const server = `k3d-${name}-server-0`;
  return {
    up: async () => {
      // Without its load balancer and its ingress nothing but the node itself has to be pulled and started.
      const lean = ['--no-lb', '--k3s-arg', '--disable=traefik,metrics-server@server:*'];
      await run('k3d', ['cluster', 'create', name, '--wait', '--timeout', '300s', ...lean]);
    },
    kubeconfig: () => run('k3d', ['kubeconfig', 'get', name]),
    loadImage: async (image) => {
      await run('k3d', ['image', 'import', image, '--cluster', name]);
      return image;
    },
    logs: () => run('docker', ['logs', '--tail', '200', server]),
    down: async () => {
      await run('k3d', ['cluster', 'delete', name]);
    },
  };
}
