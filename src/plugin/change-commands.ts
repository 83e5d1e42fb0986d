/** `cancel`, `suspend` and `resume`: what a user may change in a spec. */
import { parseLunResync } from '../api/lun-resync.ts';
import type { Json } from './cluster.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { objectNameArgument } from './names.ts';
import { resourceName } from './output.ts';
import { isFinished, reasonWord } from './run.ts';

type Change = {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  readonly spec: Json;
  readonly done: string;
};

const CHANGES: readonly Change[] = [
  {
    name: 'cancel',
    summary: 'end a run; what it overwrote is rolled back',
    details: 'This is final. "kubectl lunresync watch NAME" shows the end; a run that has ended stays as it is.',
    spec: { cancel: true },
    done: 'is to be cancelled',
  },
  {
    name: 'suspend',
    summary: 'hold the start of a run and its new attempts',
    details: 'A copy that runs goes on.',
    spec: { suspend: true },
    done: 'suspended',
  },
  {
    name: 'resume',
    summary: 'let a suspended run go on',
    details: '',
    spec: { suspend: false },
    done: 'resumed',
  },
];

export const changeCommands: readonly Command[] = CHANGES.map(({ name, summary, details, spec, done }) => ({
  name,
  usage: 'NAME',
  summary,
  details,
  options: {},
  argument: 'LunResync' as const,
  run: async ({ args, io, connect }) => {
    const resync = objectNameArgument(args);
    await using cluster = await connect();
    const patched = parseLunResync(await cluster.patchSpec(resync, spec));
    const hasEnded = patched.ok && isFinished(patched.value);
    const said = hasEnded ? `has ended before: ${reasonWord(patched.value)}` : done;
    io.out.write(`${resourceName(resync)} ${said}\n`);
    return EXIT.Success;
  },
}));
