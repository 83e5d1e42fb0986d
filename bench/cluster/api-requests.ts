// How many requests a program has sent to the API server: the operator by its own metrics, others by the audit log.
import { setTimeout as delay } from 'node:timers/promises';

/** Requests by `verb resource`, for example `patch lunresyncs/status`. */
export type ApiRequests = ReadonlyMap<string, number>;

const WRITES = ['create', 'patch', 'update', 'delete'];
const QUIET_MS = 500;
const QUIET_TIMEOUT_MS = 15_000;

/** The counters now, without those of the lease, which grow with time and not with work. */
export async function readApiRequests(metricsURL: string): Promise<ApiRequests> {
  const text = await (await fetch(metricsURL)).text();
  const requests = new Map<string, number>();
  for (const [, labels = '', value = ''] of text.matchAll(/^rest_client_requests_total\{(.*)\} (\S+)$/gm)) {
    const { verb = '', resource = '' } = Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, label]) => [name, label]),
    );
    const key = `${verb} ${resource}`;
    if (resource !== 'leases') requests.set(key, (requests.get(key) ?? 0) + Number(value));
  }
  return requests;
}

/** The counters once they have stopped growing: Events are written after the status that they tell of. */
export async function settled(read: () => Promise<ApiRequests>): Promise<ApiRequests> {
  const deadline = performance.now() + QUIET_TIMEOUT_MS;
  let last = await read();
  for (;;) {
    await delay(QUIET_MS);
    const next = await read();
    if (total(next) === total(last)) return next;
    if (performance.now() > deadline) throw new Error(`requests are still sent after ${QUIET_TIMEOUT_MS} ms`);
    last = next;
  }
}

/** What was sent between two readings, most first. */
export function sentBetween(before: ApiRequests, after: ApiRequests): readonly (readonly [string, number])[] {
  return [...after]
    .map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .toSorted((a, b) => b[1] - a[1]);
}

/** Whether a request of this key changes something. */
export function isWrite(key: string): boolean {
  return WRITES.includes(key.split(' ', 1)[0] ?? '');
}

function total(requests: ApiRequests): number {
  return [...requests.values()].reduce((sum, count) => sum + count, 0);
}
