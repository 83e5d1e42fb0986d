/**
 * Faults as messages of the administration service, which is also how durable ones are stored.
 */
import { randomUUID } from 'node:crypto';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import {
  FaultAction as ActionNumber,
  type Fault as FaultMessage,
  FaultPoint,
  FaultSchema,
} from '../../proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../proto/lunarray/v1/lunarray_pb.js';
import { checkedEnum, checkedNumber, checkedText } from '../services/arguments.ts';
import { invalidArgument } from '../services/rpc-failures.ts';
import type { Fault, FaultAction, FaultPlace } from './fault.ts';
import { guardedMethods } from './methods.ts';

const callActions: Readonly<Record<string, true>> = { FAIL: true, HANG: true, DROP_CONNECTION: true, CRASH: true };
const contentActions: Readonly<Record<string, true>> = {
  CORRUPT_CHUNK: true,
  SUCCEED_WITHOUT_COPYING: true,
  WRONG_DIGESTS: true,
};

const actions = {
  FAIL: ActionNumber.FAIL,
  HANG: ActionNumber.HANG,
  DROP_CONNECTION: ActionNumber.DROP_CONNECTION,
  CRASH: ActionNumber.CRASH,
  CORRUPT_CHUNK: ActionNumber.CORRUPT_CHUNK,
  SUCCEED_WITHOUT_COPYING: ActionNumber.SUCCEED_WITHOUT_COPYING,
  WRONG_DIGESTS: ActionNumber.WRONG_DIGESTS,
  STALL: ActionNumber.STALL,
} satisfies Record<FaultAction, ActionNumber>;

const steps = {
  ACCEPTED: Step.ACCEPTED,
  SNAPSHOTTING: Step.SNAPSHOTTING,
  RESIZING: Step.RESIZING,
  COPYING: Step.COPYING,
  VERIFYING: Step.VERIFYING,
};

/** A checked fault with a new id. Throws INVALID_ARGUMENT for one that could never fire. */
export function faultOf(message: FaultMessage): Fault {
  const action = checkedEnum('action', message.action, actions);
  const reason = checkedText('reason', message.reason, { min: 0, max: 128 });
  return {
    id: message.id === '' ? randomUUID() : checkedText('id', message.id, { min: 1, max: 64 }),
    action,
    place: message.method === '' ? stepPlace(message, action) : callPlace(message, action),
    nth: Math.max(1, message.nth),
    count: Math.max(1, message.count),
    lunID: checkedText('lun_id', message.lunId, { min: 0, max: 128 }),
    code: checkedCode(message.code),
    reason: reason === '' ? 'VSS_E_PROVIDER_VETO' : reason,
    message:
      message.message === '' ? 'A fault was ordered.' : checkedText('message', message.message, { min: 1, max: 512 }),
    remedy: checkedText('remedy', message.remedy, { min: 0, max: 512 }),
    isDurable: message.durable,
    chunk: message.chunk,
  };
}

function callPlace(message: FaultMessage, action: FaultAction): FaultPlace {
  if (!guardedMethods.includes(message.method)) {
    throw invalidArgument(`method is ${message.method.slice(0, 64)}.`, `Use one of ${guardedMethods.join(', ')}.`);
  }
  if (callActions[action] === undefined) {
    throw invalidArgument(`${action} is a fault of an operation.`, 'Leave method empty.');
  }
  const points = { BEFORE: FaultPoint.BEFORE, AFTER: FaultPoint.AFTER };
  return {
    kind: 'call',
    method: message.method,
    point: checkedEnum('point', message.point || FaultPoint.BEFORE, points),
  };
}

function stepPlace(message: FaultMessage, action: FaultAction): FaultPlace {
  // Content faults belong to the copy; the step need not be named.
  const step = contentActions[action] === true ? 'COPYING' : checkedEnum('step', message.step, steps);
  return { kind: 'step', step, atByte: checkedNumber('at_byte', message.atByte) };
}

function checkedCode(code: number): number {
  const value = code === 0 ? status.FAILED_PRECONDITION : code;
  if (status[value] === undefined || value === status.OK) {
    throw invalidArgument(`code is ${code}.`, 'Use a gRPC status code other than OK.');
  }
  return value;
}

/** A fault as a message. */
export function faultMessage(fault: Fault): MessageInitShape<typeof FaultSchema> {
  const { place } = fault;
  return {
    id: fault.id,
    action: actions[fault.action],
    ...(place.kind === 'call'
      ? { method: place.method, point: FaultPoint[place.point] }
      : { step: steps[place.step], atByte: BigInt(place.atByte) }),
    nth: fault.nth,
    count: fault.count,
    lunId: fault.lunID,
    code: fault.code,
    reason: fault.reason,
    message: fault.message,
    remedy: fault.remedy,
    durable: fault.isDurable,
    chunk: fault.chunk,
  };
}

/** A fault as the store keeps it. */
export function encodeFault(fault: Fault): Uint8Array {
  return toBinary(FaultSchema, create(FaultSchema, faultMessage(fault)));
}

/** A fault that the store kept. */
export function decodeFault(record: Uint8Array): Fault {
  return faultOf(fromBinary(FaultSchema, record));
}
