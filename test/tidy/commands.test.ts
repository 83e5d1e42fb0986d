/** The commands of this project that the documents tell people to type: they exist, and have the options that are named. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/plugin/commands.ts';
import { COMMON_OPTIONS } from '../../src/plugin/help.ts';
import { faultCommands } from '../../src/simulator/cli/fault-commands.ts';
import { ioCommands } from '../../src/simulator/cli/io-commands.ts';
import { lunCommands } from '../../src/simulator/cli/lun-commands.ts';
import { reportCommands } from '../../src/simulator/cli/report-commands.ts';

type Command = { readonly name: string; readonly options?: object | undefined };

const ROOT = join(import.meta.dirname, '..', '..');
const documents = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md'], { cwd: ROOT }).toSorted();
const lunarray: readonly Command[] = [...reportCommands, ...lunCommands, ...ioCommands, ...faultCommands];

/** What is wrong with the uses of a program in a text; `found` has the command's name and its options. */
function mistakes(
  found: RegExpStringIterator<RegExpExecArray>,
  commands: readonly Command[],
  common: object,
): string[] {
  return [...found].flatMap(([text, name = '', rest = '']) => {
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) return [`${text}: there is no such command`];
    const known = { ...common, ...command.options };
    const options = [...rest.matchAll(/ --([a-z-]+)/g)].map(([, option = '']) => option);
    return options.filter((option) => !Object.hasOwn(known, option)).map((option) => `${text}: no option --${option}`);
  });
}

const PLUGIN_USES = /kubectl lunresync ([a-z]+)([^`\n|&#]*)/g;
const LUNARRAY_USES =
  /(?:npx lunarray|npm run lunarray --|cli\/main\.js) --(?:data|admin) \S+(?: --json)? ([a-z-]+)([^`\n|&#]*)/g;

describe('the commands in the documents', () => {
  it.each(documents)('exist, with their options: %s', (document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    expect([
      ...mistakes(text.matchAll(PLUGIN_USES), COMMANDS, COMMON_OPTIONS),
      ...mistakes(text.matchAll(LUNARRAY_USES), lunarray, { json: true }),
    ]).toEqual([]);
  });

  it('are found where they stand', () => {
    const text = 'kubectl lunresync undone NAME\nkubectl lunresync undo NAME --fast\nnpx lunarray --data DIR lists';
    expect([
      ...mistakes(text.matchAll(PLUGIN_USES), COMMANDS, COMMON_OPTIONS),
      ...mistakes(text.matchAll(LUNARRAY_USES), lunarray, {}),
    ]).toHaveLength(3);
  });
});
