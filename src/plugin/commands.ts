/** All commands of the plugin, in the order of its help. */
import { changeCommands } from './change-commands.ts';
import type { Command } from './command.ts';
import { completionCommand } from './completion-commands.ts';
import { createCommands } from './create-commands.ts';
import { diagnoseCommand } from './diagnose-command.ts';
import { explainCommand } from './explain-command.ts';
import { listCommand } from './list-command.ts';
import { showCommands } from './show-commands.ts';
import { versionCommand } from './version-command.ts';

export const COMMANDS: readonly Command[] = [
  ...createCommands,
  ...showCommands,
  listCommand,
  ...changeCommands,
  explainCommand,
  diagnoseCommand,
  completionCommand,
  versionCommand,
];
