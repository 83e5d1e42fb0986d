/** The operator's options: one table from which the parser, the environment's names and the help text come. */
import { z } from 'zod';
import { formatDuration, parseDuration } from './duration.ts';

/** One option. `schema` reads the text of a flag or an environment variable; `fallback` is what counts without either. */
export type Option<T> = {
  readonly fallback: T;
  /** The default as the help shows it. */
  readonly shown: string;
  /** What stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
  readonly schema: z.ZodType<T>;
};

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Log levels, from the loudest. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** The options, by flag. A flag `--some-name` is read from `LUNRESYNC_SOME_NAME` when it is not given. */
export const OPTIONS = {
  kubeconfig: text(
    '',
    'path',
    'kubeconfig file; without it the service account of the Pod, KUBECONFIG or ~/.kube/config',
    z.string().max(4096),
  ),
  namespace: text('', 'name', 'watch LunResyncs of this namespace only', z.union([z.literal(''), name(DNS_LABEL)])),
  'operator-namespace': text(
    'lunresync-system',
    'name',
    "the operator's own namespace: its lease, and the arrays' TLS secrets",
    name(DNS_LABEL),
  ),
  'leader-elect': toggle(true, 'work only while holding the lease; off for a single process'),
  'lease-name': text('lunresync', 'name', 'name of the lease', name(DNS_SUBDOMAIN)),
  'lease-duration': duration(
    15_000,
    [2_000, 600_000],
    'how long others wait for a leader that renews the lease no more; whole seconds',
  ),
  'renew-deadline': duration(
    10_000,
    [1_000, 600_000],
    'how long the leader tries to renew before it gives up; shorter than --lease-duration',
  ),
  'retry-period': duration(
    2_000,
    [100, 300_000],
    'time between two tries to take or renew the lease; at most half of --renew-deadline',
  ),
  'health-address': text(
    '0.0.0.0:8080',
    'host:port',
    'where /livez, /readyz and /metrics are served; an empty value serves none, port 0 takes a free one',
    z.string().regex(/^$|^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port'),
  ),
  'progress-interval': duration(10_000, [200, 600_000], 'least time between two writes of progress to a status'),
  'reference-timeout': duration(
    300_000,
    [0, 86_400_000],
    'how long a missing claim, snapshot, array or grant is waited for',
  ),
  workers: number(8, [1, 64], 'LunResyncs worked on at once'),
  'poll-interval': duration(1_000, [100, 60_000], 'time between two looks at a running operation of an array'),
  'log-level': text('info', LOG_LEVELS.join('|'), 'least level that is logged', z.enum(LOG_LEVELS)),
} as const;

/** The name of an option's environment variable. */
export function environmentName(flag: string): string {
  return `LUNRESYNC_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** The help text: every option with its default, limits and variable. */
export function helpText(): string {
  const lines = Object.entries(OPTIONS).map(([flag, option]) => {
    const shown = option.shown === '' ? '' : ` (default ${option.shown})`;
    const left = option.placeholder === '' ? `--[no-]${flag}` : `--${flag} <${option.placeholder}>`;
    return `  ${left}\n      ${option.help}${shown} [${environmentName(flag)}]`;
  });
  return [
    'The LunResync operator: runs the LunResync objects of a cluster on its storage arrays.',
    '',
    'Usage: lunresync-operator [options]',
    '',
    ...lines,
    '  --version\n      print the version',
    '  --help\n      print this text',
    '',
    'Durations are whole numbers with ms, s, m or h. A flag outweighs its variable.',
    '',
  ].join('\n');
}

function text<T extends string>(fallback: T, placeholder: string, help: string, schema: z.ZodType<T>): Option<T> {
  return { fallback, shown: fallback, placeholder, help, schema };
}

function name(pattern: RegExp): z.ZodType<string> {
  return z.string().regex(pattern, 'must be a Kubernetes name');
}

function toggle(fallback: boolean, help: string): Option<boolean> {
  const schema = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] });
  return { fallback, shown: String(fallback), placeholder: '', help, schema };
}

function number(fallback: number, [min, max]: readonly [number, number], help: string): Option<number> {
  const schema = z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
  return { fallback, shown: String(fallback), placeholder: `${min}..${max}`, help, schema };
}

function duration(fallback: number, [min, max]: readonly [number, number], help: string): Option<number> {
  const limits = `${formatDuration(min)}..${formatDuration(max)}`;
  const schema = z.string().transform((value, context) => {
    const durationMs = parseDuration(value);
    if (durationMs !== undefined && durationMs >= min && durationMs <= max) return durationMs;
    context.addIssue({
      code: 'custom',
      message: `must be a duration such as ${formatDuration(fallback)}, in ${limits}`,
    });
    return z.NEVER;
  });
  return { fallback, shown: formatDuration(fallback), placeholder: limits, help, schema };
}
