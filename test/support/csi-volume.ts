/**
 * A volume of a CSI driver, with the calls that the sidecars and kubelet would make to attach and to mount it.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VolumeCapability_AccessMode_Mode as Mode } from '../../src/proto/csi/v1/csi_pb.js';
import { blockCapability, type Driver, type mountCapability, nodeID } from './csi.ts';

type Capability = ReturnType<typeof mountCapability>;

/** A volume whose calls use the capability that it was made with unless another one is given. */
export type TestVolume = {
  readonly id: string;
  readonly staging: string;
  readonly target: string;
  /** The LUN's file. */
  readonly path: string;
  /** Publishes it at the controller and stages it on the node. */
  readonly stage: (capability?: Capability) => Promise<void>;
  /** The same, and publishes it at its target. */
  readonly attach: (capability?: Capability, node?: Driver['node']) => Promise<void>;
  /** All of it backwards. May be repeated. */
  readonly detach: () => Promise<void>;
};

export type VolumeOptions = {
  readonly name: string;
  readonly capability: Capability;
  readonly sizeBytes: number;
  /** The volume that it is a copy of. */
  readonly sourceVolumeID?: string;
};

/** Makes a volume. */
export async function makeTestVolume(driver: Driver, options: VolumeOptions): Promise<TestVolume> {
  const { capability, name, sizeBytes, sourceVolumeID } = options;
  const source = { type: { case: 'volume' as const, value: { volumeId: sourceVolumeID ?? '' } } };
  const { volume } = await driver.controller.createVolume({
    name,
    capacityRange: { requiredBytes: BigInt(sizeBytes) },
    volumeCapabilities: [capability],
    ...(sourceVolumeID === undefined ? {} : { volumeContentSource: source }),
  });
  const id = volume?.volumeId ?? '';
  const staging = join(driver.folder, `${id}-staging`);
  const target = join(driver.folder, `${id}-target`);
  const stage = async (wanted = capability, node = driver.node): Promise<void> => {
    const publish = { volumeId: id, nodeId: nodeID, volumeCapability: wanted };
    const { publishContext } = await driver.controller.controllerPublishVolume(publish);
    await node.nodeStageVolume({ volumeId: id, stagingTargetPath: staging, volumeCapability: wanted, publishContext });
  };
  return {
    id,
    staging,
    target,
    stage,
    path: join(driver.array.dataDirectory, 'luns', `${id}.lun`),
    attach: async (wanted = capability, node = driver.node) => {
      await stage(wanted, node);
      const paths = { stagingTargetPath: staging, targetPath: target };
      await node.nodePublishVolume({ volumeId: id, ...paths, volumeCapability: wanted });
    },
    detach: async () => {
      await driver.node.nodeUnpublishVolume({ volumeId: id, targetPath: target });
      await driver.node.nodeUnstageVolume({ volumeId: id, stagingTargetPath: staging });
      await driver.controller.controllerUnpublishVolume({ volumeId: id, nodeId: nodeID });
    },
  };
}

/** Everything that is mounted under a folder. */
export function mountsUnder(folder: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(`${folder}/`));
}

/** The files of all loop devices. */
export function loopFiles(): string[] {
  return Array.from({ length: 256 }, (_, index) => `/sys/block/loop${index}/loop/backing_file`)
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8').trimEnd());
}

/** The id of a new volume that is filled through the array. */
export async function blockVolume(driver: Driver, sizeBytes: number, seed: string): Promise<string> {
  const { volume } = await driver.controller.createVolume({
    name: `filled-${randomUUID()}`,
    capacityRange: { requiredBytes: BigInt(sizeBytes) },
    volumeCapabilities: [blockCapability()],
  });
  const lunId = volume?.volumeId ?? '';
  await driver.array.admin.fillPattern({ lunId, seed });
  return lunId;
}

/** The id of a new snapshot. */
export async function snapshotOf(driver: Driver, sourceVolumeId: string): Promise<string> {
  const { snapshot } = await driver.controller.createSnapshot({ name: `taken-${randomUUID()}`, sourceVolumeId });
  return snapshot?.snapshotId ?? '';
}

/** Publishes a block volume. */
export function publishRequest(
  volumeId: string,
  node = nodeID,
  mode = Mode.SINGLE_NODE_WRITER,
): { volumeId: string; nodeId: string; volumeCapability: ReturnType<typeof blockCapability> } {
  return { volumeId, nodeId: node, volumeCapability: blockCapability(mode) };
}
