/** `version`: of the plugin. The operator's is in its log and in the metric `lunresync_build_info`. */
import { programVersion } from '../daemon/version.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';

export const versionCommand: Command = {
  name: 'version',
  usage: '',
  summary: "print this plugin's version",
  options: {},
  run: ({ io, args }) => {
    const extra = args.optional('NAME');
    if (extra !== undefined) throw new UsageError(`version takes no argument, and "${extra}" is one`);
    io.out.write(`${programVersion()}\n`);
    return Promise.resolve(EXIT.Success);
  },
};
