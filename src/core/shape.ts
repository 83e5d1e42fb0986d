/** Whether the LUNs may be paired like this at all: what the array would refuse, said before an attempt is made. */
import { type Lun, uniqueIdentifier } from './array.ts';
import { formatNames } from './format.ts';
import { ends, type Objection } from './objection.ts';
import { type Observation, readView } from './observation.ts';

/** The first thing that is wrong; waiting helps against none of them. */
export function shapeObjection(o: Observation): Objection | undefined {
  return pairingWrong(o) ?? targetUnfit(o) ?? volumeUnselected(o);
}

function pairingWrong(o: Observation): Objection | undefined {
  const targets = o.pairs.map((pair) => pair.targetLunID);
  const both = o.pairs.find((pair) => targets.includes(pair.sourceLunID));
  if (both !== undefined) return ends('InvalidArgument', `LUN ${both.sourceLunID} is both a source and a target`);
  const twice = targets.find((id, index) => targets.indexOf(id) !== index);
  return twice === undefined ? undefined : ends('InvalidArgument', `LUN ${twice} is the target of two pairs`);
}

function targetUnfit(o: Observation): Objection | undefined {
  for (const lun of targetLuns(o)) {
    if (lun.kind !== 'Volume') return ends('VolumeNotSupported', `LUN ${lun.id} is a snapshot and cannot be a target`);
    if (uniqueIdentifier(lun) === undefined)
      return ends('VolumeNotSupported', `LUN ${lun.id} has no page 83 identifier of type 1, 2, 3 or 8`);
  }
  return undefined;
}

function volumeUnselected(o: Observation): Objection | undefined {
  if (o.resync.spec.unselectedVolumePolicy === 'Overwrite') return undefined;
  for (const pair of o.pairs) {
    const volumes = readView(o).luns.get(pair.targetLunID)?.volumes ?? [];
    const others = volumes.filter((volume) => !pair.selectedVolumes.includes(volume));
    if (others.length > 0)
      return ends('UnselectedVolume', `LUN ${pair.targetLunID} holds ${formatNames(others)}, which no pair selects`);
  }
  return undefined;
}

function targetLuns(o: Observation): Lun[] {
  const { luns } = readView(o);
  return o.pairs.flatMap((pair) => luns.get(pair.targetLunID) ?? []);
}
