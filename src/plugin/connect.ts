/** Opens the cluster that a kubeconfig names. Loaded only by commands that need one: the client takes a while to load. */
import { programVersion } from '../daemon/version.ts';
import { ApiServer } from '../kubernetes/http.ts';
import { loadUserKubeConfig } from '../kubernetes/kube-config.ts';
import { lunResyncs } from '../kubernetes/lun-resyncs.ts';
import { Cluster, type ClusterChoice } from './cluster.ts';

/** Throws an Error that says what is wrong with the kubeconfig. Sends nothing yet. */
export function connect(choice: ClusterChoice, signal: AbortSignal): Cluster {
  const config = loadUserKubeConfig({ path: choice.kubeconfig, context: choice.context });
  const server = new ApiServer({ config, version: programVersion() });
  return new Cluster({
    server,
    resyncs: lunResyncs(server),
    namespace: choice.namespace ?? config.namespace,
    close: () => config.close(),
    signal,
  });
}
