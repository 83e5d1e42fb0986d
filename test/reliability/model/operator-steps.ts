/**
 * What an operator does, in steps between which everything else may happen, as src/controller/reconcile.ts does it: look and
 * decide; act; record. The decisions are those of the project's own `decide` and `conclude`.
 */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { FINALIZER } from '../../../src/api/names.ts';
import { conclude } from '../../../src/core/conclude.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Action, Answer, ArrayAction, Decision, ObjectAction } from '../../../src/core/decision.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { arrive } from './array-calls.ts';
import { checkObject } from './checks.ts';
import { type Model, observe } from './observe.ts';
import type { Activity, Operator, State, Step } from './state.ts';

export function* operatorSteps(state: State, model: Model): Generator<Step> {
  for (const [index, { activities }] of state.operators.entries()) {
    const at = { state, model, index };
    for (const name of Object.keys(state.objects)) {
      const activity = activities[name];
      yield* activity === undefined ? looks(at, name) : acts(at, name, activity);
    }
    yield* dies(at, activities);
  }
}

type At = { readonly state: State; readonly model: Model; readonly index: number };

/** An operator dies in the middle of what it has decided; a call of it may be on its way. */
function* dies({ state, index }: At, activities: Operator['activities']): Generator<Step> {
  const decided = Object.values(activities).flatMap((activity) => activity ?? []);
  if (decided.length === 0 || state.budget.operatorCrash === 0) return;
  const budget = { ...state.budget, operatorCrash: state.budget.operatorCrash - 1 };
  const dead = { ...withOperator(state, index, { activities: {} }), budget };
  yield { label: `operator ${index} dies`, isFault: true, next: dead };
  for (const { seen, decision } of decided) {
    if (decision.kind !== 'Act' || isObjectAction(decision.action)) continue;
    const stray = { action: decision.action, owner: seen.owner };
    const label = `operator ${index} dies, its ${decision.action.kind} on the way`;
    yield { label, isFault: true, next: { ...dead, strays: [...dead.strays, stray] } };
  }
}

/** Looks at the object, and decides. What it has decided to wait for is nothing to do. */
function* looks({ state, index }: At, name: string): Generator<Step> {
  const resync = state.objects[name];
  if (resync === undefined) return;
  const seen = observe(state, resync);
  const decision = decide(seen);
  if (decision.kind === 'Wait') return;
  const next = withActivity(state, index, name, { seen, decision });
  yield { label: `operator ${index} on ${name} decides ${wordsOf(decision)}`, isFault: false, next };
}

function* acts(at: At, name: string, { seen, decision }: Activity): Generator<Step> {
  const { state, model, index } = at;
  const who = `operator ${index} on ${name}`;
  const idle = withActivity(state, index, name, undefined);
  if (decision.kind === 'Wait') return;
  if (decision.kind === 'Record') {
    const { resync, ok } = stored(state, seen.resync, { ...seen.resync, status: settled(decision) }, model);
    const label = `${who} writes ${wordsOf(decision)}${ok ? '' : ', and is superseded'}`;
    yield { label, isFault: false, next: ok ? written(idle, name, resync) : idle };
    return;
  }
  const { action } = decision;
  if (isObjectAction(action)) {
    const { next, ok } = changed(idle, seen.resync, action, model);
    yield { label: `${who}: ${action.kind}${ok ? '' : ', and is superseded'}`, isFault: false, next };
    return;
  }
  yield* calls(at, name, { seen, action });
}

function* calls(
  at: At,
  name: string,
  { seen, action }: { readonly seen: Observation; readonly action: ArrayAction },
): Generator<Step> {
  const { state } = at;
  const { owner } = seen;
  const who = `operator ${at.index} on ${name}: ${action.kind}`;
  const { next, answer } = arrive(state, { action, owner });
  const hear = (after: State, heard: Answer): State => hears({ ...at, state: after }, name, { seen, answer: heard });
  yield { label: `${who} is answered`, isFault: false, next: hear(next, answer) };
  if (state.budget.loss === 0) return;
  const budget = { ...state.budget, loss: state.budget.loss - 1 };
  const unknown = answerLost(action);
  const strays = [...state.strays, { action, owner }];
  yield { label: `${who} is late or lost`, isFault: true, next: hear({ ...state, budget, strays }, unknown) };
  yield { label: `${who}: its answer is lost`, isFault: true, next: hear({ ...next, budget }, unknown) };
}

