// The operator as its chart installs it.
import type { Cluster } from './cluster.ts';

export const OPERATOR_NAMESPACE = 'lunresync-system';

/**
 * Tags of two images of these sources, which only their revisions tell apart: as long as nothing has been released, what an
 * upgrade is tried with. The first is installed.
 */
export const REVISIONS = ['first', 'second'] as const;
export type Revision = (typeof REVISIONS)[number];

/** Values of the chart for tests: an image that is in the cluster, and progress that can be seen while somebody waits. */
export function operatorValues(repository: string, tag: Revision = 'first'): object {
  return { image: { repository, tag }, operator: { progressInterval: '1s', pollInterval: '200ms' } };
}

/** Installs the operator or brings it back to what the tests begin with; `changes` are values of the chart. */
export async function installOperator(cluster: Cluster, repository: string, changes: object = {}): Promise<void> {
  await cluster.install('lunresync', OPERATOR_NAMESPACE, { ...operatorValues(repository), ...changes });
}

/** A namespace that enforces a Pod Security standard. */
export function namespace(name: string, level: 'restricted' | 'privileged'): object {
  const labels = { 'pod-security.kubernetes.io/enforce': level };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** The Pod that holds the operators' Lease; empty when there is none. Its name begins the holder's identity. */
export async function leader({ kubectl }: Cluster): Promise<string> {
  const lease = ['get', 'lease', 'lunresync', '--ignore-not-found', '--namespace', OPERATOR_NAMESPACE];
  return kubectl(...lease, '--output=jsonpath={.spec.holderIdentity}');
}

/** Names of the operator's Pods. */
export async function operatorPods({ kubectl }: Cluster): Promise<string[]> {
  const selector = 'app.kubernetes.io/component=operator';
  const listed = await kubectl('get', 'pods', '-n', OPERATOR_NAMESPACE, '-l', selector, '-o', 'name');
  return listed.trim().split('\n').filter(Boolean);
}

/** What the operators' Service shows as metrics; with several of them, those of one. */
export async function metrics({ kubectl }: Cluster): Promise<string> {
  const service = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/services/http:lunresync-metrics:8080/proxy/metrics`;
  return kubectl('get', '--raw', service);
}
