#!/usr/bin/env node
import type { Command, Io } from './command.ts';
import { parseCommandLine } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { COMPLETE, complete, LOOK_UP_MS } from './completion-commands.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
/** kubectl-lunresync: the kubectl plugin. Reads the command line, runs one command, and ends as EXIT says. */
import { commandHelp, overviewHelp } from './help.ts';
import { checkedName } from './names.ts';
import { itemsOf, nameOf } from './output.ts';

const io: Io = {
  // Opened by whoever reads it.
  get in() {
    return process.stdin;
  },
  out: process.stdout,
  err: process.stderr,
  env: process.env,
};
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<ExitCode> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => stop.abort(signal);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that has seen enough, such as `head`, is no error.
  io.out.on('error', (error: NodeJS.ErrnoException) => stop.abort(error.code === 'EPIPE' ? 'EPIPE' : error));
  try {
    return await run(argv, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return interrupted(stop.signal);
    const failure = describeFailure(error);
    io.err.write(`error: ${failure.message}\n`);
    return failure.exitCode;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** In the middle of a request: nobody knows whether it arrived. */
function interrupted({ reason }: AbortSignal): ExitCode {
  if (reason === 'EPIPE') return EXIT.Success;
  io.err.write('Interrupted; what was asked for may have been done.\n');
  return reason === 'SIGTERM' ? EXIT.Terminated : EXIT.Interrupted;
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  if (argv[0] === COMPLETE) {
    const resyncs = (values: Values): Promise<readonly string[]> => namesOfResyncs(values, signal);
    await complete({ words: argv.slice(1), commands: COMMANDS, out: io.out, resyncs });
    return EXIT.Success;
  }
  const line = parseCommandLine(argv, COMMANDS);
  if (line.kind === 'Help') {
    io.out.write(line.command === undefined ? overviewHelp(COMMANDS) : commandHelp(line.command));
    return EXIT.Success;
  }
  const { command, args } = line;
  const namespace = args.text('namespace');
  if (namespace !== undefined) checkedName('--namespace', namespace);
  const choice = { namespace, kubeconfig: args.text('kubeconfig'), context: args.text('context') };
  const connect = async (): ReturnType<Parameters<Command['run']>[0]['connect']> =>
    (await import('./connect.ts')).connect(choice, signal);
  return command.run({ io, args, connect, signal });
}

type Values = Readonly<Record<string, unknown>>;

/** For completion, where it may not take long. */
async function namesOfResyncs(values: Values, signal: AbortSignal): Promise<readonly string[]> {
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
  const choice = { namespace: text('namespace'), kubeconfig: text('kubeconfig'), context: text('context') };
  const { connect } = await import('./connect.ts');
  await using cluster = connect(choice, AbortSignal.any([signal, AbortSignal.timeout(LOOK_UP_MS)]));
  return itemsOf(await cluster.listJson(false)).map(nameOf);
}
