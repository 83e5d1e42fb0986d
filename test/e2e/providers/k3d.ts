// A cluster of k3d: K3s in containers of the engine.
import type { ClusterProvider, Run } from './provider.ts';

/** A cluster of that name; its images are pulled by the engine. */
export function k3dProvider(name: string, run: Run): ClusterProvider {
  const server = `k3d-${name}-server-0`;
  return {
    up: async () => {
      // Without its load balancer and its ingress nothing but the node itself has to be pulled and started.
      const lean = ['--no-lb', '--k3s-arg', '--disable=traefik,metrics-server@server:*'];
      // A CSI driver makes loop devices, which appear in the host's /dev alone.
      const devices = ['--volume', '/dev:/dev@server:*'];
      // It mounts for other containers, too: k3d makes the mounts of a node shared when this is set (k3d-io/k3d#1063).
      const shared = ['K3D_FIX_MOUNTS=1', 'k3d', 'cluster', 'create', name];
      await run('env', [...shared, '--wait', '--timeout', '300s', ...lean, ...devices]);
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
