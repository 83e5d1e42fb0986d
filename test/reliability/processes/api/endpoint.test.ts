// The endpoint of a StorageArray is pointed at another array that has LUNs of the same ids: that one gets no call that
// would change it, and a run that had begun goes on where it began.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ARRAYS_PATH } from '../../../api/acceptance.ts';
import { sendOk } from '../../../support/api-client.ts';
import { type ArrayProcess, startArray } from '../../../support/array.ts';
import { MIB, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { until } from '../../../support/until.ts';
import {
  applyPair,
  contentOf,
  expectOneOperation,
  holdCopy,
  LUN_BYTES,
  makePair,
  type Pair,
  startedOf,
  startProxiedScene,
  untilCopying,
  untilGone,
} from './support/proxied-scene.ts';

const NAMES = ['middle', 'cancelled', 'deleted', 'before', 'over'];

const scene = sharedScene(() => startProxiedScene(inject('cluster')));
let other: ArrayProcess;

beforeAll(async () => {
  other = await startArray();
  await other.admin.createPool({ name: 'pool', capacityBytes: BigInt(1024 * MIB) });
  for (const name of NAMES) {
    await makePair(scene, name);
    for (const id of [`${name}-src`, `${name}-dst`]) {
      await other.admin.createLun({ id, pool: 'pool', sizeBytes: BigInt(LUN_BYTES) });
      await other.admin.fillPattern({ lunId: id, offset: 0n, length: BigInt(LUN_BYTES), seed: `other ${id}` });
    }
  }
});

afterAll(async () => {
  await other[Symbol.asyncDispose]();
});

const READS = ['GetArray', 'GetLuns', 'ListLuns', 'GetOperation', 'ListOperations', 'WatchOperations'];

/** The calls that an array did not refuse and that are more than a look at it. */
function changesAt(array: ArrayProcess): readonly string[] {
  return array
    .callLog()
    .filter(({ method, code }) => code === 'OK' && !READS.includes(method))
    .map(({ method }) => method);
}

async function untilArraySays(reason: string): Promise<void> {
  const path = `${ARRAYS_PATH}/${scene.arrayName}`;
  let said: unknown;
  await until(
    () => `the StorageArray to say ${reason}; it says ${String(said)}`,
    async () => {
      const { status } = (await sendOk(scene.cluster.admin, 'GET', path)) as {
        status?: { conditions?: readonly { readonly reason: string }[] };
      };
      said = status?.conditions?.[0]?.reason;
      return said === reason;
    },
  );
}

const isLost = (message: string | undefined): boolean => message?.includes(`leads to array ${other.arrayID}`) ?? false;

describe('an endpoint that leads to another array', () => {
  it('in the middle of runs: each waits, is ended where it began, and the other array is only looked at', async () => {
    const running = ['middle', 'cancelled', 'deleted'];
    const held = await Promise.all(running.map((name) => holdCopy(scene, name)));
    await Promise.all(running.map((name) => applyPair(scene, name)));
    await Promise.all(running.map((name) => untilCopying(scene, name)));
    const before = await contentOf({ array: other });
    await scene.patchArray({ endpoint: other.endpoint });
    await untilArraySays('ArrayChanged');
    await scene.patch('cancelled', { cancel: true });
    await scene.remove('deleted');
    for (const name of running) {
      const lost = await scene.until(name, 'it has lost its array', ({ status }) =>
        isLost(status.conditions?.find(({ type }) => type === 'Succeeded')?.message),
      );
      expect(lost.status.completionTime).toBeUndefined();
      expect(lost.status.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('True');
    }
    await held[0]?.letGo();
    await scene.patchArray({ endpoint: scene.array.endpoint });
    await expectOneOperation(scene, await pairOf('middle'));
    expect(reasonOf(await scene.finished('cancelled'))).toBe('Cancelled');
    await untilGone(scene, 'deleted');
    expect(changesAt(other)).toEqual([]);
    expect(await contentOf({ array: other })).toEqual(before);
  });

  it('before a run and after one: the one begins, and the other lets go, when it leads back', async () => {
    const pair = await pairOf('before');
    await applyPair(scene, 'over');
    await scene.finished('over');
    const before = await contentOf({ array: other });
    await scene.patchArray({ endpoint: other.endpoint });
    await untilArraySays('ArrayChanged');
    await applyPair(scene, 'before');
    await scene.remove('over');
    await untilReason('before', 'Pending');
    const heldBack = (): boolean => other.callLog().some(({ method }) => method === 'DeleteSafetySnapshots');
    await until(() => 'the other array to be asked for safety snapshots', heldBack);
    expect(startedOf(scene, 'before')).toEqual([]);
    expect(await scene.read('over')).toBeDefined();
    await scene.patchArray({ endpoint: scene.array.endpoint });
    await expectOneOperation(scene, pair);
    await untilGone(scene, 'over');
    expect(changesAt(other)).toEqual([]);
    expect(await contentOf({ array: other })).toEqual(before);
  });
});

function untilReason(name: string, reason: string): Promise<unknown> {
  return scene.until(name, `it is ${reason}`, (resync) => reasonOf(resync) === reason);
}

/** The LUNs as they are now. */
async function pairOf(name: string): Promise<Pair> {
  return { name, source: await scene.digest(`${name}-src`), target: await scene.digest(`${name}-dst`) };
}
