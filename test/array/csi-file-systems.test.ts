/** Real ext4 and XFS on real loop devices: what a workload wrote survives snapshot and resync, and nothing is left behind. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VolumeCapability_AccessMode_Mode as Mode, VolumeUsage_Unit as Unit } from '../../src/proto/csi/v1/csi_pb.js';
import { Outcome } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import {
  blockCapability,
  csiClients,
  type Driver,
  mountCapability,
  nodeID,
  requireRealMounts,
  startDriver,
} from '../support/csi.ts';
import { loopFiles, makeTestVolume, mountsUnder, type TestVolume, type VolumeOptions } from '../support/csi-volume.ts';
import { startNodeProcess } from '../support/node-process.ts';
import { mib, refusalOf, request, run as resync } from './array-scene.ts';

const run = promisify(execFile);
const sizeBytes = 320 * mib;

let driver: Driver;
let serial = 0;

beforeAll(async () => {
  await requireRealMounts();
  driver = await startDriver();
});

afterEach(async () => {
  // Whatever a failed test left would keep the folder busy.
  for (const path of mountsUnder(driver.folder).toReversed()) await run('umount', [path]).catch(() => undefined);
  for (const file of loopFiles().filter((path) => path.startsWith(driver.array.dataDirectory))) {
    const { stdout } = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', file]);
    for (const device of stdout.split('\n').filter((line) => line !== '')) await run('losetup', ['--detach', device]);
  }
});

afterAll(async () => {
  await driver?.[Symbol.asyncDispose]();
});

describe.each(['ext4', 'xfs'] as const)('%s', (fileSystem) => {
  const capability = mountCapability(fileSystem);

  it('has a deleted file back after the volume was resynced from its snapshot', { timeout: 120_000 }, async () => {
    const volume = await makeVolume(capability);
    await volume.attach();
    await writeFile(join(volume.target, 'orders.db'), 'one thousand orders', { flush: true });
    await run('sync', ['-f', volume.target]);
    const { snapshot } = await driver.controller.createSnapshot({
      name: `${volume.id}-snap`,
      sourceVolumeId: volume.id,
    });
    await rm(join(volume.target, 'orders.db'));
    await writeFile(join(volume.target, 'later.db'), 'written after the snapshot', { flush: true });

    const pair = [snapshot?.snapshotId ?? '', volume.id] as const;
    const published = await refusalOf(
      driver.array.client.startOperation(await request(driver.array, [pair], { operationId: `${volume.id}.0` })),
    );
    expect(published.metadata['refusal']).toBe('TARGET_PUBLISHED');
    expect(published.message).toContain(nodeID);

    await volume.detach();
    const operation = await resync(driver.array, [pair], { operationId: `${volume.id}.1` });
    expect(operation.outcome).toBe(Outcome.SUCCEEDED);

    await volume.attach();
    expect(await readFile(join(volume.target, 'orders.db'), 'utf8')).toBe('one thousand orders');
    expect(existsSync(join(volume.target, 'later.db'))).toBe(false);
    await volume.detach();
    await checkFileSystem(fileSystem, volume.path);
  });

  it('is not made again over what a volume holds', async () => {
    const volume = await makeVolume(capability);
    await volume.attach();
    await writeFile(join(volume.target, 'kept'), 'kept', { flush: true });
    await volume.detach();
    const other = mountCapability(fileSystem === 'ext4' ? 'xfs' : 'ext4');
    const refusal = await refusalOf(volume.attach(other));
    expect(refusal.code).toBe(status.FAILED_PRECONDITION);
    expect(refusal.message).toContain(`holds ${fileSystem}`);
    await volume.detach();
    await volume.attach();
    expect(await readFile(join(volume.target, 'kept'), 'utf8')).toBe('kept');
    await volume.detach();
  });

  it('grows with its volume at the next stage, and before that where the kernel lets a mounted one grow', async () => {
    const volume = await makeVolume(capability);
    await volume.attach();
    const before = await totalBytes(volume.target);
    const grown = sizeBytes + 128 * mib;
    const capacityRange = { requiredBytes: BigInt(grown) };
    const expand = { volumeId: volume.id, capacityRange, volumeCapability: capability };
    const answer = await driver.controller.controllerExpandVolume(expand);
    expect(answer).toMatchObject({ capacityBytes: BigInt(grown), nodeExpansionRequired: true });
    const atOnce = driver.node.nodeExpandVolume({ volumeId: volume.id, volumePath: volume.target, capacityRange });
    if (fileSystem === 'ext4' && !hasSysResource()) {
      expect((await refusalOf(atOnce)).message).toContain('CAP_SYS_RESOURCE');
    } else {
      await atOnce;
      expect(await totalBytes(volume.target)).toBeGreaterThan(before + 100 * mib);
    }
    await volume.detach();
    await volume.attach();
    expect(await totalBytes(volume.target)).toBeGreaterThan(before + 100 * mib);
    await volume.detach();
    await checkFileSystem(fileSystem, volume.path);
  });

  it('can be mounted beside the volume that it is a copy of', async () => {
    const volume = await makeVolume(capability);
    await volume.attach();
    await writeFile(join(volume.target, 'shared'), 'both have it', { flush: true });
    await run('sync', ['-f', volume.target]);
    const copy = await makeVolume(capability, { sourceVolumeID: volume.id });
    await copy.attach();
    expect(await readFile(join(copy.target, 'shared'), 'utf8')).toBe('both have it');
    await copy.detach();
    await volume.detach();
  });
});

describe('the node', () => {
  it('formats nothing that has bytes of its own, whatever they are', async () => {
    const volume = await makeVolume(mountCapability());
    const data = Buffer.from('a database that needs no file system');
    await driver.array.admin.writeRange({ lunId: volume.id, offset: BigInt(100 * mib), data });
    const refusal = await refusalOf(volume.attach());
    expect(refusal.message).toContain('has content that is no known file system');
    expect(refusal.message).toContain('Nothing was formatted.');
    await volume.detach();
    const { data: kept } = await driver.array.admin.readRange({
      lunId: volume.id,
      offset: BigInt(100 * mib),
      length: data.length,
    });
    expect(Buffer.from(kept)).toEqual(data);
  });

  it('leaves no loop device, mount or file behind, also when a stage fails and when calls are repeated', async () => {
    const volume = await makeVolume(mountCapability());
    await volume.attach();
    await volume.attach();
    await volume.detach();
    await volume.detach();
    expect(loopFiles()).not.toContain(volume.path);
    expect(mountsUnder(driver.folder)).toEqual([]);
    expect(existsSync(volume.target)).toBe(false);
    // XFS does not fit into so small a volume: the stage fails behind the attach.
    const small = await makeVolume(mountCapability('xfs'), { sizeBytes: 16 * mib });
    expect((await refusalOf(small.attach())).message).toContain('mkfs.xfs');
    expect(loopFiles()).not.toContain(small.path);
    await small.detach();
  });

  it('goes on after the array was killed with a volume mounted', async () => {
    const volume = await makeVolume(mountCapability());
    await volume.attach();
    await writeFile(join(volume.target, 'open'), 'still here', { flush: true });
    await driver.array.restart();
    await volume.attach();
    expect(await readFile(join(volume.target, 'open'), 'utf8')).toBe('still here');
    await volume.detach();
    expect(loopFiles()).not.toContain(volume.path);
  });

  it('finds a loop device that was attached right before a crash, and detaches it', async () => {
    const volume = await makeVolume(mountCapability());
    await mkdir(volume.staging, { recursive: true });
    await writeFile(join(volume.staging, 'lun'), volume.path);
    await run('losetup', ['--find', volume.path]);
    await driver.node.nodeUnstageVolume({ volumeId: volume.id, stagingTargetPath: volume.staging });
    expect(loopFiles()).not.toContain(volume.path);
    await volume.attach();
    await volume.detach();
  });

  it('shows a block volume as a device with the bytes of the LUN', async () => {
    const volume = await makeVolume(blockCapability());
    await driver.array.admin.writeRange({ lunId: volume.id, offset: 0n, data: Buffer.from('raw bytes') });
    await volume.attach();
    expect((await stat(volume.target)).isBlockDevice()).toBe(true);
    const { stdout } = await run('head', ['-c', '9', volume.target]);
    expect(stdout).toBe('raw bytes');
    const { usage } = await driver.node.nodeGetVolumeStats({ volumeId: volume.id, volumePath: volume.target });
    expect(usage).toMatchObject([{ unit: Unit.BYTES, total: BigInt(sizeBytes) }]);
    await volume.detach();
    expect(loopFiles()).not.toContain(volume.path);
  });

  it('lets nobody write to what was published for reading', async () => {
    const volume = await makeVolume(mountCapability());
    await volume.attach();
    await writeFile(join(volume.target, 'page'), 'one', { flush: true });
    await volume.detach();
    await volume.attach(mountCapability('ext4', Mode.SINGLE_NODE_READER_ONLY));
    expect(await readFile(join(volume.target, 'page'), 'utf8')).toBe('one');
    await expect(writeFile(join(volume.target, 'page'), 'two')).rejects.toMatchObject({ code: 'EROFS' });
    await volume.detach();
  });

  it('refuses mount options that are not on its list, and mounts with those that are', async () => {
    const refusal = await refusalOf(makeVolume(mountCapability('ext4', Mode.SINGLE_NODE_WRITER, ['loop=/dev/sda'])));
    expect(refusal.code).toBe(status.INVALID_ARGUMENT);
    expect(refusal.message).toContain('loop=/dev/sda');
    const volume = await makeVolume(mountCapability('ext4', Mode.SINGLE_NODE_WRITER, ['noatime', 'commit=30']));
    await volume.attach();
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toMatch(
      new RegExp(`${volume.staging} [^\\n]*noatime[^\\n]*commit=30`),
    );
    const other = await refusalOf(volume.stage(mountCapability('ext4', Mode.SINGLE_NODE_WRITER, ['nodev'])));
    expect(other.code).toBe(status.ALREADY_EXISTS);
    expect(other.message).toContain('without nodev');
    await volume.detach();
  });

  it('is not unstaged while it is published, and says where', async () => {
    const volume = await makeVolume(mountCapability());
    await volume.attach();
    const unstage = { volumeId: volume.id, stagingTargetPath: volume.staging };
    const refusal = await refusalOf(driver.node.nodeUnstageVolume(unstage));
    expect(refusal.code).toBe(status.FAILED_PRECONDITION);
    expect(refusal.message).toContain(volume.target);
    await volume.detach();
  });

  it('takes nothing off that it did not mount', async () => {
    const foreign = join(driver.folder, 'foreign');
    await mkdir(foreign);
    await run('mount', ['-t', 'tmpfs', 'tmpfs', foreign]);
    for (const call of [
      () => driver.node.nodeUnstageVolume({ volumeId: 'any', stagingTargetPath: foreign }),
      () => driver.node.nodeUnpublishVolume({ volumeId: 'any', targetPath: foreign }),
    ]) {
      expect((await refusalOf(call())).message).toContain(`${foreign} has no volume mounted, but tmpfs`);
    }
    expect(mountsUnder(driver.folder)).toEqual([foreign]);
  });

  it('runs as a process of its own, without an array', async () => {
    const endpoint = `unix://${join(driver.folder, 'node.sock')}`;
    await using process = await startNodeProcess([
      '--csi-endpoint',
      endpoint,
      '--csi-services',
      'node',
      '--csi-node-id',
      nodeID,
    ]);
    const clients = csiClients(endpoint);
    try {
      expect(await clients.node.nodeGetInfo({})).toMatchObject({ nodeId: nodeID });
      expect((await refusalOf(clients.controller.listVolumes({}))).code).toBe(status.UNIMPLEMENTED);
      const volume = await makeVolume(mountCapability());
      await volume.attach(undefined, clients.node);
      await writeFile(join(volume.target, 'elsewhere'), 'mounted by the other process', { flush: true });
      // The array's own node service knows as much, since both ask the kernel.
      await volume.detach();
      expect(loopFiles()).not.toContain(volume.path);
      expect(process.lines().map(({ method }) => method)).toContain('NodeStageVolume');
    } finally {
      clients.close();
    }
  });
});

/** Throws when the file system in an image has any fault. */
async function checkFileSystem(fileSystem: 'ext4' | 'xfs', image: string): Promise<void> {
  await (fileSystem === 'ext4' ? run('e2fsck', ['-fn', image]) : run('xfs_repair', ['-n', '-f', image]));
}

async function totalBytes(path: string): Promise<number> {
  const { usage } = await driver.node.nodeGetVolumeStats({ volumeId: 'any', volumePath: path });
  return Number(usage.find(({ unit }) => unit === Unit.BYTES)?.total ?? 0n);
}

/** What a container may be without. Source: capabilities(7), number 24. */
function hasSysResource(): boolean {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n;
}

async function makeVolume(
  capability: VolumeOptions['capability'],
  more: Partial<Pick<VolumeOptions, 'sizeBytes' | 'sourceVolumeID'>> = {},
): Promise<TestVolume> {
  serial += 1;
  return makeTestVolume(driver, { name: `volume-${serial}`, capability, sizeBytes, ...more });
}
