/** Who holds a LUN right now: nodes that it is published to, and other operations. */
import { MAX_USERS, type TargetUser } from '../api/lun-resync-status.ts';
import { hold, type Objection, readView } from './admission.ts';
import type { Lun } from './array.ts';
import { formatNames } from './format.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';

/** Waited for at most spec.targetInUseTimeoutSeconds. */
export function inUseObjection(o: Observation): Objection | undefined {
  const { luns } = readView(o);
  const found = (ids: readonly string[]): Lun[] => ids.flatMap((id) => luns.get(id) ?? []);
  const targets = found(o.pairs.map((pair) => pair.targetLunID));
  const sources = found(o.pairs.map((pair) => pair.sourceLunID));

  const busy = [...targets, ...sources].find((lun) => lun.state === 'Resyncing');
  if (busy !== undefined)
    return wait(o, { reason: 'ResyncInProgress', message: `LUN ${busy.id} is a target of another operation` }, []);
  const held = targets.filter((lun) => lun.publishedNodes.length > 0);
  if (held.length > 0) {
    const names = formatNames([...new Set(held.flatMap((lun) => lun.publishedNodes))]);
    const ids = formatNames(held.map((lun) => lun.id));
    return wait(o, { reason: 'TargetInUse', message: `target LUN ${ids} is published to node ${names}` }, users(o, held));
  }
  const wreck = sources.find((lun) => lun.state !== 'Online');
  if (wreck === undefined) return undefined;
  return wait(o, { reason: 'BadState', message: `source LUN ${wreck.id} is ${wreck.state.toUpperCase()}, not ONLINE` }, []);
}

function users(o: Observation, held: readonly Lun[]): TargetUser[] {
  return held.flatMap((lun) => {
    const pair = o.pairs.find((candidate) => candidate.targetLunID === lun.id)?.name;
    return lun.publishedNodes.map((name): TargetUser => ({ kind: 'Node', name, ...(pair === undefined ? {} : { pair }) }));
  });
}

function wait(o: Observation, end: Problem, holders: readonly TargetUser[]): Objection {
  return {
    ...hold('WaitingForTarget', end),
    limitMs: o.resync.spec.targetInUseTimeoutSeconds * 1000,
    users: holders.slice(0, MAX_USERS),
  };
}
