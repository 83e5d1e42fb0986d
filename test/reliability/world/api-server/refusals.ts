/** The answers that are failures: a Status with a code, as the real server words it, read by the parser of the adapter. */
import { ApiFailure, parseFailedAnswer } from '../../../../src/kubernetes/api-error.ts';
import type { ApiRequest } from '../../../../src/kubernetes/http.ts';
import type { Problem } from './structural.ts';

type Reason = 'NotFound' | 'Conflict' | 'AlreadyExists' | 'Invalid' | 'BadRequest' | 'Expired' | 'Forbidden' | '';

/** Thrown where a request is carried out; the model makes the failure of it that names the request. */
export class Refusal extends Error {
  readonly status: object;
  readonly code: number;

  constructor(code: number, reason: Reason, message: string, causes: readonly Problem[] = []) {
    super(message);
    this.code = code;
    this.status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details: { causes } };
  }
}

export function notFound(what: string): Refusal {
  return new Refusal(404, 'NotFound', `${what} not found`);
}

export function conflict(message: string): Refusal {
  return new Refusal(409, 'Conflict', message);
}

export function badRequest(message: string): Refusal {
  return new Refusal(400, 'BadRequest', message);
}

/** Throws when there is a problem. */
export function refuseIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0)
    throw new Refusal(422, 'Invalid', problems.map(({ message }) => message).join('; '), problems);
}

/** The failure of a request; what is no refusal is a mistake of the model and comes through as it is. */
export function failureOf(request: ApiRequest, error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const body = JSON.stringify(error.status);
  return new ApiFailure(nameOf(request), parseFailedAnswer({ code: error.code, retryAfter: undefined, body }));
}

/** What the operator's log calls a request. */
export function nameOf({ verb, resource, subresource, object = '' }: ApiRequest): string {
  return [verb, subresource === undefined ? resource : `${resource}/${subresource}`, object].join(' ').trimEnd();
}
