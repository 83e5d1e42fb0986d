/** Finds the command on the command line and reads its options. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { Arguments, type Command, UsageError } from './command.ts';
import { COMMON_OPTIONS } from './help.ts';

/** What the command line asks for. `command` is absent from the help of the plugin as a whole. */
export type CommandLine =
  | { readonly kind: 'Help'; readonly command: Command | undefined }
  | { readonly kind: 'Run'; readonly command: Command; readonly args: Arguments };

/** Throws UsageError. Without a command it is the help that is asked for. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): CommandLine {
  const command = commandOf(argv, commands);
  if (command === undefined) return { kind: 'Help', command };
  const options: ParseArgsOptionsConfig = { ...COMMON_OPTIONS, ...command.options };
  const { values, positionals } = strictly(argv, options, command);
  if (values['help'] === true) return { kind: 'Help', command };
  return { kind: 'Run', command, args: new Arguments(values, positionals.slice(1)) };
}

/** The first word that is neither an option nor an option's value; which options take a value, all commands together say. */
function commandOf(argv: readonly string[], commands: readonly Command[]): Command | undefined {
  const all: ParseArgsOptionsConfig = Object.assign({}, COMMON_OPTIONS, ...commands.map(({ options }) => options));
  const { positionals, values } = parseArgs({ args: [...argv], options: all, strict: false, allowPositionals: true });
  const [name, second] = positionals;
  // `kubectl lunresync help COMMAND`, as kubectl has it.
  if (name === 'help') return second === undefined ? undefined : named(second, commands);
  if (name !== undefined) return named(name, commands);
  if (argv.length > 0 && values['help'] !== true) throw new UsageError('no command is given');
  return undefined;
}

function named(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  throw new UsageError(`there is no command "${name}"; there are ${commands.map((one) => one.name).join(', ')}`);
}

function strictly(
  argv: readonly string[],
  options: ParseArgsOptionsConfig,
  { name }: Command,
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${said}. See "kubectl lunresync ${name} --help"`, { cause: error });
  }
}
