/**
 * The service lunarray.admin.v1.ArrayAdmin: everything that a real array would have a management interface for, and
 * the faults that it would not have.
 */

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type ArrayAdmin, FaultSchema } from '../../proto/lunarray/admin/v1/admin_pb.js';
import type { CallContext, ServiceImplementation } from '../../rpc/service-types.ts';
import { faultMessage, faultOf } from '../faults/fault-message.ts';
import { guardedMethods } from '../faults/methods.ts';
import { hostCalls } from './admin-host-calls.ts';
import { lunCalls } from './admin-lun-calls.ts';
import { checkedList, checkedNumber } from './arguments.ts';
import type { ServiceParts } from './lun-array-service.ts';
import { invalidArgument } from './rpc-failures.ts';

type Service = ServiceImplementation<typeof ArrayAdmin>;

/** The service's handlers. */
export function adminService(service: ServiceParts): Service {
  return {
    ...lunCalls(service.parts),
    ...hostCalls(service.parts),
    ...faultCalls(service),
    ...observationCalls(service),
  };
}

type FaultCalls = Pick<
  Service,
  'setFault' | 'listFaults' | 'clearFaults' | 'setBandwidth' | 'setLatency' | 'setContract'
>;

function faultCalls({ parts, runner, guard, claims }: ServiceParts): FaultCalls {
  return {
    setFault: async (request) => {
      checkedList('faults', parts.faults.list(), { min: 0, max: 1000 });
      const fault = faultOf(request.fault ?? create(FaultSchema));
      await parts.faults.order(fault);
      return { id: fault.id };
    },
    listFaults: async () => ({ faults: parts.faults.list().map(faultMessage) }),
    clearFaults: async ({ id }) => ({ cleared: await parts.faults.clear(id) }),
    setBandwidth: async ({ bytesPerSecond }) => {
      runner.setArrayRate(checkedNumber('bytes_per_second', bytesPerSecond));
      return {};
    },
    setLatency: async ({ method, milliseconds }) => {
      if (method !== '' && !guardedMethods.includes(method)) {
        throw invalidArgument(`method is ${method.slice(0, 64)}.`, 'Name a method of LunArray or CSI, or none.');
      }
      guard.setLatency(method, Math.min(milliseconds, 600_000));
      return {};
    },
    setContract: async ({ capabilities, contractVersion }) => {
      claims.set(capabilities, contractVersion);
      return {};
    },
  };
}

type ObservationCalls = Pick<Service, 'journal' | 'counters'>;

function observationCalls({ parts }: ServiceParts): ObservationCalls {
  const { journal } = parts;
  return {
    journal: async ({ limit }, _context: CallContext) => ({
      entries: journal.newest(limit === 0 ? 1000 : Math.min(limit, 10_000)).map((entry) => ({
        time: timestampFromMs(entry.time),
        event: entry.event,
        owner: entry.owner,
        operationId: entry.operationID,
        code: entry.code,
        milliseconds: entry.milliseconds,
        detail: entry.detail.slice(0, 512),
      })),
    }),
    counters: async () => ({
      arrayCopyBytes: BigInt(journal.arrayCopyBytes),
      hostReadBytes: BigInt(journal.hostReadBytes),
      hostWriteBytes: BigInt(journal.hostWriteBytes),
      callsByMethod: Object.fromEntries([...journal.callsByMethod].map(([name, calls]) => [name, BigInt(calls)])),
    }),
  };
}
