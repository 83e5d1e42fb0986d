/**
 * The service csi.v1.Controller over the array's own LUNs: a volume's handle is its LUN's id.
 */
import { Controller, ControllerServiceCapability_RPC_Type as Type } from '../../proto/csi/v1/csi_pb.js';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import { freeBytes } from '../array-parts.ts';
import { checkedText } from '../services/arguments.ts';
import { capabilitiesOf } from './capability.ts';
import { maxVolumeBytes, minVolumeBytes } from './capacity.ts';
import type { ControllerParts } from './controller-parts.ts';
import { type CallRunner, guardedService } from './guarded.ts';
import { isVolume, volumeByID, volumeMessage } from './messages.ts';
import { csiPage } from './paging.ts';
import { poolOf } from './parameters.ts';
import { publishCalls } from './publishing.ts';
import { snapshotCalls } from './snapshots.ts';
import { nameLimits, volumeCalls } from './volumes.ts';

type Service = ServiceImplementation<typeof Controller>;

const capabilities = [
  Type.CREATE_DELETE_VOLUME,
  Type.PUBLISH_UNPUBLISH_VOLUME,
  Type.LIST_VOLUMES,
  Type.GET_CAPACITY,
  Type.CREATE_DELETE_SNAPSHOT,
  Type.LIST_SNAPSHOTS,
  Type.CLONE_VOLUME,
  Type.PUBLISH_READONLY,
  Type.EXPAND_VOLUME,
  Type.LIST_VOLUMES_PUBLISHED_NODES,
  Type.GET_VOLUME,
  Type.SINGLE_NODE_MULTI_WRITER,
  Type.GET_SNAPSHOT,
];

/** The service's handlers. */
export function controllerService(parts: ControllerParts, calls: CallRunner): Service {
  return guardedService(calls, Controller, {
    controllerGetCapabilities: async () => ({
      capabilities: capabilities.map((type) => ({ type: { case: 'rpc', value: { type } } })),
    }),
    ...volumeCalls(parts),
    ...publishCalls(parts),
    ...snapshotCalls(parts),
    ...questions(parts),
  });
}

type Questions = Pick<Service, 'listVolumes' | 'controllerGetVolume' | 'validateVolumeCapabilities' | 'getCapacity'>;

function questions({ array }: ControllerParts): Questions {
  const { committed } = array;
  return {
    listVolumes: async (request) => {
      const { page, nextToken } = csiPage([...committed.state.luns.values()].filter(isVolume), request);
      const entries = page.map((lun) => ({
        volume: volumeMessage(lun),
        status: { publishedNodeIds: [...lun.publishedNodes] },
      }));
      return { entries, nextToken };
    },
    controllerGetVolume: async ({ volumeId }) => {
      const lun = volumeByID(committed.state, checkedText('volume_id', volumeId, nameLimits));
      return { volume: volumeMessage(lun), status: { publishedNodeIds: [...lun.publishedNodes] } };
    },
    validateVolumeCapabilities: async ({ volumeId, volumeContext, volumeCapabilities, parameters }) => {
      checkedText('volume_id', volumeId, nameLimits);
      if (volumeCapabilities.length === 0) {
        capabilitiesOf(volumeCapabilities);
      }
      const lun = volumeByID(committed.state, volumeId);
      const foreign = Object.keys(volumeContext)[0];
      const message =
        firstFault([
          () => capabilitiesOf(volumeCapabilities),
          () => (Object.keys(parameters).length === 0 ? undefined : poolOf(committed.state, parameters)),
        ]) ??
        (foreign === undefined
          ? undefined
          : `volume_context has ${foreign.slice(0, 128)}, and this volume has none.`) ??
        (parameters['pool'] === undefined || parameters['pool'] === lun.pool ? undefined : `Its pool is ${lun.pool}.`);
      return message === undefined ? { confirmed: { volumeContext, volumeCapabilities, parameters } } : { message };
    },
    getCapacity: async ({ volumeCapabilities, parameters }) => {
      if (volumeCapabilities.length > 0) {
        capabilitiesOf(volumeCapabilities);
      }
      const pool = poolOf(committed.state, parameters);
      const free = Math.max(0, freeBytes(array, pool.name));
      return {
        availableCapacity: BigInt(free),
        maximumVolumeSize: BigInt(Math.min(free, maxVolumeBytes)),
        minimumVolumeSize: BigInt(minVolumeBytes),
      };
    },
  };
}

/** The message of the first check that throws a refusal, or undefined. */
function firstFault(checks: readonly (() => unknown)[]): string | undefined {
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (error instanceof RpcError) {
        return error.message;
      }
      throw error;
    }
  }
  return undefined;
}
