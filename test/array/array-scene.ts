/**
 * What most tests of the array begin with: a pool, LUNs with content, a snapshot, a request for an operation.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FaultAction, type FaultSchema } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import {
  type Lun,
  type Operation,
  OperationKind,
  Outcome,
  type Run,
  type StartOperationRequestSchema,
  Step,
} from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { type ArrayOptions, type ArrayProcess, startArray } from '../support/array.ts';

export const mib = 1024 * 1024;
export const owner = 'cluster/shop/restore-orders/uid-1';
const endTimeoutMs = 30_000;

type StartRequest = MessageInitShape<typeof StartOperationRequestSchema>;

/** An array with one roomy pool. */
export async function startScene(options: ArrayOptions = {}): Promise<ArrayProcess> {
  const array = await startArray(options);
  await array.admin.createPool({ name: 'pool', capacityBytes: BigInt(4096 * mib) });
  return array;
}

/** A LUN whose given ranges (all of it by default) are filled. */
export async function makeLun(
  array: ArrayProcess,
  lun: { id: string; size: number; seed?: string; ranges?: readonly (readonly [number, number])[]; pool?: string },
): Promise<Lun> {
  const { id, size, seed = id, ranges = [[0, size]], pool = 'pool' } = lun;
  await array.admin.createLun({ id, pool, sizeBytes: BigInt(size) });
  for (const [offset, length] of ranges) {
    await array.admin.fillPattern({ lunId: id, offset: BigInt(offset), length: BigInt(length), seed });
  }
  return lunOf(array, id);
}

/** A snapshot with an id of its own. */
export async function snapshot(array: ArrayProcess, lunID: string, id: string): Promise<void> {
  await array.admin.snapshot({ lunId: lunID, id });
}

/** The LUN as it is now, with the runs of `owner`. */
export async function lunOf(array: ArrayProcess, id: string, runOwner = owner): Promise<Lun> {
  const { luns } = await array.client.getLuns({ ids: [id], owners: [runOwner] });
  return present(luns[0], `LUN ${id}`);
}

/** What became of the owner's newest operation on a LUN. */
export async function runOf(array: ArrayProcess, id: string, runOwner = owner): Promise<Run> {
  return present((await lunOf(array, id, runOwner)).runs[0], `a run of ${runOwner} on ${id}`);
}

/** A request with the generations that the targets have now. */
export async function request(
  array: ArrayProcess,
  pairs: readonly (readonly [source: string, target: string])[],
  change: StartRequest = {},
): Promise<StartRequest> {
  const targets = await Promise.all(pairs.map(([, target]) => lunOf(array, target)));
  return {
    arrayId: array.arrayID,
    operationId: 'uid-1.1',
    owner,
    kind: OperationKind.RESYNC,
    pairs: pairs.map(([sourceLunId, targetLunId], index) => ({
      sourceLunId,
      targetLunId,
      ifTargetGeneration: targets[index]?.generation ?? 0n,
    })),
    ...change,
  };
}

/** Starts an operation and waits until it has ended. */
export async function run(
  array: ArrayProcess,
  pairs: readonly (readonly [source: string, target: string])[],
  change: StartRequest = {},
): Promise<Operation> {
  const start = await request(array, pairs, change);
  await array.client.startOperation(start);
  return untilEnded(array, start.operationId ?? '');
}

/** Starts an operation that changes blocks of its target and then stands still until its fault is cleared. */
export async function startStalled(
  array: ArrayProcess,
  pair: readonly [source: string, target: string],
  operationId: string,
): Promise<void> {
  await order(array, { action: FaultAction.STALL, step: Step.COPYING, atByte: BigInt(mib) });
  await array.client.startOperation(await request(array, [pair], { operationId }));
  await untilOperation(array, operationId, ({ pairs }) => (pairs[0]?.copiedBytes ?? 0n) >= BigInt(mib));
}

/** The operation once it has ended. */
export async function untilEnded(array: ArrayProcess, operationID: string): Promise<Operation> {
  return untilOperation(array, operationID, ({ outcome }) => outcome !== Outcome.RUNNING);
}

/** The operation once it is as described. */
export async function untilOperation(
  array: ArrayProcess,
  operationID: string,
  isThere: (operation: Operation) => boolean,
): Promise<Operation> {
  const deadline = Date.now() + endTimeoutMs;
  for (;;) {
    const { operation } = await array.client.getOperation({ operationId: operationID });
    const current = present(operation, `operation ${operationID}`);
    if (isThere(current)) {
      return current;
    }
    if (Date.now() > deadline) {
      throw new Error(`Operation ${operationID} is still ${JSON.stringify(current, withoutBigInt)}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Orders a fault. */
export async function order(array: ArrayProcess, fault: MessageInitShape<typeof FaultSchema>): Promise<string> {
  return (await array.admin.setFault({ fault })).id;
}

/** The digest of a LUN's first bytes, read by the array's administration and not by the operation. */
export async function digest(array: ArrayProcess, lunId: string, length = 0): Promise<string> {
  return (await array.admin.digest({ lunId, length: BigInt(length) })).digest;
}

/** Bytes of a LUN. */
export async function read(array: ArrayProcess, lunId: string, offset: number, length: number): Promise<Uint8Array> {
  return (await array.admin.readRange({ lunId, offset: BigInt(offset), length })).data;
}

/** The error of a call that must fail. */
export async function refusalOf(call: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RpcError) {
    return error;
  }
  throw new Error(`Expected a refusal and got ${String(error)}.`);
}

/** The first target's record in an operation. */
export function pairOf(operation: Operation, index = 0): Operation['pairs'][number] {
  return present(operation.pairs[index], `pair ${index}`);
}

export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new Error(`${what} is missing.`);
  }
  return value;
}

function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
