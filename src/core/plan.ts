/** spec.mode Plan: what a run would do, pair by pair, in words. */
import type { PlanStep } from '../api/lun-resync-status.ts';
import { readView } from './admission.ts';
import type { Lun } from './array.ts';
import { formatBytes } from './format.ts';
import type { Observation, ResolvedPair } from './observation.ts';
import { clip } from './problem.ts';

/** One step a pair, in the order of the spec. */
export function planOf(o: Observation): PlanStep[] {
  const { luns } = readView(o);
  return o.pairs.map((pair) => {
    const source = luns.get(pair.sourceLunID);
    const target = luns.get(pair.targetLunID);
    const action = source === undefined || target === undefined ? 'nothing' : actionOf(o, pair, { source, target });
    return { pair: pair.name, severity: 'Info', action: clip(action, 256) };
  });
}

function actionOf(o: Observation, pair: ResolvedPair, { source, target }: { readonly source: Lun; readonly target: Lun }): string {
  const { spec } = o.resync;
  const safety = spec.safetySnapshot === 'Always' ? 'take a safety snapshot of the target; ' : '';
  const size = sizeStep(spec.sizePolicy, source.sizeBytes, target.sizeBytes);
  const verify = spec.verify === 'Digest' ? ', verify by digest' : '';
  const lost = target.volumes.filter((volume) => !pair.selectedVolumes.includes(volume));
  const overwritten = lost.length === 0 ? '' : `; overwrite volumes ${lost.slice(0, 4).join(', ')}`;
  return `${safety}${size}copy ${formatBytes(source.sizeBytes)} from LUN ${source.id} over LUN ${target.id}${verify}${overwritten}`;
}

function sizeStep(policy: 'MatchSource' | 'KeepLarger', source: number, target: number): string {
  if (target === source) return '';
  if (target < source) return `grow the target from ${formatBytes(target)} to ${formatBytes(source)}; `;
  if (policy === 'KeepLarger') return `keep the target at ${formatBytes(target)}, its tail becomes zeros; `;
  return `shrink the target from ${formatBytes(target)} to ${formatBytes(source)}; `;
}
