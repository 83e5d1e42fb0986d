// The operator's watches break off, expire or say things twice, and its lists are refused.
import { describe, expect, inject, it } from 'vitest';
import { resyncsPath } from '../../../api/acceptance.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { answered } from './support/api-faults.ts';
import type { SeenRequest } from './support/api-proxy.ts';
import {
  applyPair,
  expectOneOperation,
  holdCopy,
  makePair,
  startProxiedScene,
  toWatches,
  untilCopying,
} from './support/proxied-scene.ts';

const scene = sharedScene(() => startProxiedScene(inject('cluster')));

describe('a run is done once, and one that is made meanwhile too, when the watches', () => {
  const meet = async (key: string, act: () => Promise<void>): Promise<void> => {
    const running = await makePair(scene, `${key}-running`);
    const made = await makePair(scene, `${key}-made`);
    const held = await holdCopy(scene, running.name);
    await applyPair(scene, running.name);
    await untilCopying(scene, running.name);
    await act();
    await applyPair(scene, made.name);
    await held.letGo();
    await Promise.all([running, made].map((pair) => expectOneOperation(scene, pair)));
  };

  it('break off in the middle of a line', () =>
    meet('cut', () => toWatches(scene, (stream) => stream.cutInNextLine())));

  it('say that their version is no longer kept', () =>
    meet('expired', () => toWatches(scene, (stream) => stream.expire())));

  it('say everything twice', async () => {
    const twice = scene.proxy.mapEvents((event) => [event, event]);
    await meet('twice', () => Promise.resolve());
    twice.stop();
  });

  it.each([
    ['410', answered(410)],
    ['500', answered(500)],
    ['429, and are left alone for as long as that says', answered(429, { 'retry-after': '2' })],
  ])('and lists are answered with %s', async (key, fault) => {
    const isOfAll = ({ path, method }: SeenRequest): boolean => method === 'GET' && path === resyncsPath(scene);
    const spoiling = scene.proxy.spoil(isOfAll, fault, { times: 2 });
    await meet(`list-${key.slice(0, 3)}`, async () => scene.proxy.cutAll());
    expect(spoiling.requests).toHaveLength(2);
    const times = scene.proxy.requests.filter(isOfAll).map(({ atMs }) => atMs);
    const first = times.indexOf(spoiling.requests[0]?.atMs ?? 0);
    const gaps = [1, 2].map((index) => (times[first + index] ?? 0) - (times[first + index - 1] ?? 0));
    if (key.startsWith('429')) for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(1_990);
  });
});
