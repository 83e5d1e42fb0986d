/**
 * The calls of a process that is a node and no array: a line in the log for each, and no faults.
 */
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { CallSink } from '../services/call-guard.ts';
import type { CallRunner } from './guarded.ts';

/** Runs calls and writes a line for each. */
export function loggedCalls(log: CallSink): CallRunner {
  return {
    run: async (method, { owner, operationID }, call) => {
      const started = performance.now();
      const write = (code: string, reason: string): void => {
        const milliseconds = Math.round((performance.now() - started) * 1000) / 1000;
        log.write({ time: new Date().toISOString(), method, owner, operationID, code, reason, milliseconds });
      };
      try {
        const result = await call.work();
        write('OK', '');
        return result;
      } catch (error) {
        const known = error instanceof RpcError ? error : undefined;
        write(known === undefined ? 'INTERNAL' : (status[known.code] ?? 'UNKNOWN'), known?.reason ?? '');
        throw error;
      }
    },
  };
}
