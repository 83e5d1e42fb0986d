/** The command line of the plugin: commands, options, pairs, and what is wrong with them. */
import { describe, expect, it } from 'vitest';
import { LUN_ID_PATTERN } from '../../src/api/fields.ts';
import { lunResyncSpecSchema } from '../../src/api/lun-resync-spec.ts';
import { type Command, UsageError } from '../../src/plugin/command.ts';
import { parseCommandLine } from '../../src/plugin/command-line.ts';
import { createCommands } from '../../src/plugin/create-commands.ts';
import { EXIT } from '../../src/plugin/exit-codes.ts';
import { commandHelp, overviewHelp } from '../../src/plugin/help.ts';
import { listCommand } from '../../src/plugin/list-command.ts';
import { manifestOf, undoManifestOf } from '../../src/plugin/manifest.ts';
import { parsePair } from '../../src/plugin/pair-argument.ts';
import { showCommands } from '../../src/plugin/show-commands.ts';
import { timeoutOf } from '../../src/plugin/watch-run.ts';
import { run } from './runs.ts';

const COMMANDS: readonly Command[] = [...createCommands, ...showCommands, listCommand];

function argsOf(...words: readonly string[]): Parameters<typeof manifestOf>[1] {
  const line = parseCommandLine(words, COMMANDS);
  if (line.kind === 'Help') throw new Error('help');
  return line.args;
}

const specOf = (...words: readonly string[]): unknown => manifestOf('run', argsOf('create', 'run', ...words))['spec'];

describe('a pair', () => {
  it.each([
    ['data=snapshot:nightly', { volumeSnapshotName: 'nightly' }, undefined],
    ['data=snapshot:nightly,claim:orders', { volumeSnapshotName: 'nightly' }, { persistentVolumeClaimName: 'orders' }],
    ['data=snapshot:nightly,lun:l-1', { volumeSnapshotName: 'nightly' }, { lunID: 'l-1' }],
    ['data=lun:a:b.c_d,lun:e:f', { lunID: 'a:b.c_d' }, { lunID: 'e:f' }],
    ['data=lun:a→lun:b', { lunID: 'a' }, { lunID: 'b' }],
    ['data=lun:a → claim:b', { lunID: 'a' }, { persistentVolumeClaimName: 'b' }],
  ])('is read from %s', (text, source, target) => {
    expect(parsePair(text)).toEqual({ name: 'data', source, ...(target === undefined ? {} : { target }) });
  });

  it.each([
    ['nothing', 'has not the form'],
    ['=lun:a,lun:b', 'has not the form'],
    ['data=lun:a', 'needs a target'],
    ['data=lun:a,lun:b,lun:c', 'has not the form'],
    ['data=claim:a,lun:b', 'does not begin with snapshot: or lun:'],
    ['data=lun:a,snapshot:b', 'does not begin with claim: or lun:'],
    ['data=lun:,lun:b', 'has no name'],
  ])('is refused as %s with the form that it must have', (text, why) => {
    expect(() => parsePair(text)).toThrow(new RegExp(`${why}.*write NAME=snapshot:`));
  });

  it('has separators that no id of a LUN can have', () => {
    for (const separator of [',', '→']) expect(LUN_ID_PATTERN.test(`a${separator}b`)).toBe(false);
  });
});

describe('the object of create', () => {
  it('has what the options say and nothing else, so that defaults stay the API server’s', () => {
    expect(specOf('--pair', 'a=lun:x,lun:y')).toEqual({
      pairs: [{ name: 'a', source: { lunID: 'x' }, target: { lunID: 'y' } }],
    });
    const options = [
      '--array',
      'array-a',
      '--run-id',
      'r',
      '--plan',
      '--verify',
      'None',
      '--backoff-limit=0',
      '--suspend',
    ];
    expect(specOf('--pair', 'a=snapshot:x', '--pair', 'b=snapshot:y', ...options)).toMatchObject({
      arrayName: 'array-a',
      runID: 'r',
      mode: 'Plan',
      verify: 'None',
      backoffLimit: 0,
      suspend: true,
    });
  });

  it('can have every field of the spec but those that only a run that exists needs', () => {
    const later = ['cancel', 'safetySnapshotRetentionSeconds', 'ttlSecondsAfterFinished'];
    const words = ['--pair=a=snapshot:x', '--plan', '--suspend', '--array=a', '--run-id=r', '--size-policy=KeepLarger'];
    const more = ['--claim-resize=Raise', '--identity-policy=KeepTarget', '--unselected-volume-policy=Refuse'];
    const last = ['--safety-snapshot=Never', '--verify=None', '--target-in-use-timeout=1', '--deadline=1'];
    const spec = specOf(...words, ...more, ...last, '--stall-timeout=1', '--backoff-limit=1');
    const missing = Object.keys(lunResyncSpecSchema.shape).filter((field) => !Object.hasOwn(spec as object, field));
    expect(missing).toEqual(later);
  });

  it.each([
    [[], '--pair is missing'],
    [['--pair', 'a=lun:x,lun:y', '--pair', 'a=lun:z,lun:w'], 'two pairs have the name a'],
    [['--pair', 'a=lun:x,lun:y', '--verify', 'Maybe'], 'verify'],
    [['--pair', 'a=lun:x,lun:y', '--deadline', '1h'], '--deadline is "1h": write a whole number'],
    [['--pair', 'A=lun:x,lun:y'], 'pairs.0.name'],
    [['--pair', 'a=lun:x,lun:y', '--array', ''], '--array is empty'],
  ])('is not made from %j', (words, why) => {
    expect(() => specOf(...words)).toThrow(UsageError);
    expect(() => specOf(...words)).toThrow(why);
  });
});

