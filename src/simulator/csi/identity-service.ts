/**
 * The service csi.v1.Identity.
 */
import {
  Identity,
  PluginCapability_Service_Type as Service,
  PluginCapability_VolumeExpansion_Type as VolumeExpansion,
} from '../../proto/csi/v1/csi_pb.js';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import { type CallRunner, guardedService } from './guarded.ts';

/** The name that StorageClasses call the driver by. */
export const driverName = 'sim.lunresync.io';

/** The service's handlers. A plugin on a node has no controller, and says so. */
export function identityService(
  plugin: { readonly hasController: boolean },
  calls: CallRunner,
): ServiceImplementation<typeof Identity> {
  return guardedService(calls, Identity, {
    getPluginInfo: async () => ({ name: driverName }),
    getPluginCapabilities: async () => ({
      capabilities: [
        ...(plugin.hasController
          ? [{ type: { case: 'service' as const, value: { type: Service.CONTROLLER_SERVICE } } }]
          : []),
        { type: { case: 'volumeExpansion', value: { type: VolumeExpansion.ONLINE } } },
      ],
    }),
    probe: async () => ({ ready: true }),
  });
}
