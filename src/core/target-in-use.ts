/** Who holds a LUN right now: nodes that it is published to, and other operations. */
import { MAX_USERS, type TargetUser } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import type { Lun } from './array.ts';
import { formatNames } from './format.ts';
import { type Objection, untilFree } from './objection.ts';
import { type Observation, readView } from './observation.ts';

/** Waited for at most spec.targetInUseTimeoutSeconds. */
export function inUseObjection(o: Observation): Objection | undefined {
  const { luns } = readView(o);
  const found = (ids: readonly string[]): Lun[] => ids.flatMap((id) => luns.get(id) ?? []);
  const targets = found(o.pairs.map((pair) => pair.targetLunID));
  const sources = found(o.pairs.map((pair) => pair.sourceLunID));

  const busy = [...targets, ...sources].find((lun) => lun.state === 'Resyncing');
  if (busy !== undefined)
    return untilFree(o, { reason: 'ResyncInProgress', message: `LUN ${busy.id} is a target of another operation` });
  const held = targets.filter((lun) => lun.publishedNodes.length > 0);
  if (held.length > 0) {
    const names = formatNames([...new Set(held.flatMap((lun) => lun.publishedNodes))]);
    const message = `target LUN ${formatNames(held.map((lun) => lun.id))} is published to node ${names}`;
    return untilFree(o, { reason: 'TargetInUse', message }, usersOf(o, held).slice(0, MAX_USERS));
  }
  const wreck = sources.find((lun) => lun.state !== 'Online');
  if (wreck === undefined) return undefined;
  const message = `source LUN ${wreck.id} is ${wreck.state.toUpperCase()}, not ONLINE`;
  return untilFree(o, { reason: 'BadState', message });
}

function usersOf(o: Observation, held: readonly Lun[]): TargetUser[] {
  return held.flatMap((lun) => {
    const pair = o.pairs.find((candidate) => candidate.targetLunID === lun.id)?.name;
    return lun.publishedNodes.map((node): TargetUser => {
      return { kind: 'Node', name: statusText(node, 253), ...(pair === undefined ? {} : { pair }) };
    });
  });
}
