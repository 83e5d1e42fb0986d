/**
 * One scenario as a value: who does what when, and what goes wrong at which effect. Everything comes from one number, and
 * every piece of it has a name of its own, so that leaving one out moves none of the others.
 */
import type { LunResyncSpec } from '../../../src/api/lun-resync-spec.ts';
import { oneOf } from '../../support/one-of.ts';
import { fraction, type Planned } from '../crash/chaos.ts';
import { lunPair } from '../world/scene.ts';

/** What a user, an administrator or the machine room does. Times are milliseconds of the world. */
export type Action = { readonly atMs: number } & (
  | {
      readonly kind: 'Create';
      readonly name: string;
      readonly spec: Partial<LunResyncSpec> & Pick<LunResyncSpec, 'pairs'>;
    }
  | { readonly kind: 'Delete' | 'Cancel' | 'Suspend' | 'Resume' | 'TakeFinalizer'; readonly name: string }
  | { readonly kind: 'Publish' | 'Unpublish' | 'HostWrite' | 'ForceOnline'; readonly lunID: string }
  | { readonly kind: 'ArrayFault'; readonly fault: ArrayFault; readonly lunID: string }
  | { readonly kind: 'CrashArray' | 'BackUp' | 'Restore' | 'Compact' | 'Maintenance' | 'EndMaintenance' }
  | { readonly kind: 'Pause' | 'Continue' | 'Kill'; readonly operator: string }
);

export type ArrayFault = 'FAIL' | 'CORRUPT_CHUNK' | 'WRONG_DIGESTS' | 'SUCCEED_WITHOUT_COPYING' | 'RETRY';

export type Scenario = {
  readonly seed: number;
  readonly operators: readonly string[];
  readonly hasReflinks: boolean;
  /** How long a block of a copy takes. */
  readonly blockMs: number;
  readonly actions: readonly Action[];
  /** Rates by which faults are drawn from the seed; absent: exactly `faults` happen. */
  readonly rates?: Rates;
  readonly faults: readonly Planned[];
  /** The longest that a message takes. */
  readonly latencyMs: number;
};

/** How often each kind of fault happens to an effect, and to which effects. */
export type Rates = {
  readonly crash: number;
  readonly lose: number;
  readonly late: number;
  readonly duplicate: number;
  readonly refuse: number;
  readonly arrayCrash: number;
};

export const LUNS = ['vol-1', 'vol-2', 'vol-3'] as const;
export const NAMES = ['a', 'b', 'c'] as const;
/** Actions and faults come within this time; afterwards everything works, and everything must come to an end. */
export const TROUBLE_MS = 40_000;

/** The scenario of a seed. Which kinds of trouble there are at all is drawn first: few kinds, often, find more than all. */
export function scenarioOf(seed: number): Scenario {
  const draw = (name: string): number => fraction(`${seed} ${name}`);
  const rate = (name: string, often: number): number => (draw(`with ${name}`) < 0.4 ? draw(`rate ${name}`) * often : 0);
  const actions: Action[] = [];
  const count = 3 + Math.floor(draw('actions') * 12);
  for (let number = 0; number < count; number++) actions.push(actionOf(draw, number));
  return {
    seed,
    operators: ['op', 'other', 'third'].slice(0, 1 + Math.floor(draw('operators') * 2.3)),
    hasReflinks: draw('reflinks') < 0.7,
    blockMs: 5 + Math.floor(draw('block') ** 2 * 600),
    actions: [createOf(draw, 'first', 0), ...actions, ...plotsOf(draw)].toSorted((a, b) => a.atMs - b.atMs),
    rates: {
      crash: rate('crash', 0.05),
      lose: rate('lose', 0.15),
      late: rate('late', 0.15),
      duplicate: rate('duplicate', 0.2),
      refuse: rate('refuse', 0.15),
      arrayCrash: rate('array crash', 0.02),
    },
    faults: [],
    latencyMs: 1 + Math.floor(draw('latency') ** 3 * 400),
  };
}

/** What only harms in this order: an etcd that is put back to before something, an array that fails and then lies. */
function plotsOf(draw: Draw): Action[] {
  const at = (name: string, spanMs: number): number => Math.floor(draw(name) * spanMs);
  const plots: Action[] = [];
  if (draw('with etcd') < 0.25) {
    const backUpMs = at('back up', 15_000);
    const restoreMs = backUpMs + at('restore', 15_000);
    plots.push({ atMs: backUpMs, kind: 'BackUp' }, { atMs: restoreMs, kind: 'Restore' });
    if (draw('blind') < 0.5) {
      const [pauseMs, resumeMs] = [Math.max(0, restoreMs - at('pause', 3_000)), restoreMs + at('resume', 8_000)];
      plots.push(
        { atMs: pauseMs, kind: 'Pause', operator: 'op' },
        { atMs: resumeMs, kind: 'Continue', operator: 'op' },
      );
    }
  }
  if (draw('with lies') < 0.15) {
    const failMs = at('fail', 15_000);
    const lunID = oneOf(LUNS, draw('fails'));
    plots.push({ atMs: failMs, kind: 'ArrayFault', fault: 'FAIL', lunID });
    plots.push({ atMs: failMs + at('lie', 8_000), kind: 'ArrayFault', fault: 'SUCCEED_WITHOUT_COPYING', lunID });
  }
  return plots;
}

