/** The five scenarios: who is there, what is tried, and how much of everything may happen. */

import { type LunResync, parseLunResync } from '../../../src/api/lun-resync.ts';
import type { LunResyncSpec } from '../../../src/api/lun-resync-spec.ts';
import { FINALIZER } from '../../../src/api/names.ts';
import { applyChanges, Draft } from '../../../src/simulator/state/draft.ts';
import { createPool, createSnapshot, createVolume } from '../../../src/simulator/state/luns.ts';
import type { ArrayState } from '../../../src/simulator/state/records.ts';
import { apply } from './array-calls.ts';
import { ARRAY_ID } from './array-view.ts';
import { type Model, NAMESPACE } from './observe.ts';
import type { Budget, State } from './state.ts';

export type Scenario = {
  readonly name: string;
  readonly what: string;
  readonly model: Model;
  readonly initial: () => State;
  readonly recreate: (state: State, name: string) => LunResync;
  /** How many states there are; a run that sees fewer has lost some of them. */
  readonly states: number;
  /** How many of the budget's things may happen in one run, at most; undefined: all of them. */
  readonly atMost: number | undefined;
};

type Setting = {
  readonly operators: number;
  readonly objects: Readonly<Record<string, Partial<LunResyncSpec> & { readonly from: string; readonly to: string }>>;
  readonly again?: { readonly from: string; readonly to: string };
  readonly budget: Partial<Budget>;
  readonly atMost?: number;
  /** Whether objects begin with the finalizer on, to have fewer states. */
  readonly isHeld?: boolean;
};

const NOTHING: Budget = {
  operatorCrash: 0,
  arrayCrash: 0,
  loss: 0,
  delete: 0,
  recreate: 0,
  cancel: 0,
  suspend: 0,
  deadline: 0,
  restore: 0,
  failure: 0,
};

const RULES = { resourceVersion: true };

/** A scenario with the rules that the model plays; an ablation takes one of them away. */
export function scenarios(rules: Model['rules'] = RULES): readonly Scenario[] {
  return SETTINGS.map(({ name, what, states, ...setting }) => ({
    name,
    what,
    states,
    atMost: setting.atMost,
    model: { rules },
    initial: () => initialState(setting),
    recreate: (state, object) =>
      newObject(object, state, { from: 'S', to: 'T0', ...setting.again, isHeld: setting.isHeld }),
  }));
}

const SETTINGS: readonly (Setting & { readonly name: string; readonly what: string; readonly states: number })[] = [
  {
    name: 'a',
    what: 'one object, two operators active at once, an operator crash, an array crash, a lost or late message, deleted and created again; any three of these',
    operators: 2,
    objects: { x: { from: 'S', to: 'T0', backoffLimit: 0, safetySnapshot: 'Never' } },
    again: { from: 'T1', to: 'T0' },
    isHeld: true,
    budget: { operatorCrash: 1, arrayCrash: 1, loss: 1, delete: 1, recreate: 1 },
    atMost: 3,
    states: 461_187,
  },
  {
    name: 'b',
    what: 'two objects on one target, a lost or late message',
    operators: 1,
    objects: {
      x: { from: 'S', to: 'T0', backoffLimit: 0, runID: 'r' },
      y: { from: 'T1', to: 'T0', backoffLimit: 0 },
    },
    budget: { loss: 1 },
    states: 139_329,
  },
  {
    name: 'c',
    what: 'a chain of sources and targets, S to T0 to T1, a lost or late message, one object deleted',
    operators: 1,
    objects: {
      x: { from: 'S', to: 'T0', backoffLimit: 0, safetySnapshot: 'Never' },
      y: { from: 'T0', to: 'T1', backoffLimit: 0, safetySnapshot: 'Never' },
    },
    budget: { loss: 1, delete: 1 },
    states: 797_323,
  },
  {
    name: 'd',
    what: 'cancel, suspend and deadline against a failure and an array crash, with roll-back',
    operators: 1,
    objects: { x: { from: 'S', to: 'T0', backoffLimit: 1, activeDeadlineSeconds: 1_000_000 } },
    budget: { cancel: 1, suspend: 1, deadline: 1, arrayCrash: 1, failure: 1, loss: 1 },
    states: 400_804,
  },
  {
    name: 'e',
    what: 'etcd put back once to an earlier state, with a lost or late message and an array crash',
    operators: 1,
    objects: { x: { from: 'S', to: 'T0', backoffLimit: 1 } },
    budget: { restore: 1, loss: 1, arrayCrash: 1, operatorCrash: 1 },
    states: 53_562,
  },
];

function initialState(setting: Omit<Setting, 'what'>): State {
  let state: State = {
    array: initialArray(),
    objects: {},
    version: 1,
    uids: 0,
    operators: Array.from({ length: setting.operators }, () => ({ activities: {} })),
    strays: [],
    budget: { ...NOTHING, ...setting.budget },
    ghost: { content: { S: 'image', T0: 'old 0', T1: 'old 1' }, sources: {}, before: {}, succeeded: [] },
    late: [],
    backUp: undefined,
  };
  for (const [name, { from, to, ...spec }] of Object.entries(setting.objects)) {
    const object = newObject(name, state, { from, to, isHeld: setting.isHeld }, spec);
    state = {
      ...state,
      uids: state.uids + 1,
      version: state.version + 1,
      objects: { ...state.objects, [name]: object },
    };
  }
  return state;
}

/** Volumes T0 and T1, and S, a snapshot of T0 of which T0 has moved on. */
function initialArray(): ArrayState {
  let array: ArrayState = {
    arrayID: ARRAY_ID,
    generation: 0,
    serial: 0,
    luns: new Map(),
    operations: new Map(),
    pools: new Map(),
    retiredIDs: new Set(),
  };
  array = apply(array, (from) => createPool(from, { name: 'pool', capacityBytes: 2 ** 40 })).array;
  const volume = { pool: 'pool', sizeBytes: 4096, identifiers: null, diskSignature: '', volumes: [], now: 0 };
  for (const id of ['T0', 'T1']) array = apply(array, (from) => createVolume(from, { ...volume, id })).array;
  array = apply(array, (from) => createSnapshot(from, { id: 'S', parentLunID: 'T0', sharedBytes: 0, now: 0 })).array;
  const draft = new Draft(array);
  draft.raiseContent(draft.existingLun('T0'));
  return applyChanges(array, draft.done(undefined).changes);
}

function newObject(
  name: string,
  { uids, version }: State,
  { from, to, isHeld = false }: { readonly from: string; readonly to: string; readonly isHeld?: boolean | undefined },
  spec: Partial<LunResyncSpec> = { backoffLimit: 0, safetySnapshot: 'Never' },
): LunResync {
  const parsed = parseLunResync({
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `u${uids + 1}`,
      resourceVersion: String(version + 1),
      generation: 1,
      ...(isHeld ? { finalizers: [FINALIZER] } : {}),
      creationTimestamp: '2026-11-24T09:00:00Z',
    },
    spec: { pairs: [{ name: 'data', source: { lunID: from }, target: { lunID: to } }], ...spec },
  });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}
