/** `list`: the LunResyncs of a namespace or of the cluster, in the columns of `kubectl get`. */
import { type LunResync, parseLunResync } from '../api/lun-resync.ts';
import { age } from './age.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { formatObject, itemsOf } from './output.ts';
import { messageOf, reasonWord } from './run.ts';
import { plain } from './text.ts';

type Column = {
  readonly heading: string;
  /** Only with -o wide. */
  readonly wide?: true;
  readonly value: (resync: LunResync, now: number) => string | undefined;
};

/** The printer columns of the CustomResourceDefinition: src/api/crd.ts. */
export const COLUMNS: readonly Column[] = [
  { heading: 'NAME', value: ({ metadata }) => metadata.name },
  { heading: 'STATUS', value: (resync) => (resync.status.conditions === undefined ? undefined : reasonWord(resync)) },
  { heading: 'PROGRESS', value: ({ status }) => status.progress?.display },
  { heading: 'PAIRS', value: ({ status }) => status.pairsSummary },
  { heading: 'DATA', value: ({ status }) => status.dataState },
  { heading: 'AGE', value: ({ metadata }, now) => age(metadata.creationTimestamp, now) },
  { heading: 'STARTED', wide: true, value: ({ status }, now) => age(status.startTime, now) },
  { heading: 'COMPLETED', wide: true, value: ({ status }, now) => age(status.completionTime, now) },
  { heading: 'ARRAY', wide: true, value: ({ status }) => status.arrayName },
  {
    heading: 'MESSAGE',
    wide: true,
    value: (resync) => (resync.status.conditions === undefined ? undefined : messageOf(resync)),
  },
];

const NAMESPACE: Column = { heading: 'NAMESPACE', value: ({ metadata }) => metadata.namespace };

export const listCommand: Command = {
  name: 'list',
  usage: '[-A]',
  summary: 'list LunResyncs',
  options: {
    'all-namespaces': { type: 'boolean', short: 'A', help: 'of all namespaces' },
    output: {
      type: 'string',
      short: 'o',
      value: 'FORMAT',
      words: ['wide', 'json', 'yaml', 'name'],
      help: 'wide, json, yaml or name',
    },
  },
  run: async ({ args, io, connect }) => {
    const extra = args.optional('NAME');
    if (extra !== undefined) throw new UsageError(`list takes no name: "kubectl lunresync status ${extra}" shows one`);
    const output = args.oneOf('output', ['wide', 'json', 'yaml', 'name'] as const);
    const all = args.flag('all-namespaces');
    await using cluster = await connect();
    const list = await cluster.listJson(all);
    if (output !== undefined && output !== 'wide') {
      io.out.write(formatObject(list, output));
      return EXIT.Success;
    }
    const resyncs = itemsOf(list).flatMap((item) => readable(item, io));
    if (resyncs.length === 0) {
      io.err.write(all ? 'No LunResyncs found\n' : `No LunResyncs found in namespace ${cluster.namespace}\n`);
      return EXIT.Success;
    }
    const columns = COLUMNS.filter(({ wide }) => output === 'wide' || wide !== true);
    io.out.write(table(all ? [NAMESPACE, ...columns] : columns, resyncs, Date.now()));
    return EXIT.Success;
  },
};

/** Whoever cannot be read is passed over and named: the others are shown all the same. */
function readable(item: unknown, io: Io): LunResync[] {
  const parsed = parseLunResync(item);
  if (parsed.ok) return [parsed.value];
  io.err.write(`${plain(parsed.problem).text}\n`);
  return [];
}

/** Left-aligned columns with three blanks between them; what is not there is `<none>`. */
export function table(columns: readonly Column[], resyncs: readonly LunResync[], now: number): string {
  const rows = resyncs.map((resync) => columns.map(({ value }) => plain(value(resync, now) ?? '<none>').text));
  const lines = [columns.map(({ heading }) => heading), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}
