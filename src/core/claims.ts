/** What stands against overwriting the LUN of a PersistentVolume: whose it is, its mode, its size. */
import type { Lun } from './array.ts';
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
  for (const { targetLunID, otherClaims = [] } of o.pairs) {
    if (otherClaims.length === 0) continue;
    const others = formatNames(otherClaims);
    return ends('UnselectedVolume', `LUN ${targetLunID} is also the volume of claim ${others}, which no pair selects`);
  }
  return undefined;
}

/** Whether a claim can get the content of the source, which is larger or smaller, or of another kind. */
export function claimObjection(o: Observation): Objection | Raise | undefined {
  for (const pair of o.pairs) {
    const objection = modeObjection(pair) ?? sizeObjection(o, pair);
    if (objection !== undefined) return objection;
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

function sizeObjection(o: Observation, pair: ResolvedPair): Objection | Raise | undefined {
  const { luns } = readView(o);
  const [source, target] = [luns.get(pair.sourceLunID), luns.get(pair.targetLunID)];
  if (pair.claim === undefined || source === undefined || target === undefined) return undefined;
  if (target.sizeBytes < source.sizeBytes) return tooSmall(o, pair.claim, source);
  if (target.sizeBytes === source.sizeBytes || o.resync.spec.sizePolicy === 'KeepLarger') return undefined;
  const sizes = `${formatBytes(target.sizeBytes)}, its source ${formatBytes(source.sizeBytes)}`;
  return ends('TargetLarger', `pair ${pair.name}: claim ${pair.claim.name} has ${sizes}, and a claim cannot shrink`);
}

/** A claim is grown by the resizer of its driver, when its request is raised: then claim, volume and LUN agree. */
function tooSmall(o: Observation, claim: TargetClaim, source: Lun): Objection | Raise | undefined {
  const wanted = formatQuantity(source.sizeBytes);
  if (claim.requestBytes >= source.sizeBytes) {
    const message = `claim ${claim.name} requests ${wanted}, and its volume has not been grown yet`;
    return hold('Pending', { reason: 'BadState', message, remedy: 'See the events of the claim' });
  }
  if (o.resync.spec.claimResize === 'Raise')
    return o.resync.spec.mode === 'Plan' ? undefined : { kind: 'Raise', claim, requestBytes: source.sizeBytes };
  const message = `claim ${claim.name} requests ${formatQuantity(claim.requestBytes)}, its source has ${wanted}`;
  const remedy = `Set spec.resources.requests.storage of the claim to ${wanted}`;
  return {
    ...hold('Pending', { reason: 'BadState', message, remedy }),
    stalled: true,
    stalledReason: 'TargetTooSmall',
  };
}
