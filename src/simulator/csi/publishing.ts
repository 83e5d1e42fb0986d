/**
 * Which node has which volume, as CSI asks for it.
 */
import type { Controller } from '../../proto/csi/v1/csi_pb.js';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import { publish } from '../operations/lun-administration.ts';
import { checkedText } from '../services/arguments.ts';
import { accepted, notFound } from '../services/rpc-failures.ts';
import { unpublishLun } from '../state/host.ts';
import { capabilityOf, isReaderOnly } from './capability.ts';
import type { ControllerParts } from './controller-parts.ts';
import { isVolume, volumeByID } from './messages.ts';
import { publishContext } from './publish-context.ts';
import { nameLimits } from './volumes.ts';

type Service = ServiceImplementation<typeof Controller>;
type PublishCalls = Pick<Service, 'controllerPublishVolume' | 'controllerUnpublishVolume'>;

const nodeLimits = { min: 1, max: 256 };

/** The handlers. */
export function publishCalls({ array, isNode }: ControllerParts): PublishCalls {
  const { committed } = array;
  return {
    controllerPublishVolume: async ({ volumeId, nodeId, volumeCapability, readonly }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const node = checkedText('node_id', nodeId, nodeLimits);
      const capability = capabilityOf(volumeCapability);
      const { id } = volumeByID(committed.state, volumeId);
      if (!isNode(node)) {
        throw notFound(`The array knows no node ${node}.`);
      }
      const isReadonly = readonly || isReaderOnly(capability);
      const publication = { accessMode: capability.accessMode, isReadonly };
      accepted(await publish(array, { lunID: id, node, publication }));
      return { publishContext: publishContext({ path: array.files.pathOf(id), isReadonly }) };
    },
    controllerUnpublishVolume: async ({ volumeId, nodeId }) => {
      checkedText('volume_id', volumeId, nameLimits);
      checkedText('node_id', nodeId, { ...nodeLimits, min: 0 });
      const lun = committed.state.luns.get(volumeId);
      // A volume is deleted only when no node has it: one that is gone is unpublished.
      if (lun !== undefined && isVolume(lun)) {
        for (const node of nodeId === '' ? lun.publishedNodes : [nodeId]) {
          accepted(await committed.update((state) => unpublishLun(state, lun.id, node)));
        }
      }
      return {};
    },
  };
}