describe('the object of undo', () => {
  it('puts back every pair of the run, on the array that it ran on', () => {
    const done = run({ reason: 'Completed', undo: 'SafetySnapshotsKept', pairs: [{ name: 'a' }, { name: 'b' }] });
    expect(undoManifestOf(done, 'back')).toMatchObject({
      metadata: { name: 'back' },
      spec: {
        arrayName: 'array-a',
        pairs: [
          { name: 'a', source: { undoOf: 'restore-shop' } },
          { name: 'b', source: { undoOf: 'restore-shop' } },
        ],
      },
    });
  });

  it('is not made for a run that cannot be undone, and says why', () => {
    const deleted = run({ reason: 'Completed', undo: 'SafetySnapshotsDeleted' });
    expect(() => undoManifestOf(deleted, 'back')).toThrow(
      'LunResync restore-shop cannot be undone: The safety snapshots of this run were deleted',
    );
  });
});

describe('the command line', () => {
  it('finds the command also behind options that take a value', () => {
    expect(parseCommandLine(['-n', 'shop', '-o', 'wide', 'list'], COMMANDS)).toMatchObject({
      kind: 'Run',
      command: listCommand,
    });
  });

  it.each([[[]], [['--help']], [['help']]])('is a question for help: %j', (words) => {
    expect(parseCommandLine(words, COMMANDS)).toEqual({ kind: 'Help', command: undefined });
  });

  it.each([[['list', '--help']], [['help', 'list']], [['-h', 'list']]])(
    'is a question for help of list: %j',
    (words) => {
      expect(parseCommandLine(words, COMMANDS)).toEqual({ kind: 'Help', command: listCommand });
    },
  );

  it.each([
    [['destroy'], 'there is no command "destroy"'],
    [['-n', 'shop'], 'no command is given'],
    [['list', '--frobnicate'], /--frobnicate.*kubectl lunresync list --help/],
    [['create', 'a', '--pair'], /--pair/],
  ])('is refused: %j', (words, why) => {
    expect(() => parseCommandLine(words, COMMANDS)).toThrow(UsageError);
    expect(() => parseCommandLine(words, COMMANDS)).toThrow(why);
  });

  it('has one type for each option, whatever the command, or the command behind it could not be found', () => {
    const types = new Map<string, string>();
    for (const [name, { type, short = '' }] of COMMANDS.flatMap(({ options }) => Object.entries(options))) {
      expect([name, types.get(name) ?? `${type} ${short}`]).toEqual([name, `${type} ${short}`]);
      types.set(name, `${type} ${short}`);
    }
  });

  it.each([
    ['90s', 90_000],
    ['2h', 7_200_000],
  ])('reads --timeout %s', (text, ms) => {
    expect(timeoutOf(argsOf('watch', 'a', '--timeout', text))).toBe(ms);
  });

  it.each(['90', 'soon', '9999h'])('refuses --timeout %s', (text) => {
    expect(() => timeoutOf(argsOf('watch', 'a', '--timeout', text))).toThrow(UsageError);
  });
});

describe('the help', () => {
  it('names every exit code and, for each command, every option', () => {
    const text = overviewHelp(COMMANDS);
    for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^ +${code}  `, 'm'));
    for (const command of COMMANDS) {
      const own = commandHelp(command);
      expect(own).toMatch(new RegExp(`^Usage: kubectl lunresync ${command.name}`));
      for (const name of [...Object.keys(command.options), 'namespace']) expect(own).toContain(`--${name}`);
    }
  });
});
