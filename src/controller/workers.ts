/** Workers that take keys from a queue and reconcile them, each key by one worker at a time. */
import type { Reconciled } from './ports.ts';
import type { WorkQueue } from './queue.ts';

export type WorkerOptions = {
  readonly queue: WorkQueue<string>;
  readonly count: number;
  /** Resolves to the milliseconds until the next look; undefined: none is needed. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<number | undefined>;
  /** What came of one reconcile, and how long it took. Must not throw. */
  readonly report: (reconciled: Omit<Reconciled, 'controller'>) => void;
  readonly signal: AbortSignal;
};

/** Works until the signal aborts and the queue is closed; resolves when no worker is in the middle of a key. */
export async function runWorkers(options: WorkerOptions): Promise<void> {
  const { queue, signal } = options;
  signal.addEventListener('abort', () => queue.close(), { once: true });
  if (signal.aborted) queue.close();
  await Promise.all(Array.from({ length: options.count }, () => work(options)));
}

async function work({ queue, reconcile, report, signal }: WorkerOptions): Promise<void> {
  for (;;) {
    const key = await queue.get();
    if (key === undefined) return;
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    try {
      const lookAgainInMs = await reconcile(key, signal);
      queue.forget(key);
      if (lookAgainInMs !== undefined) queue.addAfter(key, lookAgainInMs);
      report({ key, outcome: lookAgainInMs === undefined ? 'done' : 'again', seconds: seconds() });
    } catch (error) {
      if (!signal.aborted) {
        queue.addRateLimited(key);
        report({ key, outcome: 'error', seconds: seconds(), error });
      }
    } finally {
      queue.done(key);
    }
  }
}