type Draw = (name: string) => number;

function actionOf(draw: Draw, number: number): Action {
  const own: Draw = (name) => draw(`${number} ${name}`);
  const atMs = timeOf(draw, number);
  const name = oneOf(NAMES, own('name'));
  const lunID = oneOf(LUNS, own('lun'));
  const which = own('kind');
  if (which < 0.3) return createOf(own, 'create', atMs);
  if (which < 0.55)
    return { atMs, kind: oneOf(['Delete', 'Cancel', 'Suspend', 'Resume', 'Delete'], own('user')), name };
  if (which < 0.67)
    return { atMs, kind: oneOf(['Publish', 'Unpublish', 'HostWrite', 'HostWrite'], own('host')), lunID };
  if (which < 0.77) {
    const fault = oneOf<ArrayFault>(
      ['FAIL', 'RETRY', 'CORRUPT_CHUNK', 'WRONG_DIGESTS', 'SUCCEED_WITHOUT_COPYING'],
      own('fault'),
    );
    return { atMs, kind: 'ArrayFault', fault, lunID };
  }
  if (which < 0.87)
    return {
      atMs,
      kind: oneOf(['Pause', 'Continue', 'Kill'], own('process')),
      operator: oneOf(['op', 'other'], own('which')),
    };
  if (which < 0.97)
    return { atMs, kind: oneOf(['CrashArray', 'CrashArray', 'Compact', 'Maintenance', 'EndMaintenance'], own('room')) };
  if (which < 0.985) return { atMs, kind: oneOf(['BackUp', 'Restore', 'Restore'], own('etcd')) };
  return own('hand') < 0.5 ? { atMs, kind: 'TakeFinalizer', name } : { atMs, kind: 'ForceOnline', lunID };
}

/** Mostly soon after another action: where much happens at once, more goes wrong. */
function timeOf(draw: Draw, number: number): number {
  const own = draw(`${number} at`);
  if (number % 4 === 0) return Math.floor(own * TROUBLE_MS * 0.8);
  return Math.floor(draw(`${number - (number % 4)} at`) * TROUBLE_MS * 0.8 + own ** 2 * 5_000);
}

/** A LunResync: mostly of one pair, so that many of them meet on the same few LUNs. */
function createOf(draw: Draw, what: string, atMs: number): Action {
  const own: Draw = (name) => draw(`${what} ${name}`);
  const sources = ['snap-1', 'vol-1', 'vol-2', 'vol-3'] as const;
  const target = oneOf(LUNS, own('target'));
  const source = oneOf(sources, own('source'));
  const pairs = [lunPair('data', source === target ? 'snap-1' : source, target)];
  const second = oneOf(LUNS, own('second'));
  if (own('group') < 0.25 && second !== target && second !== source) pairs.push(lunPair('log', 'snap-1', second));
  return {
    atMs,
    kind: 'Create',
    name: oneOf(NAMES, own('name')),
    spec: { pairs, backoffLimit: Math.floor(own('backoff') * 3), targetInUseTimeoutSeconds: 60, ...optionsOf(own) },
  };
}

function optionsOf(own: Draw): Partial<LunResyncSpec> {
  return {
    ...(own('keep') < 0.3 ? { sizePolicy: 'KeepLarger' } : {}),
    ...(own('verify') < 0.15 ? { verify: 'None' } : {}),
    ...(own('safety') < 0.2 ? { safetySnapshot: 'Never' } : {}),
    ...(own('run') < 0.25 ? { runID: oneOf(['monday', 'tuesday'], own('day')) } : {}),
    ...(own('deadline') < 0.15 ? { activeDeadlineSeconds: 1 + Math.floor(own('seconds') * 20) } : {}),
    ...(own('ttl') < 0.1 ? { ttlSecondsAfterFinished: 5 } : {}),
  };
}

/** Whether an operation may lose its object in it: by hand, or by an older etcd. */
export function mayLoseObjects({ actions }: Scenario): boolean {
  return actions.some(({ kind }) => kind === 'Restore' || kind === 'TakeFinalizer');
}

/** Whether the array says of a copy what is not so. */
export function mayLie({ actions }: Scenario): boolean {
  return actions.some((action) => action.kind === 'ArrayFault' && action.fault !== 'FAIL' && action.fault !== 'RETRY');
}
