/**
 * The service pluginregistration.Registration, by which a kubelet gets to know the driver.
 */
import type { Registration } from '../../proto/pluginregistration/v1/registration_pb.js';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import { driverName } from './identity-service.ts';

/**
 * The service's handlers.
 *
 * @param endpoint path of the socket of CSI, which is the kubelet's path, too.
 */
export function registrationService(endpoint: string): ServiceImplementation<typeof Registration> {
  return {
    getInfo: async () => ({ type: 'CSIPlugin', name: driverName, endpoint, supportedVersions: ['1.0.0'] }),
    notifyRegistrationStatus: async ({ pluginRegistered, error }) => {
      if (!pluginRegistered) {
        process.stderr.write(`The kubelet did not register ${driverName} at ${endpoint}: ${error}\n`);
      }
      return {};
    },
  };
}
