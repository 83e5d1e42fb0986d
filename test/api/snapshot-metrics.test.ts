// What the safety snapshots of LunResyncs take up on an array, as the operator's metrics tell it.
import { expect, inject, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { lunPair, MIB, reasonOf, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { lunOf, untilGone } from './acceptance.ts';

const METRIC = 'lunresync_safety_snapshot';

it('counts the safety snapshots that are kept and the bytes that the array reports for them, and forgets them', async () => {
  const port = await freePort();
  await using scene = await startScene(inject('cluster'), {
    operatorFlags: ['--health-address', `127.0.0.1:${port}`],
  });
  let copyBytes = MIB;
  /** The lines of the metric once they are so; a change of the array's object has it measured at once. */
  const untilTold = async (isSo: (lines: readonly string[]) => boolean): Promise<readonly string[]> => {
    let lines: readonly string[] = [];
    await scene.patchArray({ maxCopyBytesPerSecond: (copyBytes += MIB) * 1024 });
    await until(
      () => `the metric: ${lines.join(' ')}`,
      async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        lines = text.split('\n').filter((line) => line.startsWith(METRIC));
        return isSo(lines);
      },
    );
    return lines;
  };
  await scene.lun('src', 4 * MIB, 'source');
  await scene.lun('full', 4 * MIB, 'full');
  await scene.lun('empty', 4 * MIB);
  for (const id of ['full', 'empty']) {
    await scene.apply(id, { pairs: [lunPair('data', 'src', id)] });
    expect(reasonOf(await scene.finished(id))).toBe('Completed');
  }
  const [full, empty] = await Promise.all(
    ['full', 'empty'].map(async (name) => {
      const id = (await scene.read(name))?.status.pairs?.[0]?.safetySnapshotID ?? '';
      return Number((await lunOf(scene, id))?.allocatedBytes);
    }),
  );
  expect(full).toBeGreaterThanOrEqual(4 * MIB);
  expect(empty).toBe(0);
  const gauges = (count: number, bytes: number): string[] => [
    `${METRIC}s{array="${scene.arrayName}"} ${count}`,
    `${METRIC}_allocated_bytes{array="${scene.arrayName}"} ${bytes}`,
  ];
  expect(await untilTold((lines) => lines.length === 2)).toEqual(gauges(2, full ?? 0));

  await scene.remove('full');
  await untilGone(scene, 'full');
  await untilTold((lines) => lines.join() === gauges(1, 0).join());

  await scene.remove('empty');
  await untilGone(scene, 'empty');
  await untilTold((lines) => lines.length === 0);
});
