/** What the array's failures mean for a run, and whether another attempt can help. */
import { statusText } from '../api/size.ts';
import type { ArrayError, Run } from './array.ts';
import type { PastOperation } from './history.ts';
import { isErrorHresult } from './hresult.ts';
import type { Problem } from './problem.ts';
import { type ReasonName, reasonForHresult, reasonOf } from './reasons.ts';

/** One more of a count in the status, which has 32 bits and may have been written by anybody. */
export function oneMore(count: number | undefined): number {
  return Math.min((count ?? 0) + 1, 2 ** 31 - 1);
}

export type Failure = {
  readonly problem: Problem;
  /** The array's own code; absent when it gave none. */
  readonly hresult?: string;
  /** Whether another attempt can help. */
  readonly retry: boolean;
};

/** What an operation that ended without success says about the run. */
export function failureOf({ outcome, operationID, runs }: PastOperation): Failure {
  const mismatch = runs.find(hasMismatch);
  if (mismatch !== undefined) {
    const { sourceLunID } = mismatch;
    const message = `what the array read back after operation ${operationID} is not what LUN ${sourceLunID} holds`;
    return { problem: { reason: 'VerificationFailed', message }, retry: false };
  }
  if (outcome === 'Interrupted') {
    const message = `operation ${operationID} was interrupted by a restart of the array`;
    return { problem: { reason: 'BackoffLimitExceeded', message }, retry: true };
  }
  const error = runs.find((run) => run.error !== undefined)?.error;
  if (error === undefined || outcome === 'Cancelled') {
    const message = `operation ${operationID} was ended at the array as ${outcome.toUpperCase()}`;
    return { problem: { reason: 'BackoffLimitExceeded', message }, retry: true };
  }
  return failureOfError(error);
}

function hasMismatch({ sourceDigest, targetDigest }: Run): boolean {
  return sourceDigest !== '' && targetDigest !== '' && sourceDigest !== targetDigest;
}

/** The same for an error that the array gave, in a refusal or as an outcome. */
export function failureOfError(error: ArrayError): Failure {
  const reason = reasonForHresult(error.reason);
  const where = error.lunID === '' ? '' : `LUN ${error.lunID}: `;
  const message = statusText(`${where}${error.message} (${statusText(error.reason, 64)})`, 300);
  // VSS translates a code that is not on its list in the same way.
  const hresult = isErrorHresult(error.reason) ? error.reason : 'VSS_E_UNEXPECTED_PROVIDER_ERROR';
  return { problem: problemFor(reason, message, error.remedy), hresult, retry: reasonOf(reason).retry };
}

function problemFor(reason: ReasonName, message: string, remedy: string): Problem {
  if (remedy !== '') return { reason, message, remedy: statusText(remedy, 180) };
  if (reason === 'ArrayVeto')
    return { reason, message: `${message}; the array gave no remedy, which its contract demands of a veto` };
  // The row's remedy is about grants, which this array knows nothing of.
  if (reason === 'AccessDenied')
    return { reason, message, remedy: "Give the operator's client certificate the right to do this at the array" };
  return { reason, message };
}
