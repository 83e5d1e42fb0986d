/** What stands against overwriting the LUN of a PersistentVolume: whose it is, its mode, its size. */
import { formatBytes, formatNames, formatQuantity } from './format.ts';
import { ends, hold, type Objection, type Raise } from './objection.ts';
import { type Observation, type ResolvedPair, readView, type TargetClaim } from './observation.ts';

/** Whether the target's LUN is the namespace's to overwrite. Asked behind the grants, so that it tells nothing without one. */
export function ownerObjection(o: Observation): Objection | undefined {
  const foreign = o.pairs.find(({ isForeign }) => isForeign === true);
  if (foreign !== undefined)
    return ends(
      'AccessDenied',
      `pair ${foreign.name}: LUN ${foreign.targetLunID} backs a PersistentVolume without a claim in this namespace`,
    );
  if (o.resync.spec.unselectedVolumePolicy === 'Overwrite') return undefined;
  const selected = o.pairs.map(({ claim }) => claim?.name);
  for (const { targetLunID, otherClaims = [] } of o.pairs) {
    const others = otherClaims.filter((claim) => !selected.includes(claim));
    if (others.length === 0) continue;
    const names = formatNames(others);
    return ends('UnselectedVolume', `LUN ${targetLunID} is also the volume of claim ${names}, which no pair selects`);
  }
  return undefined;
}

/** Whether a claim can get the content of the source, which is larger or smaller, or of another kind: what waits comes last. */
export function claimObjection(o: Observation): Objection | Raise | undefined {
  for (const check of [modeObjection, largerObjection, smallerObjection]) {
    for (const pair of o.pairs) {
      const objection = check(pair, o);
      if (objection !== undefined) return objection;
    }
  }
  return undefined;
}

function modeObjection({ name, claim, sourceMode, sourceFsType = '' }: ResolvedPair): Objection | undefined {
  if (claim === undefined) return undefined;
  const title = `pair ${name}: claim ${claim.name}`;
  if (sourceMode !== undefined && sourceMode !== claim.mode)
    return ends('VolumeModeMismatch', `${title} has volume mode ${claim.mode}, its source ${sourceMode}`);
  const areOther = claim.mode === 'Filesystem' && sourceFsType !== '' && claim.fsType !== '';
  if (!areOther || sourceFsType === claim.fsType) return undefined;
  return ends('VolumeModeMismatch', `${title} has file system ${claim.fsType}, its source ${sourceFsType}`);
}

function largerObjection(pair: ResolvedPair, o: Observation): Objection | undefined {
  const { source, target } = sizesOf(pair, o);
  if (pair.claim === undefined || target <= source || o.resync.spec.sizePolicy === 'KeepLarger') return undefined;
  const sizes = `${formatBytes(target)}, its source ${formatBytes(source)}`;
  return ends('TargetLarger', `pair ${pair.name}: claim ${pair.claim.name} has ${sizes}, and a claim cannot shrink`);
}

function smallerObjection(pair: ResolvedPair, o: Observation): Objection | Raise | undefined {
  const { source, target } = sizesOf(pair, o);
  return pair.claim !== undefined && target < source ? tooSmall(o, pair.claim, source) : undefined;
}

/** In bytes. Both LUNs are there: that was looked at before. */
function sizesOf(pair: ResolvedPair, o: Observation): { readonly source: number; readonly target: number } {
  const { luns } = readView(o);
  const sizeOf = (id: string): number => luns.get(id)?.sizeBytes ?? 0;
  return { source: sizeOf(pair.sourceLunID), target: sizeOf(pair.targetLunID) };
}

/** A claim is grown by the resizer of its driver, when its request is raised: then claim, volume and LUN agree. */
function tooSmall(o: Observation, claim: TargetClaim, sourceBytes: number): Objection | Raise | undefined {
  const wanted = formatQuantity(sourceBytes);
  if (claim.requestBytes >= sourceBytes) {
    const message = `claim ${claim.name} requests ${wanted}, and its volume has not been grown yet`;
    return hold('Pending', { reason: 'BadState', message, remedy: 'See the events of the claim' });
  }
  if (o.resync.spec.claimResize === 'Raise')
    return o.resync.spec.mode === 'Plan' ? undefined : { kind: 'Raise', claim, requestBytes: sourceBytes };
  const message = `claim ${claim.name} requests ${formatQuantity(claim.requestBytes)}, its source has ${wanted}`;
  const remedy = `Set spec.resources.requests.storage of the claim to ${wanted}`;
  return {
    ...hold('Pending', { reason: 'BadState', message, remedy }),
    stalled: true,
    stalledReason: 'TargetTooSmall',
  };
}
