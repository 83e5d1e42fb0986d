// What `npm run bench` can be asked for, and how large everything is.
import { parseArgs } from 'node:util';

/** The parts, in the order in which they run. */
export const PARTS = ['latency', 'many', 'idle', 'claims', 'copy', 'safety', 'xfs'] as const;

export type PartName = (typeof PARTS)[number];

/** How much is measured. */
export type Sizes = {
  /** Resyncs one after another whose times make the median. */
  readonly latencyRuns: number;
  /** Resyncs at once. */
  readonly manyResyncs: number;
  /** Resyncs that have ended, and that run on, while an operator is looked at that has nothing to do. */
  readonly idleFinished: number;
  readonly idleRunning: number;
  /** For how long it is looked at. */
  readonly idleSeconds: number;
  /** LunResyncs of claims at once, and as many VolumeSnapshots. */
  readonly claims: number;
  /** Of a LUN whose copy is timed. */
  readonly lunBytes: number;
  /** How often each copy is timed. */
  readonly rounds: number;
};

export type BenchOptions = {
  /** The last line of standard output is one JSON document, and everything else goes to standard error. */
  readonly json: boolean;
  readonly quick: boolean;
  readonly parts: readonly PartName[];
  /** Where files are made; a new folder under the repository's .data when absent. */
  readonly dir: string | undefined;
  readonly sizes: Sizes;
};

export const MIB = 1024 * 1024;

const FULL: Sizes = {
  latencyRuns: 20,
  manyResyncs: 200,
  idleFinished: 1000,
  idleRunning: 50,
  idleSeconds: 60,
  claims: 500,
  lunBytes: 2048 * MIB,
  rounds: 5,
};
const QUICK: Sizes = {
  latencyRuns: 5,
  manyResyncs: 20,
  idleFinished: 20,
  idleRunning: 5,
  idleSeconds: 10,
  claims: 20,
  lunBytes: 128 * MIB,
  rounds: 2,
};

export const USAGE = `Usage: npm run bench [-- options]

Measures LunResync on this machine and prints a table of figures beside what is aimed at. It asserts nothing: the exit
code is 0 whether aims are met or not, and 1 only when something could not be measured because it failed.

  --json         print one JSON document as the last line of standard output
  --only NAME    only this part; may be repeated: ${PARTS.join(', ')}
  --quick        small sizes, to see that it works; the figures mean nothing
  --dir DIR      make the files in DIR, which must be on ext4 for the copies (default: a new folder under .data)
  --help         this text
`;

/** The options; undefined for --help. Throws an Error for the reader. */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      dir: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { json, quick, only, dir } = values;
  const unknown = only.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: the parts are ${PARTS.join(', ')}`);
  const parts = only.length === 0 ? PARTS : PARTS.filter((part) => only.includes(part));
  return { json, quick, parts, dir, sizes: quick ? QUICK : FULL };
}
