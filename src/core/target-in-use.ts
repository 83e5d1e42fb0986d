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
  const users = o.pairs.flatMap((pair) => usersOf(pair, luns.get(pair.targetLunID)));
  if (users.length > 0) {
    const held = new Set(users.map(({ pair }) => o.pairs.find(({ name }) => name === pair)?.targetLunID ?? ''));
    const message = `target LUN ${formatNames([...held])} is used by ${formatNames([...new Set(users.map(title))])}`;
    return untilFree(o, { reason: 'TargetInUse', message }, users.slice(0, MAX_USERS));
  }
  const wreck = sources.find((lun) => lun.state !== 'Online');
  if (wreck === undefined) return undefined;
  const message = `source LUN ${wreck.id} is ${wreck.state.toUpperCase()}, not ONLINE`;
  return untilFree(o, { reason: 'BadState', message });
}

/** Pods and attachments as Kubernetes knows them, and nodes as the array does: any one of them counts. */
function usersOf({ name, users = [] }: ResolvedPair, lun: Lun | undefined): TargetUser[] {
  const nodes = (lun?.publishedNodes ?? []).map((node): TargetUser => ({ kind: 'Node', name: statusText(node, 253) }));
  return [...users, ...nodes].map((user) => ({ ...user, pair: name }));
}

function title({ kind, name }: TargetUser): string {
  return kind === 'Node' ? `node ${name}` : `${kind} ${name}`;
}
