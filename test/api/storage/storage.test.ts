// Claims, snapshots and pods in Kubernetes become LUNs, snapshots and publications on the array, through the controller
// manager and the CSI sidecars that a cluster runs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction, FaultPoint } from '../../../src/proto/lunarray/admin/v1/admin_pb.js';
import { type Lun, LunKind, LunState, Outcome } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import { startStalled, untilEnded } from '../../array/array-scene.ts';
import { newNamespace } from '../../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane.ts';
import { type Driver, nodeID, startDriver } from '../../support/csi.ts';
import { MIB } from '../../support/scene.ts';
import { STORAGE_START_MS, type Storage, startStorage } from '../../support/storage/storage.ts';
import { until } from '../../support/until.ts';

let plane: ControlPlane;
let driver: Driver;
let storage: Storage;
let namespace: string;
const running = new AsyncDisposableStack();

beforeAll(async () => {
  plane = running.use(await startControlPlane());
  driver = running.use(await startDriver());
  storage = running.use(await startStorage(plane, driver.array));
  namespace = await newNamespace(plane.admin, 'storage');
}, STORAGE_START_MS);

afterAll(() => running.disposeAsync());

/** A bound claim whose LUN has content. */
async function filledClaim(name: string): Promise<{ volume: string; lunId: string }> {
  await storage.createClaim(namespace, name, { sizeBytes: 4 * MIB });
  const volume = await storage.untilBound(namespace, name);
  const lunId = await storage.lunOf(namespace, name);
  await driver.array.admin.fillPattern({ lunId, seed: name });
  return { volume, lunId };
}

/** The LUN as the array has it; undefined when there is none. */
async function lun(id: string): Promise<Lun | undefined> {
  return (await driver.array.client.getLuns({ ids: [id], owners: [] })).luns[0];
}

/** The digest of a LUN's first bytes. */
async function digest(lunId: string, length = 4 * MIB): Promise<string> {
  return (await driver.array.admin.digest({ lunId, length: BigInt(length) })).digest;
}

/** The ids of all volumes. */
async function volumes(): Promise<ReadonlySet<string | undefined>> {
  const { entries } = await driver.controller.listVolumes({});
  return new Set(entries.map(({ volume }) => volume?.volumeId));
}

describe('a claim', () => {
  it.each(['Block', 'Filesystem'] as const)('is bound to a LUN of its size, which grows with it: %s', async (mode) => {
    const name = `size-${mode.toLowerCase()}`;
    await storage.createClaim(namespace, name, { sizeBytes: 4 * MIB, volumeMode: mode });
    const lunId = await storage.lunOf(namespace, name);
    expect((await lun(lunId))?.sizeBytes).toBe(BigInt(4 * MIB));
    await driver.array.admin.fillPattern({ lunId, seed: name });
    const before = await digest(lunId);
    await storage.resizeClaim(namespace, name, 6);
    expect((await lun(lunId))?.sizeBytes).toBe(BigInt(6 * MIB));
    expect(await digest(lunId)).toBe(before);
  });

  it('that is deleted takes its LUN with it', async () => {
    const { lunId } = await filledClaim('deleted');
    expect(await lun(lunId)).toBeDefined();
    await storage.deleteClaim(namespace, 'deleted');
    expect(await lun(lunId)).toBeUndefined();
  });
});

describe('a snapshot', () => {
  it('is a snapshot LUN, from which a claim has the bytes of that time', async () => {
    const { lunId } = await filledClaim('source');
    const then = await digest(lunId);
    const snapshotId = await storage.snapshotClaim(namespace, 'nightly', 'source');
    await driver.array.admin.fillPattern({ lunId, seed: 'later' });
    expect((await lun(snapshotId))?.kind).toBe(LunKind.SNAPSHOT);
    await storage.createClaim(namespace, 'restored', { sizeBytes: 4 * MIB, snapshot: 'nightly' });
    const restoredId = await storage.lunOf(namespace, 'restored');
    expect(await digest(restoredId)).toBe(then);
    expect(await digest(lunId)).not.toBe(then);
  });

  it('that is deleted takes its LUN with it', async () => {
    await filledClaim('kept');
    const snapshotId = await storage.snapshotClaim(namespace, 'passing', 'kept');
    await storage.deleteSnapshot(namespace, 'passing');
    expect(await lun(snapshotId)).toBeUndefined();
  });
});

describe('a volume', () => {
  it('is published to a node while it is attached there', async () => {
    const { volume, lunId } = await filledClaim('attached');
    expect((await lun(lunId))?.publishedNodes).toEqual([]);
    await storage.attach(volume);
    expect((await lun(lunId))?.publishedNodes).toEqual([nodeID]);
    await storage.detach(volume);
    expect((await lun(lunId))?.publishedNodes).toEqual([]);
  });

  it('is published to the node of a Pod that uses its claim, until the Pod is gone', async () => {
    const { lunId } = await filledClaim('used');
    const pod = await storage.podUsing(namespace, 'used');
    await until(
      () => `LUN ${lunId} to be published`,
      async () => (await lun(lunId))?.publishedNodes.includes(nodeID) === true,
    );
    await storage.deletePod(namespace, pod);
    await until(
      () => `LUN ${lunId} not to be published any more`,
      async () => (await lun(lunId))?.publishedNodes.length === 0,
    );
  });
});

