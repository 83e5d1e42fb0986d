/** Who holds a LUN right now: Pods, attachments, nodes that it is published to, and other operations. */
import { MAX_USERS, type TargetUser } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import type { Lun } from './array.ts';
import { formatNames } from './format.ts';
import { type Objection, untilFree } from './objection.ts';
import { type Observation, type ResolvedPair, readView } from './observation.ts';

/** Waited for at most spec.targetInUseTimeoutSeconds. */
export function inUseObjection(o: Observation): Objection | undefined {
  const { luns } = readView(o);
  const found = (ids: readonly string[]): Lun[] => ids.flatMap((id) => luns.get(id) ?? []);
  const targets = found(o.pairs.map((pair) => pair.targetLunID));
  const sources = found(o.pairs.map((pair) => pair.sourceLunID));

  const busy = [...targets, ...sources].find((lun) => lun.state === 'Resyncing');
  if (busy !== undefined)
    return untilFree(o, { reason: 'ResyncInProgress', message: `LUN ${busy.id} is a target of another operation` });
  const held = o.pairs.map((pair) => ({ pair, users: usersOf(pair, found([pair.targetLunID])) }));
  const users = held.flatMap((each) => each.users);
  if (users.length > 0) {
    const targetLunIDs = held.filter((each) => each.users.length > 0).map(({ pair }) => pair.targetLunID);
    const names = formatNames([...new Set(users.map(title))]);
    const message = `target LUN ${formatNames(targetLunIDs)} is used by ${names}`;
    return untilFree(o, { reason: 'TargetInUse', message }, users.slice(0, MAX_USERS));
  }
  const wreck = sources.find((lun) => lun.state !== 'Online');
  if (wreck === undefined) return undefined;
  const message = `source LUN ${wreck.id} is ${wreck.state.toUpperCase()}, not ONLINE`;
  return untilFree(o, { reason: 'BadState', message });
}

/** Pods and attachments as Kubernetes knows them, and nodes as the array does: any one of them counts. */
function usersOf({ name, users = [] }: ResolvedPair, luns: readonly Lun[]): TargetUser[] {
  const nodes = luns.flatMap((lun) => lun.publishedNodes);
  const all = [...users, ...nodes.map((node) => ({ kind: 'Node' as const, name: statusText(node, 253) }))];
  return all.map((user) => ({ ...user, pair: name }));
}

function title({ kind, name }: TargetUser): string {
  return kind === 'Node' ? `node ${name}` : `${kind} ${name}`;
}
