/**
 * The one error type of every call between the operator and an array, on both sides of the wire.
 */
import { status } from '@grpc/grpc-js';

/** The `ErrorInfo.domain` of every error of an array. */
export const errorDomain = 'lunarray';

/** What an RpcError says besides its message. */
export type RpcErrorDetails = {
  /** The HRESULT's name, for example `VSS_E_BAD_STATE`; empty when the peer gave none. */
  readonly reason?: string;
  /** One sentence telling the reader what to do. Travels as `metadata.remedy`. */
  readonly remedy?: string;
  /** Further fields of ErrorInfo: `refusal`, `lun`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

// After one of these nobody knows whether the call took effect: the answer may have been lost behind the commit.
const indefiniteCodes: ReadonlySet<status> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAVAILABLE,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.UNKNOWN,
  status.INTERNAL,
]);

/** A call that ended without an answer. A server handler throws it to refuse; a client call rejects with it. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: status;
  /** The HRESULT's name; empty when the peer gave none. */
  readonly reason: string;
  /** What to do; empty when the peer gave none. */
  readonly remedy: string;
  /** The fields of ErrorInfo, `remedy` among them when there is one. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(code: status, message: string, details: RpcErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason ?? '';
    this.remedy = details.remedy ?? details.metadata?.['remedy'] ?? '';
    this.metadata = { ...details.metadata, ...(this.remedy === '' ? {} : { remedy: this.remedy }) };
  }

  /**
   * Whether the call certainly had no effect.
   *
   * False for CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, UNKNOWN and INTERNAL: the call
   * may have happened. So does a code that gRPC does not have, which it takes for UNKNOWN.
   * Source: lunarray.proto, "Rules that hold for every call".
   */
  get isDefinite(): boolean {
    return status[this.code] !== undefined && !indefiniteCodes.has(this.code);
  }
}
