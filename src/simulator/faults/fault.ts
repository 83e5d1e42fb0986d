/**
 * A fault to order, as the array works with it.
 */
import type { Step } from '../state/records.ts';

export type FaultAction =
  | 'FAIL'
  | 'HANG'
  | 'DROP_CONNECTION'
  | 'CRASH'
  | 'CORRUPT_CHUNK'
  | 'SUCCEED_WITHOUT_COPYING'
  | 'WRONG_DIGESTS'
  | 'STALL';

/** When and where a fault fires: around a call, or in the course of an operation. */
export type FaultPlace =
  | { readonly kind: 'call'; readonly method: string; readonly point: 'BEFORE' | 'AFTER' }
  | { readonly kind: 'step'; readonly step: Step; readonly atByte: number };

export type Fault = {
  readonly id: string;
  readonly action: FaultAction;
  readonly place: FaultPlace;
  /** Fires from the n-th match on; at least 1. */
  readonly nth: number;
  /** How often it fires; at least 1. */
  readonly count: number;
  /** Empty: any LUN. */
  readonly lunID: string;
  /** A gRPC status code. */
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
  readonly isDurable: boolean;
  readonly chunk: number;
};
