/**
 * What happens around every call of LunArray and CSI: latency, faults, counters, log.
 */
import { status } from '@grpc/grpc-js';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { CallContext } from '../../rpc/service-types.ts';
import type { ArrayParts } from '../array-parts.ts';
import type { Fault } from '../faults/fault.ts';
import type { CallLogLine } from './call-log.ts';

/** What a call is about, for the log and for faults. */
export type CallSubject = { readonly owner: string; readonly operationID: string; readonly lunIDs: readonly string[] };

/** Takes a line for every call. */
export type CallSink = { readonly write: (line: CallLogLine) => void };

/** The guard of all calls of one array. */
export class CallGuard {
  readonly #parts: ArrayParts;
  readonly #log: CallSink;
  readonly #latencies = new Map<string, number>();

  constructor(parts: ArrayParts, log: CallSink) {
    this.#parts = parts;
    this.#log = log;
  }

  /** Delays calls of a method; the empty name means every method without a delay of its own. */
  setLatency(method: string, milliseconds: number): void {
    this.#latencies.set(method, milliseconds);
  }

  /** Runs a call with everything around it. */
  async run<T>(
    method: string,
    subject: CallSubject,
    call: { readonly context: CallContext; readonly work: () => Promise<T> | T },
  ): Promise<T> {
    const started = performance.now();
    this.#parts.journal.countCall(method);
    let isLogged = false;
    const finish = (code: string, error?: unknown): void => {
      if (!isLogged) {
        isLogged = true;
        this.#finish(method, subject, { started, code, error });
      }
    };
    try {
      await this.#delay(method, call.context.signal);
      await this.#fire({ method, point: 'BEFORE', lunIDs: subject.lunIDs }, call.context.signal, finish);
      const result = await call.work();
      await this.#fire({ method, point: 'AFTER', lunIDs: subject.lunIDs }, call.context.signal, finish);
      finish('OK');
      return result;
    } catch (error) {
      finish(error instanceof RpcError ? (status[error.code] ?? 'UNKNOWN') : 'INTERNAL', error);
      throw error;
    }
  }

  async #delay(method: string, signal: AbortSignal): Promise<void> {
    const milliseconds = this.#latencies.get(method) ?? this.#latencies.get('') ?? 0;
    if (milliseconds > 0) {
      await this.#parts.clock.wait(milliseconds, signal);
      signal.throwIfAborted();
    }
  }

  async #fire(
    at: { readonly method: string; readonly point: 'BEFORE' | 'AFTER'; readonly lunIDs: readonly string[] },
    signal: AbortSignal,
    finish: (code: string) => void,
  ): Promise<void> {
    const fault = await this.#parts.faults.fireCall(at);
    if (fault === undefined) {
      return;
    }
    switch (fault.action) {
      case 'CRASH':
        finish(`CRASHED_${at.point}`);
        this.#parts.crash();
        return untilAborted(signal);
      case 'DROP_CONNECTION':
        finish(`DROPPED_${at.point}`);
        this.#parts.dropConnections();
        return untilAborted(signal);
      case 'HANG':
      case 'STALL':
        finish(`HUNG_${at.point}`);
        return untilAborted(signal);
      default:
        throw failureOf(fault, at.method);
    }
  }

  #finish(
    method: string,
    subject: CallSubject,
    end: { readonly started: number; readonly code: string; readonly error: unknown },
  ): void {
    const reason = end.error instanceof RpcError ? end.error.reason : '';
    const milliseconds = Math.round((performance.now() - end.started) * 1000) / 1000;
    const { owner, operationID } = subject;
    const time = this.#parts.clock.now();
    this.#log.write({
      time: new Date(time).toISOString(),
      method,
      owner,
      operationID,
      code: end.code,
      reason,
      milliseconds,
    });
    const detail = end.error instanceof Error ? end.error.message : '';
    this.#parts.journal.add({ time, event: method, owner, operationID, code: end.code, milliseconds, detail });
  }
}

function failureOf(fault: Fault, method: string): RpcError {
  const isRefusal = method === 'StartOperation' && fault.code === status.FAILED_PRECONDITION;
  return new RpcError(fault.code, fault.message, {
    reason: fault.reason,
    remedy: fault.remedy,
    metadata: {
      ...(isRefusal ? { refusal: 'ARRAY' } : {}),
      ...(fault.lunID === '' ? {} : { lun: fault.lunID }),
    },
  });
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) {
      resolve();
    }
  });
  throw new RpcError(status.CANCELLED, 'The call was left without an answer, as ordered.');
}

/** What a request is about, whatever its type. */
export function subjectOf(request: object): CallSubject {
  const field = (name: string): unknown => (name in request ? Reflect.get(request, name) : undefined);
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 512) : '');
  const pairs = Array.isArray(field('pairs')) ? (field('pairs') as Record<string, unknown>[]) : [];
  const lists = [field('ids'), field('targetLunIds')].filter(Array.isArray) as unknown[][];
  const lunIDs = [
    ...pairs.flatMap((pair) => [pair['sourceLunId'], pair['targetLunId']]),
    ...lists.flat(),
    ...['lunId', 'volumeId', 'snapshotId', 'sourceVolumeId'].map(field),
  ];
  return {
    owner: text(field('owner') ?? field('ownerPrefix')),
    operationID: text(field('operationId')),
    lunIDs: lunIDs.filter((id) => typeof id === 'string'),
  };
}
