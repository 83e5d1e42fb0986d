// Every write of a run, one after the other: carried out with its answer lost, or lost itself. The n-th write of an object
// of its own is hit, until a run has fewer.
import { describe, expect, inject, it } from 'vitest';
import { reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { answerLost, requestLost, writesAbout } from './support/api-faults.ts';
import type { Fault } from './support/api-proxy.ts';
import {
  applyPair,
  expectOneOperation,
  holdCopy,
  makePair,
  type Pair,
  startedOf,
  startProxiedScene,
  untilCopying,
  untilGone,
} from './support/proxied-scene.ts';

const AT_ONCE = 6;
const MOST_WRITES = 40;

const scene = sharedScene(() => startProxiedScene(inject('cluster')));

/** A run that copies, is seen copying, and ends with success. */
async function succeed(pair: Pair): Promise<void> {
  const { name } = pair;
  const held = await holdCopy(scene, name);
  await applyPair(scene, name);
  await untilCopying(scene, name);
  await held.letGo();
  await expectOneOperation(scene, pair);
}

/** A run that is cancelled in the middle of its copy, is put back, and is deleted. */
async function cancelAndDelete({ name, target }: Pair): Promise<void> {
  await holdCopy(scene, name);
  const { metadata } = await applyPair(scene, name);
  await untilCopying(scene, name);
  await scene.patch(name, { cancel: true });
  const ended = await scene.finished(name);
  expect([name, reasonOf(ended), ended.status.dataState]).toEqual([name, 'Cancelled', 'RolledBack']);
  expect(startedOf(scene, name)).toEqual([`${metadata.uid}.1`, `${metadata.uid}.2`]);
  expect(await scene.digest(`${name}-dst`)).toBe(target);
  await scene.remove(name);
  await untilGone(scene, name);
  const { luns } = await scene.array.client.listLuns({});
  expect(luns.filter((lun) => lun.parentLunId === `${name}-dst`).map((lun) => lun.id)).toEqual([]);
  expect(await scene.digest(`${name}-dst`)).toBe(target);
}

/** Plays the story once for each of its writes, with that write hit; gives how many there are. */
async function forEachWrite(prefix: string, fault: Fault, story: (pair: Pair) => Promise<void>): Promise<number> {
  let writes = 0;
  for (let from = 0; from < MOST_WRITES; from += AT_ONCE) {
    const hits = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        const name = `${prefix}-${from + index}`;
        const pair = await makePair(scene, name);
        const { requests } = scene.proxy.spoil(writesAbout(name), fault, { after: from + index });
        await story(pair);
        return requests.length;
      }),
    );
    writes += hits.filter((hit) => hit > 0).length;
    if (hits.includes(0)) return writes;
  }
  throw new Error(`a run of ${prefix} has more than ${MOST_WRITES} writes`);
}

describe('a run ends as if nothing had happened when of its writes to the API server', () => {
  it.each([
    ['the answer', 'a', answerLost],
    ['the request', 'r', requestLost],
  ] as const)('%s of any one is lost, and so does a cancelled and deleted one', async (_, key, fault) => {
    const [success, cancel] = await Promise.all([
      forEachWrite(`done-${key}`, fault, succeed),
      forEachWrite(`off-${key}`, fault, cancelAndDelete),
    ]);
    expect(success).toBeGreaterThanOrEqual(5);
    expect(cancel).toBeGreaterThanOrEqual(9);
  });
});
