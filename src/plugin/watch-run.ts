/** Watches a run for a person or a script, and tells how it ended: by words and by the exit code. */
import type { LunResync } from '../api/lun-resync.ts';
import { parseDuration } from '../daemon/duration.ts';
import type { Cluster } from './cluster.ts';
import { type Arguments, CommandFailure, type Context, type Io, type Options, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type FollowEnd, follow } from './follow.ts';
import { exitCodeOf } from './run.ts';
import { openView } from './view.ts';

/** The options of every command that can watch. */
export const WATCH_OPTIONS = {
  timeout: {
    type: 'string',
    value: 'TIME',
    help: 'stop watching after so long, such as 90s, 15m or 2h (exit code 124)',
  },
} as const satisfies Options;

/** The longest time that a timer of Node holds. */
const LONGEST_MS = 2 ** 31 - 1;

/** What `--timeout` says; to be asked before anything is done. Throws UsageError. */
export function timeoutOf(args: Arguments): number | undefined {
  const text = args.text('timeout');
  if (text === undefined) return undefined;
  const timeoutMs = parseDuration(text);
  if (timeoutMs === undefined || timeoutMs > LONGEST_MS) {
    throw new UsageError(`--timeout is "${text}": write a whole number with ms, s, m or h, such as 90s, up to 596h`);
  }
  return timeoutMs;
}

/** Watches until the end, and says why it stopped when that was no end. Throws CommandFailure for a deleted object. */
export async function watchRun(context: Context, cluster: Cluster, resync: LunResync): Promise<ExitCode> {
  const { io, args, signal } = context;
  const end = await followInView(context, cluster, resync);
  const { name, namespace } = resync.metadata;
  switch (end.kind) {
    case 'Finished':
      return exitCodeOf(end.resync);
    case 'Deleted':
      throw new CommandFailure(EXIT.NotFound, `LunResync ${name} in namespace ${namespace} was deleted`);
    case 'TimedOut':
      sayThatItGoesOn(io, resync, `${args.text('timeout')} have passed`);
      return EXIT.TimedOut;
    case 'Stopped':
      return stopped(io, resync, signal);
    case 'Failed':
      throw end.error;
  }
}

/** The view is closed before anything else is said. */
async function followInView({ io, args, signal }: Context, cluster: Cluster, resync: LunResync): Promise<FollowEnd> {
  using view = openView(io, args.flag('no-color'));
  return await follow({ cluster, resync, view, signal, timeoutMs: timeoutOf(args) });
}

function stopped(io: Io, resync: LunResync, signal: AbortSignal): ExitCode {
  // Nobody reads any more: whoever closed the pipe knows.
  if (signal.reason === 'EPIPE') return EXIT.Success;
  sayThatItGoesOn(io, resync, 'Stopped watching');
  return signal.reason === 'SIGTERM' ? EXIT.Terminated : EXIT.Interrupted;
}

function sayThatItGoesOn(io: Io, { metadata: { name, namespace } }: LunResync, why: string): void {
  const at = `-n ${namespace} ${name}`;
  io.err.write(
    `${why}; the run goes on.\n` +
      `  kubectl lunresync watch ${at}    watches it again\n` +
      `  kubectl lunresync cancel ${at}   ends it\n`,
  );
}
