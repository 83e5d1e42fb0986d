/**
 * `completion`, which prints the program that kubectl's own completion asks, and `__complete`, which answers it. Any shell
 * that completes kubectl completes the plugin then. Source: kubectl, "Shell completion for plugins" (pull request 105867):
 * a program `kubectl_complete-PLUGIN` on the PATH is given the words and prints candidates, one a line, and a last line of
 * a colon and a number of Cobra's ShellCompDirective.
 */
import type { Command } from './command.ts';
import { type Candidate, completionOf } from './completion.ts';
import { EXIT } from './exit-codes.ts';
import { plain } from './text.ts';

/** The command that shells ask, which people do not see. Its words are not parsed as options. */
export const COMPLETE = '__complete';

/** A person waits at the prompt: no names are better than late ones. */
export const LOOK_UP_MS = 3_000;

/** Cobra's directives: let the shell complete files; do not. */
const [FILES, NO_FILES] = [0, 4];

const PROGRAM = `#!/usr/bin/env sh
# Completes "kubectl lunresync". Put it on the PATH, executable, as kubectl_complete-lunresync.
exec kubectl lunresync ${COMPLETE} "$@"
`;

export const completionCommand: Command = {
  name: 'completion',
  usage: '',
  summary: 'print the program by which kubectl completes this plugin',
  details: `kubectl's own completion must be set up in the shell. The npm package has the program already; otherwise:
  kubectl lunresync completion >~/.local/bin/kubectl_complete-lunresync
  chmod +x ~/.local/bin/kubectl_complete-lunresync`,
  options: {},
  run: ({ io }) => {
    io.out.write(PROGRAM);
    return Promise.resolve(EXIT.Success);
  },
};

type Asked = {
  readonly words: readonly string[];
  readonly commands: readonly Command[];
  readonly out: NodeJS.WritableStream;
  /** The names of LunResyncs, by the options that are on the line. */
  readonly resyncs: (values: Readonly<Record<string, unknown>>) => Promise<readonly string[]>;
};

/** Writes what can stand where the cursor is. Whatever goes wrong, there are no candidates, and nothing is said. */
export async function complete({ words, commands, out, resyncs }: Asked): Promise<void> {
  const { candidates, files, resyncs: values } = completionOf(words, commands);
  const names = values === undefined ? [] : await resyncs(values).catch(() => []);
  const all = [...candidates, ...names.map((word) => ({ word, help: '' }))];
  const begun = all.filter(({ word }) => word.startsWith(words.at(-1) ?? ''));
  out.write(`${begun.map(lineOf).join('')}:${files === true ? FILES : NO_FILES}\n`);
}

function lineOf({ word, help }: Candidate): string {
  const text = plain(word).text;
  return help === '' ? `${text}\n` : `${text}\t${help}\n`;
}
