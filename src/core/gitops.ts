/** Whether a tool would create the object again after its deletion, and with it the run. */
import type { LunResync } from '../api/lun-resync.ts';

/**
 * The tool's name, by the marks that it leaves on what it applies; undefined when there are none. The label
 * app.kubernetes.io/instance is none: many charts set it for themselves. deploy/admission/run-id.yaml has the same marks.
 */
export function gitOpsTool(resync: LunResync): 'Argo CD' | 'Flux' | 'Helm' | undefined {
  const { annotations = {}, labels = {} } = resync.metadata;
  if (annotations['argocd.argoproj.io/tracking-id'] !== undefined) return 'Argo CD';
  if (labels['argocd.argoproj.io/instance'] !== undefined) return 'Argo CD';
  if (labels['kustomize.toolkit.fluxcd.io/name'] !== undefined) return 'Flux';
  if (labels['helm.toolkit.fluxcd.io/name'] !== undefined) return 'Flux';
  if (annotations['meta.helm.sh/release-name'] !== undefined) return 'Helm';
  return labels['app.kubernetes.io/managed-by'] === 'Helm' ? 'Helm' : undefined;
}
