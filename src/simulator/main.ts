#!/usr/bin/env node
/**
 * The simulated storage array as a process.
 */
import { ServerCredentials } from '@grpc/grpc-js';
import { ArrayAdmin } from '../proto/lunarray/admin/v1/admin_pb.js';
import { LunArray } from '../proto/lunarray/v1/lunarray_pb.js';
import { addService } from '../rpc/server.ts';
import { loggedCalls } from './csi/logged-calls.ts';
import { serveCsi } from './csi/serve.ts';
import { type ArrayOptions, type NodeOptions, parseOptions, usage } from './options.ts';
import { adminService } from './services/admin-service.ts';
import { CallGuard } from './services/call-guard.ts';
import { CallLog } from './services/call-log.ts';
import { ContractClaims } from './services/contract-claims.ts';
import { Listener } from './services/listener.ts';
import { lunArrayService, type ServiceParts } from './services/lun-array-service.ts';
import { openArray, type SimulatedArray } from './simulated-array.ts';
import { createPool } from './state/luns.ts';

function say(event: string, fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ event, time: new Date().toISOString(), ...fields })}\n`);
}

/** A node of its own: what it needs to know is in the kernel, so that it has nothing to open and nothing to lose. */
async function serveNode(options: NodeOptions): Promise<void> {
  const served = await serveCsi(options.csi, undefined, loggedCalls(new CallLog(options.callLog)));
  say('ready', { csi: served[0].address, nodeID: options.csi.nodeID });
  stopOnSignal(served, async () => 0);
}

async function serveArray(options: ArrayOptions): Promise<void> {
  const listeners: Listener[] = [];
  const array = await openArray(
    options.dataDirectory,
    {
      dropConnections: () => listeners.forEach((listener) => listener.dropConnections()),
      onLost: (error) => {
        process.stderr.write(`The store failed and the array stops: ${String(error)}\n`);
        process.exit(1);
      },
    },
    options.crashAt,
  );
  for (const pool of options.pools) {
    // The one that is there may have been made by hand, with another capacity.
    await array.parts.committed.update((state) => createPool(state, pool));
  }
  array.runner.setArrayRate(options.bytesPerSecond);
  const guard = new CallGuard(array.parts, new CallLog(options.callLog));
  const service = { parts: array.parts, runner: array.runner, guard, claims: new ContractClaims() };
  const addresses = await openListeners(options, service, listeners);
  if (options.csi !== undefined) {
    const served = await serveCsi(options.csi, array.parts, guard);
    listeners.push(...served);
    addresses['csi'] = served[0].address;
  }
  say('ready', {
    arrayID: array.parts.committed.state.arrayID,
    ...addresses,
    isReflinkAvailable: array.parts.isReflinkAvailable,
    interrupted: array.interrupted.map((operation) => operation.operationID),
  });
  stopOnSignal(listeners, array.close);
}

async function openListeners(
  options: ArrayOptions,
  service: ServiceParts,
  listeners: Listener[],
): Promise<Record<string, string>> {
  const addresses: Record<string, string> = {};
  for (const { name, address, credentials } of options.listeners) {
    const listener = await Listener.open(address, credentials, (server) => {
      addService(server, LunArray, lunArrayService(service));
    });
    listeners.push(listener);
    addresses[name] = listener.address;
  }
  const admin = await Listener.open(options.admin, ServerCredentials.createInsecure(), (server) => {
    addService(server, ArrayAdmin, adminService(service));
    // The command line needs only this one address.
    addService(server, LunArray, lunArrayService(service));
  });
  listeners.push(admin);
  return { ...addresses, admin: admin.address };
}

function stopOnSignal(listeners: readonly Listener[], close: SimulatedArray['close']): void {
  let isStopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (isStopping) {
      process.exit(1);
    }
    isStopping = true;
    await Promise.all(listeners.map((listener) => listener.close()));
    const running = await close();
    const message =
      running === 0 ? 'Nothing was running.' : `${running} operations will be INTERRUPTED at the next start.`;
    say('stopped', { signal, running, message });
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      stop(signal).catch((error: unknown) => {
        process.stderr.write(`Stopping failed: ${String(error)}\n`);
        process.exit(1);
      });
    });
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(usage);
  } else {
    await (options.kind === 'array' ? serveArray(options) : serveNode(options));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
