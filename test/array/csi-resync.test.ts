/** CSI and a LunResync want the same LUN: which calls are refused meanwhile, and that the refusal names the LunResync. */
import { statSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Outcome } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { type Driver, nodeID, startDriver } from '../support/csi.ts';
import { blockVolume, publishRequest, snapshotOf } from '../support/csi-volume.ts';
import { lunOf, mib, owner, refusalOf, run, runOf, startStalled, untilEnded } from './array-scene.ts';

let driver: Driver;

beforeAll(async () => {
  driver = await startDriver();
});

afterAll(async () => {
  await driver?.[Symbol.asyncDispose]();
});

describe('a LUN that a LunResync is at work on', () => {
  it('is not published, expanded, deleted or copied while it is RESYNCING, and the refusal names the LunResync', async () => {
    const { source, target } = await stalledResync('busy.1');
    for (const call of [
      () => driver.controller.controllerPublishVolume(publishRequest(target)),
      () =>
        driver.controller.controllerExpandVolume({
          volumeId: target,
          capacityRange: { requiredBytes: BigInt(8 * mib) },
        }),
      () => driver.controller.deleteVolume({ volumeId: target }),
      () => driver.controller.createSnapshot({ name: 'torn', sourceVolumeId: target }),
      () => driver.controller.deleteSnapshot({ snapshotId: source }),
    ]) {
      const refusal = await refusalOf(call());
      expect(refusal.code).toBe(status.FAILED_PRECONDITION);
      expect(refusal.message).toContain('LunResync shop/restore-orders');
    }
    await driver.array.client.cancelOperation({
      arrayId: driver.array.arrayID,
      operationId: 'busy.1',
      owner,
      targetLunIds: [target],
    });
    await untilEnded(driver.array, 'busy.1');
    await driver.controller.deleteSnapshot({ snapshotId: source });
  });

  it('is not published while it is INCONSISTENT, and is again after it was repaired', async () => {
    const { source, target } = await stalledResync('broken.1');
    await driver.array.restart();
    expect((await runOf(driver.array, target)).outcome).toBe(Outcome.INTERRUPTED);
    const refusal = await refusalOf(driver.controller.controllerPublishVolume(publishRequest(target)));
    expect(refusal.message).toContain(`LUN ${target} is INCONSISTENT by LunResync shop/restore-orders`);
    await driver.array.admin.clearFaults({});
    await run(driver.array, [[source, target]], { operationId: 'broken.2' });
    const before = await lunOf(driver.array, target);
    const { publishContext } = await driver.controller.controllerPublishVolume(publishRequest(target));
    expect(statSync(publishContext['path'] ?? '').size).toBe(4 * mib);
    const after = await lunOf(driver.array, target);
    expect(after.generation).toBeGreaterThan(before.generation);
    expect(after.publishedNodes).toEqual([nodeID]);
  });

  it('keeps its safety snapshots to itself', async () => {
    const source = await snapshotOf(driver, await blockVolume(driver, 4 * mib, 'new'));
    const target = await blockVolume(driver, 4 * mib, 'old');
    await run(driver.array, [[source, target]], { operationId: 'safe.1', owner: 'c/shop/safe/uid' });
    const { safetySnapshotId } = await runOf(driver.array, target, 'c/shop/safe/uid');
    const { entries } = await driver.controller.listSnapshots({});
    expect(entries.map(({ snapshot }) => snapshot?.snapshotId)).not.toContain(safetySnapshotId);
    expect((await refusalOf(driver.controller.getSnapshot({ snapshotId: safetySnapshotId }))).code).toBe(
      status.NOT_FOUND,
    );
    const refusal = await refusalOf(driver.controller.deleteSnapshot({ snapshotId: safetySnapshotId }));
    expect(refusal.message).toContain('the safety snapshot of LunResync shop/safe');
  });
});

/** A resync that has changed blocks of its target and then stands still. */
async function stalledResync(operationId: string): Promise<{ source: string; target: string }> {
  const source = await snapshotOf(driver, await blockVolume(driver, 4 * mib, 'new'));
  const target = await blockVolume(driver, 4 * mib, 'old');
  await startStalled(driver.array, [source, target], operationId);
  return { source, target };
}
