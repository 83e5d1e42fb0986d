// Who leads: the holder of the operator's Lease.
import { until } from '../../test/support/until.ts';
import type { Terminal } from './ground.ts';

/** The holder, the name of its host before an underscore; empty when nobody holds the Lease. */
export async function leaderOf({ kubectl }: Terminal, namespace: string): Promise<string> {
  const lease = ['get', 'lease', 'lunresync', `--namespace=${namespace}`, '--output=jsonpath={.spec.holderIdentity}'];
  return (await kubectl(lease)).stdout;
}

/** Waits until somebody else than `other` holds it, and gives the holder. */
export async function untilLeader(terminal: Terminal, namespace: string, other = ''): Promise<string> {
  let holder = '';
  await until(
    () => `a leader other than "${other}" in namespace ${namespace}`,
    async () => {
      holder = await leaderOf(terminal, namespace);
      return holder !== '' && holder !== other;
    },
  );
  return holder;
}
