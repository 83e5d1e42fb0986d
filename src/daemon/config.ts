/** The operator's configuration: the only reader of the command line and the environment, checked once, at the start. */
import { parseArgs } from 'node:util';
import { formatDuration } from './duration.ts';
import { environmentName, helpText, type LOG_LEVELS, OPTIONS, type Option } from './options.ts';

/** The whole configuration. Durations are in milliseconds. */
export type Config = {
  /** Undefined: found by `loadKubeConfig`. */
  readonly kubeconfig: string | undefined;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
  readonly leaderElect: boolean;
  readonly leaseName: string;
  /** How long others wait, how long the leader tries, and the time between two tries. */
  readonly leaseTiming: LeaseTiming;
  /** Undefined: nothing is served. */
  readonly healthAddress: ListenAddress | undefined;
  readonly progressIntervalMs: number;
  readonly referenceTimeoutMs: number;
  readonly workers: number;
  readonly pollIntervalMs: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
};

type LeaseTiming = {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
};

/** Where to listen; port 0 means any free one. */
export type ListenAddress = { readonly host: string; readonly port: number };

/** What the command line asks for: run, print something and exit with 0, or an error to print before exiting with 2. */
export type CommandLine =
  | { readonly kind: 'Run'; readonly config: Config }
  | { readonly kind: 'Print'; readonly text: string }
  | { readonly kind: 'Invalid'; readonly message: string };

/** What `parseCommandLine` reads: the arguments without the program's own name, the environment, the program's version. */
export type CommandLineInput = {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
};

type Given = Readonly<Record<string, string | boolean | undefined>>;

/** Reads flags, then environment variables for those not given, then defaults; every mistake is in the message. */
export function parseCommandLine(input: CommandLineInput): CommandLine {
  let given: Given;
  try {
    given = parseFlags(input.args);
  } catch (error) {
    return { kind: 'Invalid', message: `${error instanceof Error ? error.message : String(error)} (see --help)` };
  }
  if (given['help'] === true) return { kind: 'Print', text: helpText() };
  if (given['version'] === true) return { kind: 'Print', text: `${input.version}\n` };
  const problems: string[] = [];
  const config = readConfig(new Source(given, input.env, problems));
  problems.push(...leaseProblems(config.leaseTiming));
  if (problems.length > 0) return { kind: 'Invalid', message: `${problems.join('\n')}\n(see --help)` };
  return { kind: 'Run', config };
}

function parseFlags(args: readonly string[]): Given {
  const flags = Object.entries(OPTIONS).map(([flag, { placeholder }]) => {
    return [flag, { type: placeholder === '' ? ('boolean' as const) : ('string' as const) }] as const;
  });
  const options = {
    ...Object.fromEntries(flags),
    help: { type: 'boolean' as const, short: 'h' },
    version: { type: 'boolean' as const },
  };
  return parseArgs({ args: [...args], options, strict: true, allowNegative: true, allowPositionals: false })
    .values as Given;
}

function readConfig(source: Source): Config {
  return {
    kubeconfig: source.read('kubeconfig', OPTIONS.kubeconfig) || undefined,
    namespace: source.read('namespace', OPTIONS.namespace) || undefined,
    operatorNamespace: source.read('operator-namespace', OPTIONS['operator-namespace']),
    leaderElect: source.read('leader-elect', OPTIONS['leader-elect']),
    leaseName: source.read('lease-name', OPTIONS['lease-name']),
    leaseTiming: {
      leaseDurationMs: source.read('lease-duration', OPTIONS['lease-duration']),
      renewDeadlineMs: source.read('renew-deadline', OPTIONS['renew-deadline']),
      retryPeriodMs: source.read('retry-period', OPTIONS['retry-period']),
    },
    healthAddress: parseAddress(source.read('health-address', OPTIONS['health-address'])),
    progressIntervalMs: source.read('progress-interval', OPTIONS['progress-interval']),
    referenceTimeoutMs: source.read('reference-timeout', OPTIONS['reference-timeout']),
    workers: source.read('workers', OPTIONS.workers),
    pollIntervalMs: source.read('poll-interval', OPTIONS['poll-interval']),
    logLevel: source.read('log-level', OPTIONS['log-level']),
  };
}

/** A leader must know that it leads no more before another one may, and have two tries until then. */
function leaseProblems({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: LeaseTiming): string[] {
  const [lease, renew, retry] = [leaseDurationMs, renewDeadlineMs, retryPeriodMs].map(formatDuration);
  const problems: string[] = [];
  if (leaseDurationMs % 1000 !== 0) problems.push(`--lease-duration: ${lease} must be whole seconds`);
  if (renewDeadlineMs >= leaseDurationMs)
    problems.push(`--renew-deadline: ${renew} must be shorter than --lease-duration, ${lease}`);
  if (2 * retryPeriodMs > renewDeadlineMs)
    problems.push(`--retry-period: ${retry} must be at most half of --renew-deadline, ${renew}`);
  return problems;
}

/** Options as given by flags and variables; mistakes are collected, so that all of them can be shown at once. */
class Source {
  readonly #flags: Given;
  readonly #env: CommandLineInput['env'];
  readonly #problems: string[];

  constructor(flags: Given, env: CommandLineInput['env'], problems: string[]) {
    this.#flags = flags;
    this.#env = env;
    this.#problems = problems;
  }

  read<T>(flag: string, option: Option<T>): T {
    const variable = environmentName(flag);
    const fromFlag = this.#flags[flag];
    const value = fromFlag ?? this.#env[variable];
    if (value === undefined) return option.fallback;
    const result = option.schema.safeParse(String(value));
    if (result.success) return result.data;
    const where = fromFlag === undefined ? variable : `--${flag}`;
    this.#problems.push(`${where}: "${value}" ${result.error.issues.map((issue) => issue.message).join(', ')}`);
    return option.fallback;
  }
}

function parseAddress(address: string): ListenAddress | undefined {
  if (address === '') return undefined;
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
