// What a copy that somebody interfered with has to show.
import { expect } from 'vitest';
import { isCopying, type Run, type Runs, reasonOf } from './runs.ts';
import { GOLDEN, LUN_BYTES } from './simulated-array.ts';

/** Waits until the status tells of more bytes than now, which takes an operator that is at work; the copy still goes on. */
export async function untilFurther({ read, until: untilSo }: Runs, run: Run): Promise<void> {
  const { progress: before } = (await read(run)).status;
  const seen = await untilSo(run, 'more bytes copied', ({ status }) => {
    return (status.progress?.copiedBytes ?? 0) > (before?.copiedBytes ?? 0);
  });
  expect(isCopying(seen)).toBe(true);
}

/** The run ends with success, by the one operation that began it, which wrote each byte once. */
export async function expectOneCopy({ array, ended }: Runs, run: Run, copiedBefore: number): Promise<void> {
  const resync = await ended(run);
  expect(reasonOf(resync)).toBe('Completed');
  expect(await array.startedFor(run.uid)).toEqual([`${run.uid}.1`]);
  expect((await array.copiedBytes()) - copiedBefore).toBe(LUN_BYTES);
  expect(resync.status).toMatchObject({ attempt: 1, dataState: 'MatchesSource' });
  expect(await array.digest(run.name)).toBe(await array.digest(GOLDEN));
}