describe('a LUN that a LunResync is at work on', () => {
  it('is attached, grown, snapshotted and deleted after it, when each was refused before', async () => {
    const { lunId: target, volume } = await filledClaim('target');
    const { lunId: origin } = await filledClaim('origin');
    const source = await storage.snapshotClaim(namespace, 'wanted', 'origin');
    await startStalled(driver.array, [source, target], 'held.1');
    const asked = Promise.all([
      storage.snapshotClaim(namespace, 'held', 'target'),
      storage.attach(volume),
      storage.resizeClaim(namespace, 'target', 6),
      storage.deleteSnapshot(namespace, 'wanted'),
    ]);
    const methods = ['CreateSnapshot', 'ControllerPublishVolume', 'ControllerExpandVolume', 'DeleteSnapshot'];
    await until(
      () => `refusals of ${methods.join(', ')}`,
      () => {
        const refused = driver.array.callLog().filter(({ code }) => code === 'FAILED_PRECONDITION');
        return methods.every((method) => refused.some((call) => call.method === method));
      },
    );
    expect(await lun(target)).toMatchObject({ state: LunState.RESYNCING, sizeBytes: BigInt(4 * MIB) });
    await driver.array.admin.clearFaults({});
    expect((await untilEnded(driver.array, 'held.1')).outcome).toBe(Outcome.SUCCEEDED);
    const [snapshotId] = await asked;
    expect(await digest(snapshotId)).toBe(await digest(origin));
    expect(await lun(target)).toMatchObject({ publishedNodes: [nodeID], sizeBytes: BigInt(6 * MIB) });
    expect(await lun(source)).toBeUndefined();
    await storage.detach(volume);
  });
});

describe('an array that dies', () => {
  /** It dies when the method has done all that it does and has not answered, and comes back. */
  const dieIn = async (method: string, ask: () => Promise<void>): Promise<void> => {
    await driver.array.admin.setFault({ fault: { action: FaultAction.CRASH, method, point: FaultPoint.AFTER } });
    const asked = ask();
    await driver.array.exited();
    await driver.array.restart();
    await asked;
  };

  it('before it answers does each thing once, whoever asks again', async () => {
    const name = 'interrupted';
    const volumesBefore = await volumes();
    await dieIn('CreateVolume', () => storage.createClaim(namespace, name, { sizeBytes: 4 * MIB }));
    const volume = await storage.untilBound(namespace, name);
    const lunId = await storage.lunOf(namespace, name);
    await dieIn('CreateSnapshot', () => storage.createSnapshot(namespace, name, name));
    const snapshotId = await storage.untilReady(namespace, name);
    expect(await volumes()).toEqual(new Set([...volumesBefore, lunId]));
    const { entries } = await driver.controller.listSnapshots({ sourceVolumeId: lunId });
    expect(entries.map(({ snapshot }) => snapshot?.snapshotId)).toEqual([snapshotId]);
    await dieIn('ControllerExpandVolume', () => storage.resizeClaim(namespace, name, 6));
    expect((await lun(lunId))?.sizeBytes).toBe(BigInt(6 * MIB));
    await dieIn('ControllerPublishVolume', () => storage.attach(volume));
    expect((await lun(lunId))?.publishedNodes).toEqual([nodeID]);
    await dieIn('ControllerUnpublishVolume', () => storage.detach(volume));
    expect((await lun(lunId))?.publishedNodes).toEqual([]);
    await dieIn('DeleteSnapshot', () => storage.deleteSnapshot(namespace, name));
    await dieIn('DeleteVolume', () => storage.deleteClaim(namespace, name));
    expect(await volumes()).toEqual(volumesBefore);
    expect(await lun(snapshotId)).toBeUndefined();
  });

  it('is asked for what was wanted meanwhile when it is back', async () => {
    const { lunId } = await filledClaim('before');
    await driver.array.kill();
    await storage.createClaim(namespace, 'meanwhile', { sizeBytes: 4 * MIB });
    await storage.createSnapshot(namespace, 'meanwhile', 'before');
    await driver.array.restart();
    const [madeId, snapshotId] = await Promise.all([
      storage.lunOf(namespace, 'meanwhile'),
      storage.untilReady(namespace, 'meanwhile'),
    ]);
    expect((await lun(madeId))?.sizeBytes).toBe(BigInt(4 * MIB));
    expect((await lun(snapshotId))?.parentLunId).toBe(lunId);
  });
});
