/**
 * CSI's snapshots: taken once a name, listed, deleted. Safety snapshots of LunResyncs are not among them.
 */
import { status } from '@grpc/grpc-js';
import type { Controller } from '../../proto/csi/v1/csi_pb.js';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import { removeLun, takeSnapshot } from '../operations/lun-administration.ts';
import { checkedText } from '../services/arguments.ts';
import { accepted } from '../services/rpc-failures.ts';
import { ownerName } from '../state/owner.ts';
import type { LunRecord } from '../state/records.ts';
import type { ControllerParts } from './controller-parts.ts';
import { isSnapshot, snapshotByID, snapshotMessage, volumeByID } from './messages.ts';
import { csiPage } from './paging.ts';
import { checkNames } from './parameters.ts';
import { nameLimits } from './volumes.ts';

type Service = ServiceImplementation<typeof Controller>;
type SnapshotCalls = Pick<Service, 'createSnapshot' | 'deleteSnapshot' | 'listSnapshots' | 'getSnapshot'>;

/** The handlers. */
export function snapshotCalls(parts: ControllerParts): SnapshotCalls {
  const { array } = parts;
  return {
    createSnapshot: async ({ name, sourceVolumeId, parameters }) => {
      checkedText('name', name, nameLimits);
      checkedText('source_volume_id', sourceVolumeId, nameLimits);
      checkNames(parameters, []);
      using _pending = parts.pending.take('snapshot', name);
      return { snapshot: snapshotMessage(await createSnapshot(parts, name, sourceVolumeId)) };
    },
    deleteSnapshot: async ({ snapshotId }) => {
      checkedText('snapshot_id', snapshotId, nameLimits);
      const lun = array.committed.state.luns.get(snapshotId);
      if (lun !== undefined && lun.safetyOwner !== '' && !lun.isHidden) {
        throw safetySnapshot(lun);
      }
      if (lun !== undefined && isSnapshot(lun)) {
        accepted(await removeLun(array, snapshotId));
      }
      return {};
    },
    getSnapshot: async ({ snapshotId }) => {
      checkedText('snapshot_id', snapshotId, nameLimits);
      return { snapshot: snapshotMessage(snapshotByID(array.committed.state, snapshotId)) };
    },
    listSnapshots: async (request) => {
      const { snapshotId, sourceVolumeId } = request;
      const matching = [...array.committed.state.luns.values()].filter(
        (lun) =>
          isSnapshot(lun) &&
          (snapshotId === '' || lun.id === snapshotId) &&
          (sourceVolumeId === '' || lun.parentLunID === sourceVolumeId),
      );
      const { page, nextToken } = csiPage(matching, request);
      return { entries: page.map((lun) => ({ snapshot: snapshotMessage(lun) })), nextToken };
    },
  };
}

async function createSnapshot({ array }: ControllerParts, name: string, sourceVolumeID: string): Promise<LunRecord> {
  const { state } = array.committed;
  const known = [...state.luns.values()].find((lun) => isSnapshot(lun) && lun.csi?.name === name);
  if (known === undefined) {
    const { id } = volumeByID(state, sourceVolumeID);
    return accepted(await takeSnapshot(array, { lunID: id, id: '', csi: { name, contentSource: null } }));
  }
  if (known.parentLunID === sourceVolumeID) {
    return known;
  }
  throw new RpcError(
    status.ALREADY_EXISTS,
    `Snapshot ${name} exists as ${known.id}, taken of ${known.parentLunID} and not of ${sourceVolumeID}.`,
    { reason: 'VSS_E_OBJECT_ALREADY_EXISTS', remedy: 'Choose another name.' },
  );
}

function safetySnapshot(lun: LunRecord): RpcError {
  return new RpcError(
    status.FAILED_PRECONDITION,
    `Snapshot ${lun.id} is the safety snapshot of ${ownerName(lun.safetyOwner)}.`,
    { reason: 'VSS_E_BAD_STATE', remedy: 'It goes with its LunResync.' },
  );
}
