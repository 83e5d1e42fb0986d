/** `status` and `watch`: one run, now or until its end. */
import type { LunResync } from '../api/lun-resync.ts';
import { conditionOf } from '../core/conditions.ts';
import { formatDuration } from '../core/format.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { frame } from './frame.ts';
import { objectNameArgument } from './names.ts';
import { formatObject } from './output.ts';
import { type Line, plain, render } from './text.ts';
import { usesColour } from './view.ts';
import { timeoutOf, WATCH_OPTIONS, watchRun } from './watch-run.ts';

const status: Command = {
  name: 'status',
  usage: 'NAME',
  summary: 'show how a run stands',
  options: {
    output: {
      type: 'string',
      short: 'o',
      value: 'FORMAT',
      words: ['yaml', 'json'],
      help: 'print the object: yaml or json',
    },
  },
  argument: 'LunResync',
  run: async ({ args, io, connect }) => {
    const name = objectNameArgument(args);
    const output = args.oneOf('output', ['yaml', 'json'] as const);
    await using cluster = await connect();
    if (output !== undefined) {
      io.out.write(formatObject(await cluster.readJson(name), output));
      return EXIT.Success;
    }
    const resync = await cluster.read(name);
    const width = io.out.isTTY ? io.out.columns : FULL_WIDTH;
    const colour = usesColour(io.out, io.env, args.flag('no-color'));
    for (const line of statusLines(resync, width, Date.now())) io.out.write(`${render(line, { width, colour })}\n`);
    return EXIT.Success;
  },
};

/** Of a pipe: as much as any line needs. */
const FULL_WIDTH = 1_000;

/** What `watch` shows, all of it, and below it what does not change by the second. */
export function statusLines(resync: LunResync, width: number, now: number): Line[] {
  const { status: run } = resync;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Started', run.startTime],
    ['Completed', run.completionTime],
    ['Took', tookText(run.startTime, run.completionTime)],
    ['HRESULT', run.hresult === undefined ? undefined : `${run.hresult.name} ${run.hresult.code}`],
    ['Stalled', conditionText(resync, 'Stalled')],
    ['Undo', conditionText(resync, 'UndoAvailable')],
    ['Consistent', conditionText(resync, 'TargetConsistent')],
  ];
  const known = facts.flatMap(([label, value]): Line[] => {
    return value === undefined ? [] : [[{ text: `${label}:`.padEnd(12), style: 'dim' }, plain(value)]];
  });
  const size = { columns: width, rows: Number.MAX_SAFE_INTEGER };
  return [...frame({ resync, receivedAt: now, now }, size), [], ...known];
}

function tookText(start: string | undefined, end: string | undefined): string | undefined {
  return start === undefined || end === undefined ? undefined : formatDuration(Date.parse(end) - Date.parse(start));
}

function conditionText({ status: { conditions } }: LunResync, type: string): string | undefined {
  const condition = conditionOf(conditions, type);
  return condition === undefined ? undefined : `${condition.status}, ${condition.reason}`;
}

const watch: Command = {
  name: 'watch',
  usage: 'NAME [--timeout TIME]',
  summary: 'watch a run to its end; the exit code says how it ended',
  details: `On a terminal the lines are redrawn in place; elsewhere there is one line for each change. Ctrl-C stops the
watching, never the run.`,
  options: WATCH_OPTIONS,
  argument: 'LunResync',
  run: async (context) => {
    const name = objectNameArgument(context.args);
    timeoutOf(context.args);
    await using cluster = await context.connect();
    return await watchRun(context, cluster, await cluster.read(name));
  },
};

export const showCommands: readonly Command[] = [status, watch];
