/** The log: one JSON object per line on standard output, with a constant message and everything that varies in fields. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LOG_LEVELS } from './options.ts';

/** `destination` is standard output unless given. */
export type LogOptions = {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly version: string;
  readonly destination?: DestinationStream;
};

const MAX_CAUSES = 5;
const MAX_MESSAGE = 2_048;
const MAX_STACK = 4_096;
/** Never in a log, at the top of a line's fields or one level below. */
const SECRETS = ['authorization', 'Authorization', 'token', 'password', 'headers', 'ca', 'cert', 'key', 'tls'];

/** The logger of a process. Its children carry `resync`, `controller` and so on. Errors are given as `err`. */
export function createLogger(options: LogOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: 'lunresync', version: options.version },
    timestamp: (): string => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label: string): { level: string } => ({ level: label }) },
    serializers: { err: (error: unknown): unknown => serializeError(error) },
    redact: {
      paths: SECRETS.flatMap((name) => (name === 'key' ? [`*.${name}`] : [name, `*.${name}`])),
      censor: '[redacted]',
    },
  };
  // Synchronous, so that the last line before an exit is not lost.
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/** An error with its causes as plain fields, each cut to a few kilobytes; what is not an error becomes a message. */
export function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, MAX_MESSAGE) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message.slice(0, MAX_MESSAGE),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack.slice(0, MAX_STACK) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: serializeError(error.cause, depth + 1) }),
  };
}
