/** The LunResync that a command line asks for. */
import type { LunResync } from '../api/lun-resync.ts';
import { lunResyncSpecSchema } from '../api/lun-resync-spec.ts';
import { API_VERSION, LUN_RESYNC_KIND } from '../api/names.ts';
import { parseWith } from '../api/object.ts';
import { conditionOf } from '../core/conditions.ts';
import type { Json } from './cluster.ts';
import { type Arguments, CommandFailure, type Options, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { PAIR_FORM, parsePair } from './pair-argument.ts';

/** A field of the spec as an option. Its values and limits are the schema's. */
type FieldOption = {
  readonly field: string;
  readonly kind: 'text' | 'number' | 'flag';
  readonly value: string;
  readonly words?: readonly string[];
  readonly help: string;
};

const text = (field: string, value: string, help: string): FieldOption => ({ field, kind: 'text', value, help });
/** One of two words, of which the first is the default. */
const choice = (field: string, value: string, words: readonly [string, string]): FieldOption => ({
  ...text(field, value, `${words[0]} (default) or ${words[1]}`),
  words,
});
const seconds = (field: string, help: string): FieldOption => ({ field, kind: 'number', value: 'SECONDS', help });

const FIELDS: Readonly<Record<string, FieldOption>> = {
  array: text('arrayName', 'NAME', 'the StorageArray; needed where the pairs do not decide it'),
  'run-id': text('runID', 'ID', 'the same run is never done twice on a target'),
  'size-policy': choice('sizePolicy', 'POLICY', ['MatchSource', 'KeepLarger']),
  'claim-resize': choice('claimResize', 'POLICY', ['Never', 'Raise']),
  'identity-policy': choice('identityPolicy', 'POLICY', ['KeepTarget', 'RevertToOriginal']),
  'unselected-volume-policy': choice('unselectedVolumePolicy', 'POLICY', ['Refuse', 'Overwrite']),
  'safety-snapshot': choice('safetySnapshot', 'WHEN', ['Always', 'Never']),
  verify: choice('verify', 'HOW', ['Digest', 'None']),
  'target-in-use-timeout': seconds('targetInUseTimeoutSeconds', 'how long a target in use is waited for (default 300)'),
  deadline: seconds('activeDeadlineSeconds', 'end the run after so long'),
  'stall-timeout': seconds(
    'stallTimeoutSeconds',
    'end the run when the array reports no change for so long (default 300)',
  ),
  'backoff-limit': {
    field: 'backoffLimit',
    kind: 'number',
    value: 'N',
    help: 'new attempts after failed ones (default 3)',
  },
  suspend: { field: 'suspend', kind: 'flag', value: '', help: 'create it suspended: nothing starts before resume' },
};

/** The options that describe a run. */
export const SPEC_OPTIONS: Options = {
  pair: {
    type: 'string',
    multiple: true,
    value: 'PAIR',
    help: `what is copied over what; may be repeated: ${PAIR_FORM}`,
  },
  plan: { type: 'boolean', help: 'make all checks, say what a run would do, and change nothing' },
  ...Object.fromEntries(
    Object.entries(FIELDS).map(([name, { kind, value, words = [], help }]) => [
      name,
      kind === 'flag' ? { type: 'boolean' as const, help } : { type: 'string' as const, value, words, help },
    ]),
  ),
};

/** The object for `create`. Throws UsageError for what the schema refuses; the CEL rules are the API server's. */
export function manifestOf(name: string, args: Arguments): Json {
  const pairs = args.texts('pair').map(parsePair);
  if (pairs.length === 0) throw new UsageError(`--pair is missing: write ${PAIR_FORM}`);
  const twice = pairs.find((pair, at) => pairs.findIndex((other) => other.name === pair.name) < at);
  if (twice !== undefined) throw new UsageError(`two pairs have the name ${twice.name}`);
  const spec = { ...fieldsOf(args), pairs, ...(args.flag('plan') ? { mode: 'Plan' } : {}) };
  const parsed = parseWith(lunResyncSpecSchema, 'spec', spec);
  if (!parsed.ok) throw new UsageError(parsed.problem);
  return manifest(name, spec);
}

function fieldsOf(args: Arguments): Json {
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([name, { field, kind }]): [string, unknown][] => {
      if (kind === 'flag') return args.flag(name) ? [[field, true]] : [];
      const value = args.text(name);
      if (value === undefined) return [];
      return [[field, kind === 'text' ? value : wholeNumber(name, value)]];
    }),
  );
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw new UsageError(`--${name} is "${value}": write a whole number`);
  return Number(value);
}

/** The object that puts back what a run overwrote. Throws CommandFailure when that run cannot be undone, saying why. */
export function undoManifestOf(undone: LunResync, name: string): Json {
  const { metadata, spec, status } = undone;
  const undo = conditionOf(status.conditions, 'UndoAvailable');
  if (undo?.status !== 'True') {
    const why = undo?.message ?? 'The operator has not seen it yet';
    throw new CommandFailure(EXIT.Error, `LunResync ${metadata.name} cannot be undone: ${why}`);
  }
  const arrayName = status.arrayName ?? spec.arrayName;
  const pairs = spec.pairs.map((pair) => ({ name: pair.name, source: { undoOf: metadata.name } }));
  return manifest(name, { ...(arrayName === undefined ? {} : { arrayName }), pairs });
}

function manifest(name: string, spec: Json): Json {
  return { apiVersion: API_VERSION, kind: LUN_RESYNC_KIND, metadata: { name }, spec };
}
