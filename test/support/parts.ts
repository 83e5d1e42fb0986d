/** Work in threads: a module's, split among some of them, and work of any kind, two pieces at a time. */
import { Worker } from 'node:worker_threads';

/** Which part of the work a thread does: pieces whose number modulo `parts` is `part`. */
export type Part<Input> = { readonly part: number; readonly parts: number; readonly input: Input };

/** Starts the module in so many threads and gives what each posts as its one message. Rejects when one of them fails. */
export function runParts<Input, Output>(module: URL, input: Input, parts = 2): Promise<Output[]> {
  return Promise.all(Array.from({ length: parts }, (_, part) => runPart<Output>(module, { part, parts, input })));
}

/** Starts the module in one thread, with so much memory. */
export function runPart<Output>(module: URL, workerData: Part<unknown>, maxMib?: number): Promise<Output> {
  return new Promise((resolve, reject) => {
    const resourceLimits = maxMib === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxMib } };
    const worker = new Worker(module, { workerData, ...resourceLimits });
    worker.on('message', resolve);
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a thread of ${module.pathname} ended with ${code}`)));
  });
}

/** Does the work two at a time, in order; gives the results in order. */
export async function twoAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = [...items.entries()];
  const take = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all([take(), take()]);
  return results;
}
