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
  const { command, isHelp } = find(argv, commands);
  if (command === undefined || isHelp) return { kind: 'Help', command };
  const options: ParseArgsOptionsConfig = { ...COMMON_OPTIONS, ...command.options };
  const { values, positionals } = strictly(argv, options, command);
  return { kind: 'Run', command, args: new Arguments(values, positionals.slice(1)) };
}

type Found = { readonly command: Command | undefined; readonly isHelp: boolean };

/** The first word that is neither an option nor an option's value; which options take a value, all commands together say. */
function find(argv: readonly string[], commands: readonly Command[]): Found {
  const options = allOptions(commands);
  const { positionals, values } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true });
  const [name, second] = positionals;
  // `kubectl lunresync help COMMAND`, as kubectl has it.
  const isHelp = name === 'help' || values['help'] === true;
  const wanted = name === 'help' ? second : name;
  if (wanted !== undefined) return { command: named(wanted, commands), isHelp };
  if (argv.length > 0 && !isHelp) throw new UsageError('no command is given');
  return { command: undefined, isHelp };
}

/** The options of all commands: of one name they have one type. */
export function allOptions(commands: readonly Command[]): ParseArgsOptionsConfig {
  const entries = commands.flatMap(({ options }) => Object.entries(options));
  return { ...COMMON_OPTIONS, ...Object.fromEntries(entries) };
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
