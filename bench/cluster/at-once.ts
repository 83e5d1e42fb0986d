// Many objects made at once, and the wait for the last of them.
import type { End } from './end-watch.ts';

/** So many POSTs are under way at a time: more would measure this client's TLS connections. */
const CLIENTS = 16;

/** What is done with each name, and how its end is waited for. */
export type Work = {
  readonly begin: (name: string) => Promise<void>;
  readonly ended: (name: string) => Promise<End>;
};

/** Begins all and waits for the last; returns the seconds from the first POST. */
export async function allAtOnce(names: readonly string[], { begin, ended }: Work): Promise<number> {
  const startedAt = performance.now();
  await forEach(names, begin);
  const ends = await Promise.all(names.map((name) => ended(name)));
  return (Math.max(...ends.map(({ atMs }) => atMs)) - startedAt) / 1000;
}

/** Does something for all of them, some at a time. */
export async function forEach<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const client = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Names with numbers, from 1. */
export function namesFor(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}
