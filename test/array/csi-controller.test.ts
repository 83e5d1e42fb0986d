/** What CSI's controller promises beyond csi-sanity: restarts, pages, pools, publications. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeContentSourceSchema,
} from '../../src/proto/csi/v1/csi_pb.js';
import { FaultAction, FaultPoint } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { blockCapability, type Driver, mountCapability, nodeID, startDriver } from '../support/csi.ts';
import { blockVolume, publishRequest, snapshotOf } from '../support/csi-volume.ts';
import { digest, lunOf, mib, order, refusalOf } from './array-scene.ts';

let driver: Driver;

beforeAll(async () => {
  driver = await startDriver({ flags: ['--csi-nodes', `${nodeID},node-2`] });
});

afterAll(async () => {
  await driver?.[Symbol.asyncDispose]();
});

type VolumeRequest = {
  readonly name: string;
  readonly capacityRange: { readonly requiredBytes?: bigint; readonly limitBytes?: bigint };
  readonly parameters?: Record<string, string>;
  readonly volumeContentSource?: MessageInitShape<typeof VolumeContentSourceSchema>;
  readonly volumeCapabilities: typeof volumeCapabilities;
};

const volumeCapabilities = [mountCapability(), blockCapability()];

function volumeRequest(name: string, size = 4 * mib): VolumeRequest {
  return { name, capacityRange: { requiredBytes: BigInt(size) }, volumeCapabilities };
}

const makeVolume = async (size = 4 * mib): Promise<string> => blockVolume(driver, size, 'content');
const takeSnapshot = async (volumeID: string): Promise<string> => snapshotOf(driver, volumeID);

describe('CreateVolume', () => {
  it('finds a volume and a snapshot by their names again after a crash', async () => {
    const source = await makeVolume();
    const snapshotId = await takeSnapshot(source);
    const fromSnapshot: VolumeRequest = {
      ...volumeRequest('restored'),
      volumeContentSource: { type: { case: 'snapshot' as const, value: { snapshotId } } },
    };
    const { volume } = await driver.controller.createVolume(fromSnapshot);
    const { snapshot } = await driver.controller.createSnapshot({ name: 'kept', sourceVolumeId: source });
    await driver.array.restart();
    expect((await driver.controller.createVolume(fromSnapshot)).volume).toEqual(volume);
    expect((await driver.controller.createSnapshot({ name: 'kept', sourceVolumeId: source })).snapshot).toEqual(
      snapshot,
    );
    expect(volume?.contentSource?.type).toMatchObject({ case: 'snapshot', value: { snapshotId } });
    expect(await digest(driver.array, volume?.volumeId ?? '')).toBe(await digest(driver.array, source));
    const other = await refusalOf(driver.controller.createVolume(volumeRequest('restored')));
    expect(other.code).toBe(status.ALREADY_EXISTS);
    expect(other.message).toContain(`made from source ${snapshotId}`);
  });

  it.each([FaultPoint.BEFORE, FaultPoint.AFTER])(
    'makes one volume when the array dies around it (%s)',
    async (point) => {
      const name = `crashed-${point}`;
      await order(driver.array, { action: FaultAction.CRASH, method: 'CreateVolume', point });
      await refusalOf(driver.controller.createVolume(volumeRequest(name)));
      await driver.array.restart();
      const { volume } = await driver.controller.createVolume(volumeRequest(name));
      const { volume: again } = await driver.controller.createVolume(volumeRequest(name));
      expect(again).toEqual(volume);
      const files = execFileSync('ls', [`${driver.array.dataDirectory}/luns`], { encoding: 'utf8' }).split('\n');
      const { entries } = await driver.controller.listVolumes({});
      const { entries: snapshots } = await driver.controller.listSnapshots({});
      expect(files.filter((file) => file !== '').length).toBe(entries.length + snapshots.length);
    },
  );

  it('says ABORTED while an earlier call for the name is at work', async () => {
    const calls = Array.from({ length: 8 }, () => driver.controller.createVolume(volumeRequest('crowded')));
    const results = await Promise.allSettled(calls);
    const ids = results.flatMap((result) =>
      result.status === 'fulfilled' ? (result.value.volume?.volumeId ?? []) : [],
    );
    const codes = results.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { code: number }).code] : [],
    );
    expect(new Set(ids).size).toBe(1);
    expect(new Set(codes)).toEqual(new Set([status.ABORTED]));
  });

  it('names an unknown parameter, a missing pool and a size that cannot be had', async () => {
    const refused = async (change: Partial<VolumeRequest>): Promise<readonly [number, string]> => {
      const error = await refusalOf(driver.controller.createVolume({ ...volumeRequest('refused'), ...change }));
      return [error.code, error.message];
    };
    expect(await refused({ parameters: { pool: 'pool', tier: 'gold' } })).toEqual([
      status.INVALID_ARGUMENT,
      'Parameter tier is unknown. Use pool.',
    ]);
    expect((await refused({ parameters: { pool: 'none' } }))[0]).toBe(status.NOT_FOUND);
    for (const [capacityRange, size] of [
      [{ requiredBytes: 2n ** 50n }, `at least ${2n ** 50n} bytes`],
      [{ limitBytes: 2048n }, 'at most 2048 bytes'],
      [{ requiredBytes: 1025n, limitBytes: 2048n }, '1025 to 2048 bytes'],
    ] as const) {
      const [code, message] = await refused({ capacityRange });
      expect(code).toBe(status.OUT_OF_RANGE);
      expect(message).toContain(`A volume of ${size} cannot be made.`);
    }
    const [code, message] = await refused({ capacityRange: { requiredBytes: 2n ** 41n } });
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(message).toContain('Pool pool has');
    const small = { type: { case: 'volume' as const, value: { volumeId: await makeVolume(8 * mib) } } };
    const range = { capacityRange: { requiredBytes: BigInt(4 * mib) }, volumeContentSource: small };
    expect(await refused(range)).toEqual([
      status.OUT_OF_RANGE,
      expect.stringContaining(`The source has ${8 * mib} bytes, and the volume is to have at least ${4 * mib} bytes.`),
    ]);
    const { volume } = await driver.controller.createVolume({
      ...volumeRequest('described'),
      parameters: { pool: 'pool', 'csi.storage.k8s.io/pvc/name': 'orders' },
    });
    expect(volume?.capacityBytes).toBe(BigInt(4 * mib));
  });
});

describe('ControllerPublishVolume', () => {
  it('gives a volume to one node at a time unless its access mode is for many', async () => {
    const one = await makeVolume();
    await driver.controller.controllerPublishVolume(publishRequest(one));
    const refusal = await refusalOf(driver.controller.controllerPublishVolume(publishRequest(one, 'node-2')));
    expect(refusal.code).toBe(status.FAILED_PRECONDITION);
    expect(refusal.message).toContain(`published to ${nodeID}`);
    expect((await refusalOf(driver.controller.deleteVolume({ volumeId: one }))).code).toBe(status.FAILED_PRECONDITION);
    const many = await makeVolume();
    for (const node of [nodeID, 'node-2']) {
      await driver.controller.controllerPublishVolume(publishRequest(many, node, Mode.MULTI_NODE_MULTI_WRITER));
    }
    const { status: volumeStatus } = await driver.controller.controllerGetVolume({ volumeId: many });
    expect(volumeStatus?.publishedNodeIds).toEqual([nodeID, 'node-2']);
    await driver.array.restart();
    const other = await refusalOf(
      driver.controller.controllerPublishVolume({ ...publishRequest(one), readonly: true }),
    );
    expect(other.code).toBe(status.ALREADY_EXISTS);
    // No node named: all of them.
    await driver.controller.controllerUnpublishVolume({ volumeId: many });
    expect((await lunOf(driver.array, many)).publishedNodes).toEqual([]);
  });
});

describe('ControllerExpandVolume', () => {
  it('is no damage when the array dies in it, and goes on when it is called again', async () => {
    const volumeId = await makeVolume();
    const capacityRange = { requiredBytes: BigInt(6 * mib) };
    await order(driver.array, { action: FaultAction.CRASH, method: 'ControllerExpandVolume', point: FaultPoint.AFTER });
    await refusalOf(driver.controller.controllerExpandVolume({ volumeId, capacityRange }));
    await driver.array.restart();
    const { capacityBytes } = await driver.controller.controllerExpandVolume({ volumeId, capacityRange });
    expect(capacityBytes).toBe(BigInt(6 * mib));
    expect(Number((await lunOf(driver.array, volumeId)).sizeBytes)).toBe(6 * mib);
    const smaller = { requiredBytes: BigInt(4 * mib), limitBytes: BigInt(5 * mib) };
    const refusal = await refusalOf(driver.controller.controllerExpandVolume({ volumeId, capacityRange: smaller }));
    expect(refusal.code).toBe(status.OUT_OF_RANGE);
  });
});

describe('the lists', () => {
  it('show every volume once although volumes come and go between the pages, and over a restart', async () => {
    for (let made = 0; made < 6; made += 1) await makeVolume();
    const all = await idsOf();
    const first = await driver.controller.listVolumes({ maxEntries: 3 });
    const last = first.entries.at(-1)?.volume?.volumeId ?? '';
    await driver.controller.controllerUnpublishVolume({ volumeId: last });
    await driver.controller.deleteVolume({ volumeId: last });
    await makeVolume();
    await driver.array.restart();
    const seen = first.entries.map(({ volume }) => volume?.volumeId ?? '');
    let token = first.nextToken;
    while (token !== '') {
      const page = await driver.controller.listVolumes({ maxEntries: 3, startingToken: token });
      seen.push(...page.entries.map(({ volume }) => volume?.volumeId ?? ''));
      token = page.nextToken;
    }
    expect(seen).toEqual(expect.arrayContaining(all));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('show all snapshots of one volume', async () => {
    const volume = await makeVolume();
    const taken = [await takeSnapshot(volume), await takeSnapshot(volume), await takeSnapshot(volume)];
    await takeSnapshot(await makeVolume());
    const { entries } = await driver.controller.listSnapshots({ sourceVolumeId: volume });
    expect(new Set(entries.map(({ snapshot }) => snapshot?.snapshotId))).toEqual(new Set(taken));
  });

  async function idsOf(): Promise<string[]> {
    const { entries } = await driver.controller.listVolumes({});
    return entries.map(({ volume }) => volume?.volumeId ?? '');
  }
});

describe('the socket', () => {
  it('is for its owner only, and every call has its line in the log', async () => {
    expect(statSync(driver.endpoint.slice('unix://'.length)).mode & 0o777).toBe(0o600);
    await driver.identity.probe({});
    await refusalOf(driver.controller.controllerGetVolume({ volumeId: 'none' }));
    const calls = driver.array.callLog();
    expect(calls).toContainEqual(expect.objectContaining({ method: 'Probe', code: 'OK' }));
    expect(calls).toContainEqual(expect.objectContaining({ method: 'ControllerGetVolume', code: 'NOT_FOUND' }));
    expect(readFileSync(`${driver.array.dataDirectory}/calls.jsonl`, 'utf8')).not.toContain('undefined');
  });
});

describe('ValidateVolumeCapabilities', () => {
  it('confirms what the volume can do and says what it cannot', async () => {
    const volumeId = await makeVolume();
    const validate = driver.controller.validateVolumeCapabilities;
    expect((await validate({ volumeId, volumeCapabilities })).confirmed).toBeDefined();
    const unsupported = await validate({
      volumeId,
      volumeCapabilities: [mountCapability('ext4', Mode.MULTI_NODE_MULTI_WRITER)],
    });
    expect(unsupported.confirmed).toBeUndefined();
    expect(unsupported.message).toContain('needs a block volume');
    expect((await validate({ volumeId, volumeCapabilities, parameters: { tier: 'gold' } })).message).toContain('tier');
    expect((await validate({ volumeId, volumeCapabilities, volumeContext: { a: 'b' } })).confirmed).toBeUndefined();
  });
});
