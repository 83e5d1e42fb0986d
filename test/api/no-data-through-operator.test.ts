// The array copies by itself: what the operator reads, writes, sends and receives is a matter of control, not of data.
import { readFile } from 'node:fs/promises';
import { describe, expect, inject, it } from 'vitest';
import type { ArrayProcess } from '../support/array.ts';
import { lunPair, MIB, reasonOf, startScene } from '../support/scene.ts';
import { startByteCounter } from './byte-counter.ts';

const LUN_BYTES = 2048 * MIB;
/** What is really written into the source; the rest are holes. */
const DATA_BYTES = 512 * MIB;

describe('a resync of 2 GiB of which 512 MiB are data', () => {
  it('moves less than 1 MiB through the operator, and nothing over the host path of the array', async () => {
    await using counter = await startByteCounter();
    await using scene = await startScene(inject('cluster'), {
      array: { flags: ['--listen', counter.behind] },
      arraySpec: { endpoint: counter.endpoint },
    });
    await scene.lun('src', LUN_BYTES);
    await scene.array.admin.fillPattern({ lunId: 'src', offset: 0n, length: BigInt(DATA_BYTES), seed: 'data' });
    await scene.lun('dst', LUN_BYTES);
    const host = await hostBytes(scene.array);
    const io = await ioBytes(scene.operator.pid);
    const wire = counter.bytes;

    await scene.apply('large', { pairs: [lunPair('data', 'src', 'dst')] });
    const done = await scene.finished('large', 120_000);
    expect(reasonOf(done)).toBe('Completed');
    expect(done.status.dataState).toBe('MatchesSource');

    const operator = (await ioBytes(scene.operator.pid)) - io;
    // More than nothing, or what is counted is not what the operator does.
    for (const moved of [operator, counter.bytes - wire]) {
      expect(moved).toBeGreaterThan(1_000);
      expect(moved).toBeLessThan(MIB);
    }
    const counters = await scene.array.admin.counters({});
    expect(await hostBytes(scene.array)).toBe(host);
    expect(Number(counters.arrayCopyBytes)).toBe(DATA_BYTES);
    expect(await scene.digest('dst')).toBe(await scene.digest('src'));
  });
});

/** Bytes of all reads and writes of a process, those on sockets among them, by /proc/PID/io. */
async function ioBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8');
  const counts = ['rchar', 'wchar'].map((name) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Bytes that hosts read and wrote at the array. */
async function hostBytes({ admin }: ArrayProcess): Promise<number> {
  const { hostReadBytes, hostWriteBytes } = await admin.counters({});
  return Number(hostReadBytes + hostWriteBytes);
}
