/** Whether a tool would create the object again after its deletion, and with it the run. */
import type { LunResync } from '../api/lun-resync.ts';

/** The tool's name, by the marks that it leaves on what it applies; undefined when there are none. */
export function gitOpsTool(resync: LunResync): 'Argo CD' | 'Flux' | 'Helm' | undefined {
  const { annotations = {}, labels = {} } = resync.metadata;
  if (annotations['argocd.argoproj.io/tracking-id'] !== undefined) return 'Argo CD';
  if (labels['kustomize.toolkit.fluxcd.io/name'] !== undefined) return 'Flux';
  if (labels['helm.toolkit.fluxcd.io/name'] !== undefined) return 'Flux';
  return labels['app.kubernetes.io/managed-by'] === 'Helm' ? 'Helm' : undefined;
}
