/** Follows one run until it has ended, was deleted, or nobody wants to watch any longer. Never changes it. */
import type { LunResync } from '../api/lun-resync.ts';
import { failedWith } from '../kubernetes/api-error.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import type { Cluster } from './cluster.ts';
import { isFinished, type RunState } from './run.ts';

/** How the following ended. `Failed`: the API server refuses to show the object any longer. */
export type FollowEnd =
  | { readonly kind: 'Finished'; readonly resync: LunResync }
  | { readonly kind: 'Deleted' | 'TimedOut' | 'Stopped' }
  | { readonly kind: 'Failed'; readonly error: unknown };

export type Follow = {
  readonly cluster: Cluster;
  /** The object as it was read; another one of the same name is not this run. */
  readonly resync: LunResync;
  readonly view: { readonly show: (state: RunState) => void; readonly notice: (text: string) => void };
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
};

/** The clock goes on between two changes: the time left counts down. */
const TICK_MS = 1_000;

export async function follow({ cluster, resync, view, signal, timeoutMs }: Follow): Promise<FollowEnd> {
  const ended = Promise.withResolvers<FollowEnd>();
  const { name, namespace, uid } = resync.metadata;
  let newest = { resync, receivedAt: Date.now() };
  const show = (): void => view.show({ ...newest, now: Date.now() });
  const take = (object: LunResync): void => {
    if (object.metadata.uid !== uid) return ended.resolve({ kind: 'Deleted' });
    newest = { resync: object, receivedAt: Date.now() };
    show();
    if (isFinished(object)) ended.resolve({ kind: 'Finished', resync: object });
  };
  take(resync);
  const reflector = new Reflector<LunResync>({
    resource: cluster.resyncs,
    selection: { namespace, fieldSelector: `metadata.name=${name}` },
    report: (report) => {
      if (report.kind === 'Listed') {
        view.notice('');
        if (reflector.get({ namespace, name }) === undefined) ended.resolve({ kind: 'Deleted' });
      }
      if (report.kind === 'Unreadable') ended.resolve({ kind: 'Failed', error: report.error });
      if (report.kind !== 'Failed') return;
      if (failedWith(report.error, 'Forbidden', 'Unauthorized')) ended.resolve({ kind: 'Failed', error: report.error });
      else view.notice(`The API server gives no answer; it is asked again in ${Math.ceil(report.retryInMs / 1000)} s.`);
    },
  });
  reflector.observe({
    onAdd: take,
    onUpdate: (_, after) => take(after),
    onDelete: () => ended.resolve({ kind: 'Deleted' }),
  });
  const stop = new AbortController();
  const onSignal = (): void => ended.resolve({ kind: 'Stopped' });
  signal.addEventListener('abort', onSignal, { once: true });
  if (signal.aborted) onSignal();
  const ticks = setInterval(show, TICK_MS);
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => ended.resolve({ kind: 'TimedOut' }), timeoutMs);
  const running = reflector.run(stop.signal);
  try {
    return await ended.promise;
  } finally {
    clearInterval(ticks);
    clearTimeout(timer);
    signal.removeEventListener('abort', onSignal);
    stop.abort();
    await running;
  }
}
