/** What a run will overwrite, and the yes of whoever wants it: typed on a terminal, or `--yes`. */
import { createInterface } from 'node:readline';
import type { LunResync } from '../api/lun-resync.ts';
import { type Context, type Options, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { PairSpec } from './pair-argument.ts';
import { plain } from './text.ts';

export const YES_OPTION = {
  yes: { type: 'boolean', short: 'y', help: 'overwrite without being asked; demanded where there is no terminal' },
} as const satisfies Options;

/** A target as people call it, and the word that stands for it. */
export type Target = { readonly word: string; readonly text: string };

/** What pairs of the command line overwrite. A target that is left out is known by its snapshot only. */
export function targetsOf(pairs: readonly PairSpec[]): readonly Target[] {
  return pairs.map(({ name, source, target }) => {
    const { persistentVolumeClaimName: claim, lunID } = target ?? {};
    if (claim !== undefined) return { word: claim, text: `claim ${claim}` };
    if (lunID !== undefined) return { word: lunID, text: `LUN ${lunID}` };
    const { volumeSnapshotName: snapshot = name } = source;
    return { word: snapshot, text: `the volume that snapshot ${snapshot} was taken from` };
  });
}

/** What an undo overwrites: the targets of the run, by the claims that it named or the LUNs that it found. */
export function targetsOfRun({ spec, status }: LunResync): readonly Target[] {
  return spec.pairs.flatMap((pair): readonly Target[] => {
    const lunID = status.pairs?.find(({ name }) => name === pair.name)?.target?.lunID;
    return targetsOf([lunID === undefined || pair.target !== undefined ? pair : { ...pair, target: { lunID } }]);
  });
}

/**
 * Asks whether the targets may be overwritten. Undefined is a yes; anything else is how the command is to end, with nothing
 * created. Throws UsageError where there is nobody to ask.
 */
export async function confirmed(context: Context, targets: readonly Target[]): Promise<ExitCode | undefined> {
  const { args, io, signal } = context;
  if (args.flag('yes')) return undefined;
  const list = plain(targets.map(({ text }) => text).join(', ')).text;
  if (!io.in.isTTY || !io.err.isTTY)
    throw new UsageError(`this overwrites ${list}: where there is no terminal to ask on, --yes is needed`);
  const word = wordFor(targets);
  io.err.write(`This overwrites ${list}.\nType ${word} to go on: `);
  const answer = await lineOf(io.in, signal);
  if (answer === word) return undefined;
  io.err.write(`${answer === undefined ? '\n' : ''}Nothing was created.\n`);
  if (!signal.aborted) return EXIT.Error;
  return signal.reason === 'SIGTERM' ? EXIT.Terminated : EXIT.Interrupted;
}

/** Of one target its name; many are too much to type, and their number shows at least that they were counted. */
function wordFor(targets: readonly Target[]): string {
  const [only, second] = targets;
  return only === undefined || second !== undefined ? `${targets.length} targets` : plain(only.word).text;
}

/** One line without blanks around it; undefined when there is none, or somebody ends the process. */
async function lineOf(input: NodeJS.ReadStream, signal: AbortSignal): Promise<string | undefined> {
  // The terminal stays as it is, so that Ctrl-C is a signal.
  const lines = createInterface({ input, terminal: false, signal });
  try {
    for await (const line of lines) return line.trim();
    return undefined;
  } finally {
    lines.close();
  }
}
