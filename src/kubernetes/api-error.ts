/** What can go wrong with a request to the API server: parsed once, here, into a closed set that a caller can decide on. */

/**
 * `Invalid`: refused as it stands, a repeat cannot help. `NotFound`: the object (or its namespace) is absent; a resource
 * that is not served at all is `Unavailable`. `Unavailable`: no answer, or none that says what happened: a write may have
 * been carried out.
 */
export type ApiErrorKind =
  | 'NotFound'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Invalid'
  | 'Forbidden'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'Gone'
  | 'Unavailable';

/** One failed request. `message` is at most 512 characters and never holds a body or a header. */
export type ApiError = {
  readonly kind: ApiErrorKind;
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  readonly message: string;
  /** The first machine-readable cause of the answer, such as `NamespaceTerminating`. */
  readonly causeReason?: string;
  /** How long the server asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
};

/** A request that failed; `error` says how, `request` names what was asked for, such as `patch lunresyncs/status shop/a`. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly error: ApiError;
  readonly request: string;

  constructor(request: string, error: ApiError, options?: ErrorOptions) {
    super(`${request}: ${error.kind}${error.code === 0 ? '' : ` (${error.code})`}: ${error.message}`, options);
    this.request = request;
    this.error = error;
  }
}

/** Whether `failure` is an ApiFailure of one of these kinds. */
export function failedWith(failure: unknown, ...kinds: readonly ApiErrorKind[]): failure is ApiFailure {
  return failure instanceof ApiFailure && kinds.includes(failure.error.kind);
}

/** What is used of an answer that is not a success. `body` is the text as received. */
export type FailedAnswer = { readonly code: number; readonly retryAfter: string | undefined; readonly body: string };

/** Turns an answer with a status of 300 or more into an ApiError. */
export function parseFailedAnswer(answer: FailedAnswer): ApiError {
  const status = parseStatus(answer.body);
  const retryAfterMs = parseRetryAfter(answer.retryAfter);
  return {
    ...describe(answer.code, status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Turns the Status object of a watch's ERROR event into an ApiError; anything else in its place is `Unavailable`. */
export function parseWatchError(object: unknown): ApiError {
  const status = statusOf(object);
  return describe(status?.code ?? 0, status);
}

/** The ApiError of a request that got no complete answer. */
export function noAnswer(reason: string): ApiError {
  return { kind: 'Unavailable', code: 0, message: bounded(reason) };
}

type Status = {
  readonly code: number | undefined;
  readonly reason: string;
  readonly message: string;
  readonly causeReason: string | undefined;
};

const MAX_MESSAGE = 512;
const MAX_CAUSE = 128;

function bounded(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
}

function describe(code: number, status: Status | undefined): ApiError {
  const message = status === undefined || status.message === '' ? `the server answered ${code}` : status.message;
  return {
    kind: kindOf(code, status),
    code,
    message: bounded(message),
    ...(status?.causeReason === undefined ? {} : { causeReason: status.causeReason }),
  };
}

const KIND_BY_CODE: Readonly<Record<number, ApiErrorKind>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Invalid',
  406: 'Invalid',
  409: 'Conflict',
  410: 'Gone',
  413: 'Invalid',
  415: 'Invalid',
  422: 'Invalid',
  429: 'TooManyRequests',
};

function kindOf(code: number, status: Status | undefined): ApiErrorKind {
  if (code === 409 && status?.reason === 'AlreadyExists') return 'AlreadyExists';
  // A 404 without a Status of its own comes from a server that does not know the resource (its CRD is not installed, or
  // not served yet). Taking it for "the object is gone" would make a controller forget objects that exist.
  if (code === 404) return status?.reason === 'NotFound' ? 'NotFound' : 'Unavailable';
  return KIND_BY_CODE[code] ?? 'Unavailable';
}

function parseStatus(body: string): Status | undefined {
  try {
    return statusOf(JSON.parse(body));
  } catch {
    // A proxy's or a load balancer's page: the status code has to do.
    return undefined;
  }
}

function statusOf(value: unknown): Status | undefined {
  if (!isRecord(value) || value['kind'] !== 'Status') return undefined;
  const details = isRecord(value['details']) ? value['details'] : {};
  const causes: readonly unknown[] = Array.isArray(details['causes']) ? details['causes'] : [];
  const cause = causes[0];
  return {
    code: typeof value['code'] === 'number' ? value['code'] : undefined,
    reason: text(value['reason']),
    message: text(value['message']),
    causeReason: isRecord(cause) ? text(cause['reason']).slice(0, MAX_CAUSE) || undefined : undefined,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The API server writes whole seconds; a date, which a proxy may write, is ignored and the caller's own back-off counts. */
function parseRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,5}$/.test(header)) return undefined;
  return Number(header) * 1000;
}
