/** spec.mode Plan: what a run would do, pair by pair, in words. */
import { MAX_PLAN_ACTION, type PlanStep } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import type { Lun } from './array.ts';
import { formatBytes, formatNames } from './format.ts';
import { type Observation, type ResolvedPair, readView } from './observation.ts';

/** One step a pair, in the order of the spec. */
export function planOf(o: Observation): PlanStep[] {
  const { luns } = readView(o);
  return o.pairs.map((pair) => {
    const source = luns.get(pair.sourceLunID);
    const target = luns.get(pair.targetLunID);
    const action = source === undefined || target === undefined ? 'nothing' : actionOf(o, pair, { source, target });
    return { pair: pair.name, severity: 'Info', action: statusText(action, MAX_PLAN_ACTION) };
  });
}

function actionOf(
  o: Observation,
  pair: ResolvedPair,
  { source, target }: { readonly source: Lun; readonly target: Lun },
): string {
  const { spec } = o.resync;
  const safety = spec.safetySnapshot === 'Always' ? 'take a safety snapshot of the target; ' : '';
  const size = sizeStep(spec.sizePolicy, source.sizeBytes, target.sizeBytes);
  const verify = spec.verify === 'Digest' ? ', verify by digest' : '';
  const lost = target.volumes.filter((volume) => !pair.selectedVolumes.includes(volume));
  const overwritten = lost.length === 0 ? '' : `; overwrite volumes ${formatNames(lost)}`;
  const copy = `copy ${formatBytes(source.sizeBytes)} from LUN ${source.id} over LUN ${target.id}`;
  return `${safety}${size}${copy}${verify}${overwritten}`;
}

function sizeStep(policy: 'MatchSource' | 'KeepLarger', source: number, target: number): string {
  if (target === source) return '';
  if (target < source) return `grow the target from ${formatBytes(target)} to ${formatBytes(source)}; `;
  if (policy === 'KeepLarger') return `keep the target at ${formatBytes(target)}, its tail becomes zeros; `;
  return `shrink the target from ${formatBytes(target)} to ${formatBytes(source)}; `;
}
