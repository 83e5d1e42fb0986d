/**
 * Refusals and bad arguments as gRPC errors.
 */
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../rpc/rpc-error.ts';
import { isRefused, type Refused } from '../state/refused.ts';

/** The error of a refusal. */
export function rpcErrorOf(refusal: Refused): RpcError {
  return new RpcError(status[refusal.code], refusal.message, {
    reason: refusal.reason,
    remedy: refusal.remedy,
    metadata: {
      ...(refusal.refusal === undefined ? {} : { refusal: refusal.refusal }),
      ...(refusal.lunID === undefined ? {} : { lun: refusal.lunID }),
    },
  });
}

/** The result of a transition, or its refusal thrown. */
export function accepted<T>(result: T): Exclude<T, Refused> {
  if (isRefused(result)) {
    throw rpcErrorOf(result);
  }
  return result as Exclude<T, Refused>;
}

/** The caller has made a mistake that no retry can mend. */
export function invalidArgument(message: string, remedy = 'Correct the request.'): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, message, { reason: 'E_INVALIDARG', remedy });
}

/** What was asked for is not there. */
export function notFound(message: string): RpcError {
  return new RpcError(status.NOT_FOUND, message, {
    reason: 'VSS_E_OBJECT_NOT_FOUND',
    remedy: 'Check the id.',
  });
}
