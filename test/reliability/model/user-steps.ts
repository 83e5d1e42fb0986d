/** What users do, what the network brings late, and an etcd that is put back. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { arrive } from './array-calls.ts';
import { checkObject, isOver } from './checks.ts';
import type { Budget, State, Step } from './state.ts';
import { sweepable } from './sweep-steps.ts';

/** The object that a user creates under the name when the first is gone. */
export type Recreate = (state: State, name: string) => LunResync;

export function* userSteps(state: State, recreate: Recreate): Generator<Step> {
  for (const [name, resync] of Object.entries(state.objects)) {
    if (resync === undefined) {
      if (state.budget.recreate > 0)
        yield user(`creates ${name} again`, spend(withObject(state, name, recreate(state, name), 1), 'recreate'));
      continue;
    }
    yield* changes(state, name, resync);
  }
  for (const [index, stray] of state.strays.entries()) {
    const strays = state.strays.filter((_, at) => at !== index);
    const { next } = arrive({ ...state, strays }, stray);
    yield { label: `${stray.action.kind} of ${stray.owner.split('/').at(-1)} arrives late`, isFault: true, next };
  }
  if (state.backUp === undefined && state.budget.restore > 0)
    yield user('etcd is backed up', { ...state, backUp: state.objects });
  else if (state.backUp !== undefined && state.budget.restore > 0) {
    const operators = state.operators.map(() => ({ activities: {} }));
    // From now on an operation may have lost its object: -1 is what the checks look at.
    const budget = { ...state.budget, restore: -1 };
    yield user('etcd is put back', {
      ...state,
      objects: state.backUp,
      backUp: undefined,
      operators,
      budget,
      version: state.version + 1,
    });
  }
  yield* sweepable(state);
}

function* changes(state: State, name: string, resync: LunResync): Generator<Step> {
  yield* patience(state, name, resync);
  const { deletionTimestamp, finalizers = [], generation } = resync.metadata;
  const { budget } = state;
  if (budget.delete > 0 && deletionTimestamp === undefined) {
    const metadata = { ...resync.metadata, deletionTimestamp: '2026-11-24T10:00:00Z', generation: generation + 1 };
    const isGone = finalizers.length === 0;
    if (isGone) checkObject(state, resync, undefined);
    yield user(
      `deletes ${name}`,
      spend(withObject(state, name, isGone ? undefined : { ...resync, metadata }, 0), 'delete'),
    );
  }
  if (isOver(resync)) return;
  const metadata = { ...resync.metadata, generation: generation + 1 };
  if (budget.cancel > 0 && !resync.spec.cancel)
    yield user(
      `cancels ${name}`,
      spend(withObject(state, name, { ...resync, metadata, spec: { ...resync.spec, cancel: true } }, 0), 'cancel'),
    );
  if (budget.suspend > 0) {
    const suspended = { ...resync, metadata, spec: { ...resync.spec, suspend: !resync.spec.suspend } };
    // To be let go on is no fault: who has suspended a run lets it go on.
    const step = user(
      `${resync.spec.suspend ? 'resumes' : 'suspends'} ${name}`,
      resync.spec.suspend
        ? spend(withObject(state, name, suspended, 0), 'suspend')
        : withObject(state, name, suspended, 0),
    );
    yield { ...step, isFault: !resync.spec.suspend };
  }
  if (
    budget.deadline > 0 &&
    resync.spec.activeDeadlineSeconds !== undefined &&
    !state.late.includes(resync.metadata.uid)
  )
    yield user(
      `the deadline of ${name} is over`,
      spend({ ...state, late: [...state.late, resync.metadata.uid] }, 'deadline'),
    );
}

/** What is waited for with a limit is not waited for longer: time passes without a fault. */
function* patience(state: State, name: string, { metadata: { uid }, status }: LunResync): Generator<Step> {
  if (status.waitingSince === undefined || status.completionTime !== undefined || state.late.includes(`waited ${uid}`))
    return;
  yield {
    label: `${name} has waited long enough`,
    isFault: false,
    next: { ...state, late: [...state.late, `waited ${uid}`] },
  };
}

function user(label: string, next: State): Step {
  return { label, isFault: true, next };
}

function spend(state: State, what: keyof Budget): State {
  return { ...state, budget: { ...state.budget, [what]: state.budget[what] - 1 } };
}

function withObject(state: State, name: string, resync: LunResync | undefined, uids: number): State {
  const version = state.version + 1;
  const object =
    resync === undefined
      ? undefined
      : { ...resync, metadata: { ...resync.metadata, resourceVersion: String(version) } };
  return { ...state, version, uids: state.uids + uids, objects: { ...state.objects, [name]: object } };
}
