// A cluster that is there already, reached by a kubeconfig, which gets its images from a registry.
import { readFile } from 'node:fs/promises';
import type { ClusterProvider, Run } from './provider.ts';

/** Which cluster, and where its nodes pull from. */
export type ExistingCluster = {
  /** Path of the kubeconfig; its current context counts. */
  readonly kubeconfigPath: string;
  /** A registry that this machine pushes to and the nodes pull from, such as `registry.example:5000/lunresync`. */
  readonly registry: string;
};

/** The cluster as a provider; `down` leaves it as it is. */
export function kubeconfigProvider({ kubeconfigPath, registry }: ExistingCluster, run: Run): ClusterProvider {
  const kubectl = (args: readonly string[]): Promise<string> =>
    run('kubectl', ['--kubeconfig', kubeconfigPath, ...args]);
  return {
    up: async () => {
      await kubectl(['wait', 'node', '--all', '--for=condition=Ready', '--timeout=60s']);
    },
    kubeconfig: () => readFile(kubeconfigPath, 'utf8'),
    loadImage: async (image) => {
      const name = `${registry}/${image.replace(/^.*\//, '')}`;
      await run('docker', ['tag', image, name]);
      await run('docker', ['push', name]);
      return name;
    },
    logs: () => kubectl(['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp']),
    down: () => Promise.resolve(),
  };
}