/** What an answer means, for what was seen when the call was made. */
function hears(
  { state, index }: At,
  name: string,
  { seen, answer }: { readonly seen: Observation; readonly answer: Answer },
): State {
  const decision = conclude(seen, answer);
  return withActivity(state, index, name, decision.kind === 'Wait' ? undefined : { seen, decision });
}

/** A back-off is over when anybody looks again: the model has no clock. */
function settled(decision: Extract<Decision, { kind: 'Record' }>): LunResync['status'] {
  const { retryTime: _retry, ...status } = decision.status;
  return status;
}

type Storing = { readonly resync: LunResync; readonly ok: boolean };

/** A write with the uid and the version of what was seen; the model may be told not to compare them. */
function stored(state: State, seen: LunResync, wanted: LunResync, model: Model): Storing {
  const { namespace, name, uid, resourceVersion } = seen.metadata;
  const now = state.objects[name];
  const isSame = now !== undefined && now.metadata.uid === uid && now.metadata.resourceVersion === resourceVersion;
  const ok = now !== undefined && (isSame || !model.rules.resourceVersion);
  if (now === undefined || namespace === '') return { resync: wanted, ok: false };
  const metadata = {
    ...now.metadata,
    finalizers: wanted.metadata.finalizers,
    resourceVersion: String(state.version + 1),
  };
  const resync = isSame
    ? { ...wanted, metadata }
    : { ...now, status: wanted.status, metadata: { ...metadata, finalizers: now.metadata.finalizers } };
  return { resync: resync as LunResync, ok };
}

function written(state: State, name: string, resync: LunResync | undefined): State {
  const next = { ...state, version: state.version + 1, objects: { ...state.objects, [name]: resync } };
  checkObject(state, state.objects[name], resync);
  return next;
}

function changed(
  state: State,
  seen: LunResync,
  action: ObjectAction,
  model: Model,
): { readonly next: State; readonly ok: boolean } {
  const { name, finalizers = [] } = seen.metadata;
  const others = finalizers.filter((finalizer) => finalizer !== FINALIZER);
  const wanted = {
    ...seen,
    metadata: { ...seen.metadata, finalizers: action.kind === 'AddFinalizer' ? [...others, FINALIZER] : others },
  };
  const { resync, ok } = stored(state, seen, wanted, model);
  if (!ok) return { next: state, ok };
  const isGone = resync.metadata.deletionTimestamp !== undefined && (resync.metadata.finalizers ?? []).length === 0;
  return { next: written(state, name, isGone ? undefined : resync), ok };
}

function answerLost(action: ArrayAction): Answer {
  return { to: action.kind, answer: { kind: 'NotKnown', cause: 'Unreachable', message: 'lost' } };
}

function isObjectAction(action: Action): action is ObjectAction {
  return action.kind === 'AddFinalizer' || action.kind === 'RemoveFinalizer' || action.kind === 'DeleteObject';
}

function withActivity(state: State, index: number, name: string, activity: Activity | undefined): State {
  const operator = state.operators[index] ?? { activities: {} };
  return withOperator(state, index, { activities: { ...operator.activities, [name]: activity } });
}

function withOperator(state: State, index: number, operator: Operator): State {
  return { ...state, operators: state.operators.map((other, at) => (at === index ? operator : other)) };
}

function wordsOf(decision: Decision): string {
  if (decision.kind === 'Act') return decision.action.kind;
  if (decision.kind === 'Wait') return 'to wait';
  const { status } = decision;
  const succeeded = status.conditions?.find(({ type }) => type === 'Succeeded');
  return `${succeeded?.reason} ${status.operationID ?? ''}`.trimEnd();
}
