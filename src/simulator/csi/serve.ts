/**
 * Opens the socket of CSI with the services that this process has.
 */
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { Controller, Identity, Node } from '../../proto/csi/v1/csi_pb.js';
import { Registration } from '../../proto/pluginregistration/v1/registration_pb.js';
import { addService } from '../../rpc/server.ts';
import type { ArrayParts } from '../array-parts.ts';
import { Listener } from '../services/listener.ts';
import { controllerService } from './controller-service.ts';
import type { CallRunner } from './guarded.ts';
import { identityService } from './identity-service.ts';
import { nodeService } from './node/node-service.ts';
import type { CsiOptions } from './options.ts';
import { Pending } from './pending.ts';
import { registrationService } from './registration-service.ts';

/** Serves CSI, and what the kubelet is told of it. Without an array there is no controller. */
export async function serveCsi(
  options: CsiOptions,
  array: ArrayParts | undefined,
  calls: CallRunner,
): Promise<readonly [csi: Listener, ...others: Listener[]]> {
  const csi = await Listener.open(options.address, ServerCredentials.createInsecure(), (server: Server) => {
    addService(server, Identity, identityService({ hasController: options.services.controller }, calls));
    if (options.services.controller && array !== undefined) {
      const parts = { array, pending: new Pending(), isNode: options.isNode };
      addService(server, Controller, controllerService(parts, calls));
    }
    if (options.services.node) {
      addService(server, Node, nodeService(options.nodeID, calls));
    }
  });
  if (options.registration === undefined) {
    return [csi];
  }
  // Last: a kubelet that finds it calls the driver at once.
  const registration = await Listener.open(
    options.registration,
    ServerCredentials.createInsecure(),
    (server: Server) => {
      addService(server, Registration, registrationService(options.address.path));
    },
  );
  return [csi, registration];
}
