/** `create` and `undo`: the commands that make a LunResync. */
import { type LunResync, parseLunResync } from '../api/lun-resync.ts';
import { failedWith } from '../kubernetes/api-error.ts';
import type { Cluster, Json } from './cluster.ts';
import { type Arguments, type Command, CommandFailure, type Context, type Options, UsageError } from './command.ts';
import { confirmed, targetsOf, targetsOfRun, YES_OPTION } from './confirm.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { manifestOf, SPEC_OPTIONS, undoManifestOf } from './manifest.ts';
import { checkedName, objectNameArgument } from './names.ts';
import { type Format, formatObject, nameOf, resourceName } from './output.ts';
import type { PairSpec } from './pair-argument.ts';
import { timeoutOf, WATCH_OPTIONS, watchRun } from './watch-run.ts';

const MAKE_OPTIONS: Options = {
  'dry-run': {
    type: 'string',
    value: 'WHERE',
    words: ['server', 'client'],
    help: 'server: the API server checks and stores nothing; client: nobody is asked',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FORMAT',
    words: ['yaml', 'json', 'name'],
    help: 'print the object: yaml, json or name',
  },
  watch: { type: 'boolean', short: 'w', help: 'watch the run to its end' },
  ...WATCH_OPTIONS,
  ...YES_OPTION,
};

const create: Command = {
  name: 'create',
  usage: 'NAME --pair PAIR...',
  summary: 'create a LunResync: have LUNs overwritten',
  details: `All pairs succeed together or are rolled back together. Without a target, a snapshot goes back over the volume
that it was taken from. Before anything is overwritten you are asked to type the name of the target, or the number of
targets; --yes is the answer of scripts.

Examples:
  kubectl lunresync create restore --pair data=snapshot:orders-nightly,claim:orders --watch
  kubectl lunresync create check --plan --pair data=snapshot:orders-nightly --watch
  kubectl lunresync create refresh --array array-a --pair a=lun:golden-a,lun:staging-a --pair b=lun:golden-b,lun:staging-b`,
  options: { ...SPEC_OPTIONS, ...MAKE_OPTIONS },
  run: async (context) => {
    const name = objectNameArgument(context.args);
    const mode = modeOf(context.args);
    const manifest = manifestOf(name, context.args);
    if (mode.dryRun === 'client') return printed(context, withNamespace(manifest, context.args), mode);
    const changesNothing = mode.dryRun === 'server' || context.args.flag('plan');
    const refusal = changesNothing ? undefined : await confirmed(context, targetsOf(pairsOf(manifest)));
    if (refusal !== undefined) return refusal;
    await using cluster = await context.connect();
    return await make(context, cluster, manifest);
  },
};

const undo: Command = {
  name: 'undo',
  usage: 'NAME [--as NEW]',
  summary: 'put back what a finished run overwrote, from its safety snapshots',
  details:
    'The safety snapshots must still be there: see the condition UndoAvailable in "kubectl lunresync status NAME".',
  options: {
    as: { type: 'string', value: 'NEW', help: 'name of the new LunResync (default: undo-NAME)' },
    ...MAKE_OPTIONS,
  },
  argument: 'LunResync',
  run: async (context) => {
    const name = objectNameArgument(context.args);
    const newName = checkedName('--as', context.args.text('as') ?? `undo-${name}`);
    const mode = modeOf(context.args);
    await using cluster = await context.connect();
    const undone = await cluster.read(name);
    const manifest = undoManifestOf(undone, newName);
    if (mode.dryRun === 'client') return printed(context, withNamespace(manifest, context.args), mode);
    const refusal = mode.dryRun === 'server' ? undefined : await confirmed(context, targetsOfRun(undone));
    if (refusal !== undefined) return refusal;
    return await make(context, cluster, manifest);
  },
};

export const createCommands: readonly Command[] = [create, undo];

type Mode = { readonly dryRun: 'server' | 'client' | 'none'; readonly output: Format | undefined };

/** Everything that can be wrong with the options is said before anything is created. */
function modeOf(args: Arguments): Mode {
  const dryRun = args.oneOf('dry-run', ['none', 'server', 'client'] as const) ?? 'none';
  const output = args.oneOf('output', ['yaml', 'json', 'name'] as const);
  timeoutOf(args);
  if (args.flag('watch') && dryRun !== 'none') throw new UsageError('--watch has nothing to watch in a dry run');
  if (args.flag('watch') && output !== undefined)
    throw new UsageError('--watch and --output both want the output: choose one');
  if (!args.flag('watch') && args.text('timeout') !== undefined) throw new UsageError('--timeout needs --watch');
  return { dryRun, output };
}

function pairsOf(manifest: Json): readonly PairSpec[] {
  return (manifest['spec'] as { readonly pairs: readonly PairSpec[] }).pairs;
}

function withNamespace(manifest: Json, args: Arguments): Json {
  const namespace = args.text('namespace');
  if (namespace === undefined) return manifest;
  return { ...manifest, metadata: { ...(manifest['metadata'] as Json), namespace } };
}

async function make(context: Context, cluster: Cluster, manifest: Json): Promise<ExitCode> {
  const mode = modeOf(context.args);
  const made = await cluster.create(manifest, mode.dryRun === 'server').catch((error: unknown) => {
    if (!failedWith(error, 'AlreadyExists')) throw error;
    const taken = `LunResync ${nameOf(manifest)} exists already in namespace ${cluster.namespace}`;
    throw new CommandFailure(EXIT.Error, `${taken}: a run cannot be repeated, choose another name`, { cause: error });
  });
  const code = printed(context, made, mode);
  return context.args.flag('watch') ? watchRun(context, cluster, parsed(made)) : code;
}

const REMARKS = { none: '', server: ' (server dry run)', client: ' (dry run)' } as const;

function printed({ io }: Context, object: Json, { dryRun, output }: Mode): ExitCode {
  const said = `${resourceName(nameOf(object))} created${REMARKS[dryRun]}\n`;
  io.out.write(output === undefined ? said : formatObject(object, output));
  return EXIT.Success;
}

function parsed(object: Json): LunResync {
  const result = parseLunResync(object);
  if (!result.ok) throw new TypeError(result.problem);
  return result.value;
}
