/** What may happen to a request between an operator and the API server. */
import type { Fault, SeenRequest } from './api-proxy.ts';

const REASONS: Readonly<Record<number, string>> = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Answered with that code and not passed on. */
export function answered(code: number, headers: Readonly<Record<string, string>> = {}): Fault {
  const reason = REASONS[code] ?? 'Unknown';
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `the proxy says ${code}` };
  return ({ answer }) => answer(code, body, headers);
}

/** The connection breaks before the API server has heard of it. */
export const requestLost: Fault = ({ cut }) => cut();

/** The API server has done it; the connection breaks instead of the answer. */
export const answerLost: Fault = async ({ apply, cut }) => {
  await apply();
  cut();
};

/** The API server has done it, and something on the way says 504. */
export const gatewayTimeout: Fault = async ({ apply, answer }) => {
  await apply();
  answer(504, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 504, reason: 'Timeout', message: 'late' });
};

/** Taken, and never answered. */
export const halfOpen: Fault = () => undefined;

/** The API server has done it at once; its answer comes after the promise. */
export function answerLate(until: Promise<unknown>): Fault {
  return ({ pass }) => pass(until);
}

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Requests about one LunResync: its own, of the object or its status, without lists. */
export function about(name: string): (request: SeenRequest) => boolean {
  const pattern = new RegExp(`/lunresyncs/${name}(/status)?$`);
  return ({ path }) => pattern.test(path);
}

/** Writes to one LunResync, and of its Events. */
export function writesAbout(name: string): (request: SeenRequest) => boolean {
  const isAbout = about(name);
  const isEvent = ({ path, body }: SeenRequest): boolean =>
    path.includes('/events') && (JSON.parse(body) as { regarding?: { name?: string } }).regarding?.name === name;
  return (request) => WRITES.includes(request.method) && (isAbout(request) || isEvent(request));
}

/** Writes of an object's status that set this field. */
export function statusWrite(name: string, field: string): (request: SeenRequest) => boolean {
  const isAbout = about(name);
  return (request) => request.method === 'PATCH' && isAbout(request) && request.body.includes(`"/status/${field}"`);
}
