/**
 * The service csi.v1.Node: LUNs of the array as block devices and file systems of this machine.
 */
import { statfs } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Node,
  type NodeGetVolumeStatsResponseSchema,
  NodeServiceCapability_RPC_Type as Type,
  VolumeUsage_Unit as Unit,
} from '../../../proto/csi/v1/csi_pb.js';
import type { ServiceImplementation } from '../../../rpc/service-types.ts';
import { LunGates } from '../../operations/lun-gates.ts';
import { checkedText } from '../../services/arguments.ts';
import { invalidArgument, notFound } from '../../services/rpc-failures.ts';
import { capabilityOf } from '../capability.ts';
import { outOfRange, sizeRange } from '../capacity.ts';
import { type CallRunner, guardedService } from '../guarded.ts';
import { publishContextOf } from '../publish-context.ts';
import { nameLimits } from '../volumes.ts';
import { growMounted } from './growth.ts';
import { type Loop, loopBehind, refreshSize } from './loops.ts';
import { kernelPath, type Mount, mountAt } from './mounts.ts';
import { stageVolume, unstageVolume } from './staging.ts';
import { publishTarget, unpublishTarget } from './targets.ts';

type Service = ServiceImplementation<typeof Node>;

const pathLimits = { min: 1, max: 4096 };
const capabilities = [
  Type.STAGE_UNSTAGE_VOLUME,
  Type.GET_VOLUME_STATS,
  Type.EXPAND_VOLUME,
  Type.SINGLE_NODE_MULTI_WRITER,
];

/** The service's handlers. Calls for one volume take turns. */
export function nodeService(nodeID: string, calls: CallRunner): Service {
  const gates = new LunGates();
  return guardedService(calls, Node, {
    nodeGetInfo: async () => ({ nodeId: nodeID }),
    nodeGetCapabilities: async () => ({
      capabilities: capabilities.map((type) => ({ type: { case: 'rpc', value: { type } } })),
    }),
    ...stagingCalls(gates),
    ...publishingCalls(gates),
    ...volumeCalls(gates),
  });
}

function stagingCalls(gates: LunGates): Pick<Service, 'nodeStageVolume' | 'nodeUnstageVolume'> {
  return {
    nodeStageVolume: async ({ volumeId, stagingTargetPath, volumeCapability, publishContext }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const staging = await checkedPath('staging_target_path', stagingTargetPath);
      const capability = capabilityOf(volumeCapability);
      const context = publishContextOf(publishContext);
      using _held = await gates.hold([volumeId]);
      await stageVolume({ staging, capability, context });
      return {};
    },
    nodeUnstageVolume: async ({ volumeId, stagingTargetPath }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const staging = await checkedPath('staging_target_path', stagingTargetPath);
      using _held = await gates.hold([volumeId]);
      await unstageVolume(staging);
      return {};
    },
  };
}

function publishingCalls(gates: LunGates): Pick<Service, 'nodePublishVolume' | 'nodeUnpublishVolume'> {
  return {
    nodePublishVolume: async ({ volumeId, stagingTargetPath, targetPath, volumeCapability, readonly }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const target = await checkedPath('target_path', targetPath);
      const capability = capabilityOf(volumeCapability);
      const staging = await checkedPath('staging_target_path', stagingTargetPath);
      using _held = await gates.hold([volumeId]);
      await publishTarget({ staging, target, capability, isReadonly: readonly });
      return {};
    },
    nodeUnpublishVolume: async ({ volumeId, targetPath }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const target = await checkedPath('target_path', targetPath);
      using _held = await gates.hold([volumeId]);
      await unpublishTarget(target);
      return {};
    },
  };
}

function volumeCalls(gates: LunGates): Pick<Service, 'nodeGetVolumeStats' | 'nodeExpandVolume'> {
  return {
    nodeGetVolumeStats: async ({ volumeId, volumePath }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const { loop, mount } = await volumeAt(checkedText('volume_path', volumePath, pathLimits));
      return usage(loop, mount);
    },
    nodeExpandVolume: async ({ volumeId, volumePath, capacityRange }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const path = checkedText('volume_path', volumePath, pathLimits);
      const { requiredBytes } = sizeRange(capacityRange);
      using _held = await gates.hold([volumeId]);
      const { loop, mount } = await volumeAt(path);
      await refreshSize(loop);
      const grown = (await volumeAt(path)).loop;
      if (grown.sizeBytes < requiredBytes) {
        throw outOfRange(`Volume ${volumeId} has ${grown.sizeBytes} bytes.`, 'Expand it at the controller first.');
      }
      if (mount.device === loop.device && !mount.options.includes('ro')) {
        await growMounted(grown, mount.fileSystem, mount.path);
      }
      return { capacityBytes: BigInt(grown.sizeBytes) };
    },
  };
}

/** What is mounted at a path, and the loop device behind it. Throws NOT_FOUND. */
async function volumeAt(path: string): Promise<{ readonly loop: Loop; readonly mount: Mount }> {
  const mount = isAbsolute(path) ? await mountAt(await kernelPath(path)) : undefined;
  const loop = mount === undefined ? undefined : await loopBehind(mount);
  if (mount === undefined || loop === undefined) {
    throw notFound(`No volume is mounted at ${path.slice(0, 256)}.`);
  }
  return { loop, mount };
}

async function usage(loop: Loop, mount: Mount): Promise<MessageInitShape<typeof NodeGetVolumeStatsResponseSchema>> {
  if (mount.device !== loop.device) {
    return { usage: [{ unit: Unit.BYTES, total: BigInt(loop.sizeBytes) }] };
  }
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(mount.path, { bigint: true });
  return {
    usage: [
      { unit: Unit.BYTES, total: blocks * bsize, available: bavail * bsize, used: (blocks - bfree) * bsize },
      { unit: Unit.INODES, total: files, available: ffree, used: files - ffree },
    ],
  };
}

async function checkedPath(name: string, path: string): Promise<string> {
  checkedText(name, path, pathLimits);
  if (!isAbsolute(path) || path.includes('\0')) {
    throw invalidArgument(`${name} is ${JSON.stringify(path.slice(0, 256))}.`, 'Use an absolute path.');
  }
  return kernelPath(path);
}
