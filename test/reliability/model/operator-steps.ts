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
  for (const [index, operator] of state.operators.entries()) {
    const at = { state, model, index };
    for (const name of Object.keys(state.objects)) yield* stepsOn(at, name, operator.activities[name]);
    const isBusy = Object.values(operator.activities).some((activity) => activity !== undefined);
    if (isBusy && state.budget.operatorCrash > 0) {
      const budget = { ...state.budget, operatorCrash: state.budget.operatorCrash - 1 };
      const strays = [...state.strays, ...callsOf(operator)];
      yield {
        label: `operator ${index}: dies`,
        isFault: true,
        next: { ...withOperator(state, index, { activities: {} }), budget, strays },
      };
    }
  }
}

type At = { readonly state: State; readonly model: Model; readonly index: number };

function* stepsOn(at: At, name: string, activity: Activity | undefined): Generator<Step> {
  const who = `operator ${at.index} on ${name}`;
  switch (activity?.kind) {
    case undefined:
    case 'Again':
      return yield* looks(at, name, activity !== undefined);
    case 'Decided':
      return yield* acts(at, name, activity);
    case 'Calling': {
      const { action, seen } = activity;
      const owner = seen.owner;
      const { next, answer } = arrive(at.state, { action, owner });
      yield {
        label: `${who}: ${action.kind} is answered`,
        isFault: false,
        next: hears({ ...at, state: next }, name, { seen, answer }),
      };
      if (at.state.budget.loss === 0) return;
      const budget = { ...at.state.budget, loss: at.state.budget.loss - 1 };
      const unknown = answerLost(action);
      const late = { ...at.state, budget, strays: [...at.state.strays, { action, owner }] };
      yield {
        label: `${who}: ${action.kind} is late`,
        isFault: true,
        next: hears({ ...at, state: late }, name, { seen, answer: unknown }),
      };
      const lost = { ...next, budget };
      yield {
        label: `${who}: the answer to ${action.kind} is lost`,
        isFault: true,
        next: hears({ ...at, state: lost }, name, { seen, answer: unknown }),
      };
    }
  }
}

/** Looks at the object, and decides. What it has decided to wait for is nothing to do. */
function* looks({ state, model, index }: At, name: string, isFresh: boolean): Generator<Step> {
  const resync = state.objects[name];
  if (resync === undefined) {
    if (isFresh)
      yield {
        label: `operator ${index}: ${name} is gone`,
        isFault: false,
        next: withActivity(state, index, name, undefined),
      };
    return;
  }
  const seen = observe(state, resync, model);
  const decision = decide(seen);
  if (decision.kind === 'Wait') {
    if (isFresh)
      yield {
        label: `operator ${index} on ${name}: waits`,
        isFault: false,
        next: withActivity(state, index, name, undefined),
      };
    return;
  }
  const next = withActivity(state, index, name, { kind: 'Decided', seen, decision, isFresh });
  yield { label: `operator ${index} on ${name}: decides ${wordsOf(decision)}`, isFault: false, next };
}

function* acts(
  { state, model, index }: At,
  name: string,
  activity: Extract<Activity, { kind: 'Decided' }>,
): Generator<Step> {
  const { seen, decision, isFresh } = activity;
  const who = `operator ${index} on ${name}`;
  if (decision.kind === 'Record') {
    const { resync, ok } = stored(state, seen.resync, { ...seen.resync, status: settled(decision) }, model);
    const after = ok ? written(state, name, resync) : state;
    const goesOn = !ok || decision.lookAgainInMs === 0;
    const label = `${who}: writes ${wordsOf(decision)}${ok ? '' : ', and is superseded'}`;
    yield { label, isFault: false, next: withActivity(after, index, name, goesOn ? { kind: 'Again' } : undefined) };
    return;
  }
  if (decision.kind === 'Wait') return;
  const { action } = decision;
  if (isObjectAction(action)) {
    const { next, ok } = changed(state, seen.resync, action, model);
    yield {
      label: `${who}: ${action.kind}${ok ? '' : ', and is superseded'}`,
      isFault: false,
      next: withActivity(next, index, name, { kind: 'Again' }),
    };
    return;
  }
  const needsFresh = action.kind !== 'Release' && model.rules.freshObject;
  const next: Activity = needsFresh && !isFresh ? { kind: 'Again' } : { kind: 'Calling', seen, action };
  yield {
    label: `${who}: ${next.kind === 'Again' ? 'reads the object anew' : `calls ${action.kind}`}`,
    isFault: false,
    next: withActivity(state, index, name, next),
  };
}

/** What an answer means, for what was seen when the call was made. */
function hears(
  { state, index }: At,
  name: string,
  { seen, answer }: { readonly seen: Observation; readonly answer: Answer },
): State {
  const decision = conclude(seen, answer);
  if (decision.kind === 'Act')
    return withActivity(state, index, name, { kind: 'Decided', seen, decision, isFresh: true });
  if (decision.kind === 'Wait')
    return withActivity(state, index, name, decision.lookAgainInMs === 0 ? { kind: 'Again' } : undefined);
  return withActivity(state, index, name, { kind: 'Decided', seen, decision, isFresh: true });
}

/** Timers are over when anybody looks again: the model has no clock. */
function settled(decision: Extract<Decision, { kind: 'Record' }>): LunResync['status'] {
  const { retryTime: _retry, waitingSince: _since, ...status } = decision.status;
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

function callsOf({ activities }: Operator): State['strays'] {
  return Object.values(activities).flatMap((activity) =>
    activity?.kind === 'Calling' ? [{ action: activity.action, owner: activity.seen.owner }] : [],
  );
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
