/** spec.mode Plan: what a run would do, pair by pair, in words. */
import { MAX_PLAN_ACTION, type PlanStep } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import type { Lun } from './array.ts';
import { formatBytes, formatNames, formatQuantity } from './format.ts';
import { type Observation, type ResolvedPair, readView } from './observation.ts';

/** Most steps that a status holds. */
const MAX_STEPS = 64;

/** What is done, pair by pair in the order of the spec; then, as far as there is room, what is left as it is. */
export function planOf(o: Observation): PlanStep[] {
  const { luns } = readView(o);
  const done = o.pairs.map((pair) => {
    const source = luns.get(pair.sourceLunID);
    const target = luns.get(pair.targetLunID);
    const action = source === undefined || target === undefined ? 'nothing' : actionOf(o, pair, { source, target });
    return step(pair, action);
  });
  return [...done, ...o.pairs.flatMap(leftAsIs)].slice(0, MAX_STEPS);
}

function step({ name }: ResolvedPair, action: string): PlanStep {
  return { pair: name, severity: 'Info', action: statusText(action, MAX_PLAN_ACTION) };
}

function leftAsIs(pair: ResolvedPair): PlanStep[] {
  const { newerSnapshots = [] } = pair;
  if (newerSnapshots.length === 0) return [];
  return [step(pair, `leave the newer snapshots of the target as they are: ${formatNames(newerSnapshots, 8)}`)];
}

type Sides = { readonly source: Lun; readonly target: Lun };

function actionOf(o: Observation, pair: ResolvedPair, { source, target }: Sides): string {
  const { spec } = o.resync;
  const safety = spec.safetySnapshot === 'Always' ? 'take a safety snapshot of the target; ' : '';
  const raise =
    pair.claim !== undefined && target.sizeBytes < source.sizeBytes
      ? `raise the request of claim ${pair.claim.name} to ${formatQuantity(source.sizeBytes)}; `
      : '';
  const size = sizeStep(spec.sizePolicy, source.sizeBytes, target.sizeBytes);
  const verify = spec.verify === 'Digest' ? ', verify by digest' : '';
  const lost = lostVolumes(pair, target);
  const overwritten = lost.length === 0 ? '' : `; overwrite volumes ${formatNames(lost)}`;
  const from = titled(sourceTitle(o, pair), source.id);
  const over = titled(pair.claim === undefined ? '' : `claim ${pair.claim.name}`, target.id);
  return `${raise}${safety}${size}copy ${formatBytes(source.sizeBytes)} from ${from} over ${over}${verify}${overwritten}`;
}

/** Other volumes on the target: they are lost only where spec.unselectedVolumePolicy lets them be. */
function lostVolumes({ selectedVolumes, otherClaims = [] }: ResolvedPair, { volumes }: Lun): string[] {
  const others = volumes.filter((volume) => !selectedVolumes.includes(volume));
  return [...others, ...otherClaims.map((name) => `of claim ${name}`)];
}

function sourceTitle({ resync }: Observation, { name, snapshot }: ResolvedPair): string {
  if (snapshot !== undefined) return `VolumeSnapshot ${snapshot.name}`;
  const undoOf = resync.spec.pairs.find((pair) => pair.name === name)?.source.undoOf;
  return undoOf === undefined ? '' : `the safety snapshot of LunResync ${undoOf}`;
}

function titled(title: string, lunID: string): string {
  return title === '' ? `LUN ${lunID}` : `${title} (LUN ${lunID})`;
}

function sizeStep(policy: 'MatchSource' | 'KeepLarger', source: number, target: number): string {
  if (target === source) return '';
  if (target < source) return `grow the target from ${formatBytes(target)} to ${formatBytes(source)}; `;
  if (policy === 'KeepLarger') return `keep the target at ${formatBytes(target)}, its tail becomes zeros; `;
  return `shrink the target from ${formatBytes(target)} to ${formatBytes(source)}; `;
}
