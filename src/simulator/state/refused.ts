/**
 * An expected failure of a call: a value that the services turn into a gRPC error.
 */

/** The names of lunarray.v1.Refusal without their prefix, in the order in which StartOperation looks. */
export type RefusalName =
  | 'STALE'
  | 'BUSY'
  | 'TARGET_PUBLISHED'
  | 'SOURCE_INCONSISTENT'
  | 'SOURCE_PUBLISHED'
  | 'SAME_LUN'
  | 'UNKNOWN_LUN'
  | 'IDENTIFIERS'
  | 'UNSELECTED_VOLUME'
  | 'DISK_SIGNATURE'
  | 'SAFETY_SNAPSHOT'
  | 'STORAGE';

/** The gRPC codes of refusals; each of them means that nothing happened. */
export type RefusalCode = 'FAILED_PRECONDITION' | 'ALREADY_EXISTS' | 'NOT_FOUND' | 'INVALID_ARGUMENT';

/** Nothing was changed, and why. */
export type Refused = {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** The HRESULT's name. */
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
  readonly refusal?: RefusalName;
  readonly lunID?: string;
};

/** A refusal with FAILED_PRECONDITION unless another code is given. */
export function refused(refusal: Omit<Refused, 'kind' | 'code'> & { readonly code?: RefusalCode }): Refused {
  return { code: 'FAILED_PRECONDITION', ...refusal, kind: 'refused' };
}

/** Whether a transition's result is a refusal. */
export function isRefused(result: unknown): result is Refused {
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'refused';
}

/** No LUN has that id. */
export function unknownLun(lunID: string): Refused {
  return refused({
    code: 'NOT_FOUND',
    reason: 'VSS_E_OBJECT_NOT_FOUND',
    message: `There is no LUN ${lunID}.`,
    remedy: 'List the LUNs and name one of them.',
    lunID,
  });
}
