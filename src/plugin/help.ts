/** The help: of the plugin and of each command. */
import type { Command, Option, Options } from './command.ts';
import { EXIT_CODE_LINES } from './exit-codes.ts';

/** The options that every command has. */
export const COMMON_OPTIONS = {
  namespace: { type: 'string', short: 'n', value: 'NAMESPACE', help: "the namespace (default: the context's)" },
  context: { type: 'string', value: 'CONTEXT', help: 'the context of the kubeconfig (default: its current one)' },
  kubeconfig: { type: 'string', value: 'FILE', help: 'the kubeconfig (default: $KUBECONFIG or ~/.kube/config)' },
  'no-color': { type: 'boolean', help: 'no colours on a terminal; so does the variable NO_COLOR' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Options;

export function overviewHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `Have a storage array copy LUNs over LUNs, and watch it.

Usage: kubectl lunresync COMMAND [arguments]

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

Options of every command:
${optionLines(COMMON_OPTIONS)}

Exit codes:
${exitCodeLines()}

"kubectl lunresync COMMAND --help" shows the options of one command.
`;
}

export function commandHelp({ name, usage, summary, details = '', options }: Command): string {
  const own = Object.keys(options).length === 0 ? '' : `Options:\n${optionLines(options)}\n\n`;
  const more = details === '' ? '' : `${details}\n\n`;
  return `Usage: kubectl lunresync ${name} ${usage}

${summary[0]?.toUpperCase()}${summary.slice(1)}.

${more}${own}Common options:
${optionLines(COMMON_OPTIONS)}
`;
}

/** The columns that an option's form may take; a longer one has a line of its own. */
const FORM_WIDTH = 30;

function optionLines(options: Options): string {
  return Object.entries(options)
    .map(([name, option]) => {
      const form = `  ${formOf(name, option)}`;
      return form.length < FORM_WIDTH - 1
        ? `${form.padEnd(FORM_WIDTH)}${option.help}`
        : `${form}\n${' '.repeat(FORM_WIDTH)}${option.help}`;
    })
    .join('\n');
}

function formOf(name: string, { short, value }: Option): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? `    ${long}` : `-${short}, ${long}`;
}

function exitCodeLines(): string {
  return EXIT_CODE_LINES.map(([code, text]) => `  ${String(code).padStart(3)}  ${text}`).join('\n');
}
