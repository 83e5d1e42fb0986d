/**
 * The story of one key: observe, decide, act, record; again, until there is nothing to do at once.
 *
 * Nothing survives in memory between two steps: whatever must not be forgotten is in the object or in the array. An
 * action is taken only on an object that was read from etcd, or returned by our own write, in this same reconcile.
 */
import { isDeepStrictEqual } from 'node:util';
import type { LunResync } from '../api/lun-resync.ts';
import { conclude } from '../core/conclude.ts';
import { decide } from '../core/decide.ts';
import type { Action, Decision } from '../core/decision.ts';
import type { Observation } from '../core/observation.ts';
import { callArray, changeObject } from './act.ts';
import { observe, pairsOf } from './observe.ts';
import { Superseded } from './ports.ts';
import { keyOfResync, type World } from './world.ts';

/** More steps than any run takes without waiting: a bound against a loop that feeds itself. */
const MAX_STEPS = 24;
const AFTER_TOO_MANY_STEPS_MS = 1_000;
/** Until the copies of this process know of a change that etcd has. */
const AFTER_A_CHANGE_MS = 500;

type Step =
  | { readonly kind: 'Again'; readonly resync: LunResync }
  | { readonly kind: 'Wait'; readonly lookAgainInMs: number | undefined };

/**
 * Works on one object until it has to wait. Resolves to the milliseconds after which to look again; undefined when only
 * a change of the object calls for it. May be called at any time, any number of times.
 */
export async function reconcile(key: string, world: World, signal: AbortSignal): Promise<number | undefined> {
  let resync = world.store.get(key);
  let isFresh = false;
  for (let step = 0; step < MAX_STEPS; step++) {
    if (resync === undefined) return undefined;
    try {
      const taken = await takeStep(resync, isFresh, world, signal);
      if (taken.kind === 'Wait') return taken.lookAgainInMs;
      resync = taken.resync;
      isFresh = true;
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      resync = await world.store.read(key, signal);
      isFresh = true;
    }
  }
  return AFTER_TOO_MANY_STEPS_MS;
}

async function takeStep(resync: LunResync, isFresh: boolean, world: World, signal: AbortSignal): Promise<Step> {
  const observed = await observe(resync, world, signal);
  const arrayName = observed.array.state === 'found' ? observed.array.name : '';
  // From here to the place that `record` takes nothing is awaited: two workers cannot count the same free place.
  const seen = { ...observed, othersRunning: world.slots.othersRunning(arrayName, keyOfResync(resync)) };
  const decision = decide(seen);
  if (decision.kind !== 'Act') return record(seen, decision, world, signal);
  if (!isFresh && needsFreshObject(decision.action)) {
    const read = await world.store.read(keyOfResync(resync), signal);
    return read === undefined ? { kind: 'Wait', lookAgainInMs: undefined } : { kind: 'Again', resync: read };
  }
  if (decision.action.kind === 'Start' && !(await leadsThereStill(seen, world, signal)))
    return { kind: 'Wait', lookAgainInMs: AFTER_A_CHANGE_MS };
  return act(seen, decision.action, world, signal);
}

/**
 * Whether the claims of the spec lead to the same LUNs when they are read from etcd. A claim may have been swapped for another
 * one, or its volume given to somebody else, since the copies of this process were brought up to date.
 */
async function leadsThereStill(
  { resync, pairs }: Pick<Observation, 'resync' | 'pairs'>,
  world: World,
  signal: AbortSignal,
): Promise<boolean> {
  const claims = [...new Set(pairs.flatMap(({ claim }) => claim?.name ?? []))];
  if (claims.length === 0) return true;
  const volumes = await world.volumes.fresh(resync.metadata.namespace, claims, signal);
  return isDeepStrictEqual(pairsOf(resync, world, volumes), pairsOf(resync, world, world.volumes.view));
}

async function act(seen: Observation, action: Action, world: World, signal: AbortSignal): Promise<Step> {
  switch (action.kind) {
    case 'AddFinalizer':
    case 'RemoveFinalizer':
    case 'DeleteObject':
    case 'RaiseClaim': {
      const changed = await changeObject(seen.resync, action, world, signal);
      return changed === undefined ? { kind: 'Wait', lookAgainInMs: undefined } : { kind: 'Again', resync: changed };
    }
    default: {
      const concluded = conclude(seen, await callArray(seen.resync, action, world, signal));
      return concluded.kind === 'Act'
        ? act(seen, concluded.action, world, signal)
        : record(seen, concluded, world, signal);
    }
  }
}

/**
 * A stale view must not reach the array. Writes to the API server carry the version that they were decided on, and a
 * release lets go of a record that nobody needs any more, whatever has become of the object.
 */
function needsFreshObject(action: Action): boolean {
  return action.kind === 'Start' || action.kind === 'Cancel' || action.kind === 'DeleteSafetySnapshots';
}

async function record(
  seen: Observation,
  decision: Exclude<Decision, { kind: 'Act' }>,
  world: World,
  signal: AbortSignal,
): Promise<Step> {
  const { resync } = seen;
  if (decision.kind === 'Wait' || isDeepStrictEqual(decision.status, resync.status))
    return next(resync, decision.lookAgainInMs);
  const { status } = decision;
  const begins = status.operationID !== undefined && status.operationID !== resync.status.operationID;
  // Taken before the first await, so that no other worker counts without it.
  using _place = begins ? world.slots.reserve(status.arrayName ?? '', keyOfResync(resync)) : undefined;
  const written = await world.store.writeStatus(resync, status, signal);
  for (const announcement of decision.announcements) world.announce(written, announcement);
  world.report.onProgress(written, (status.progress?.copiedBytes ?? 0) - (resync.status.progress?.copiedBytes ?? 0));
  if (decision.ended !== undefined) world.report.onEnded(written, decision.ended);
  return next(written, decision.lookAgainInMs);
}

function next(resync: LunResync, lookAgainInMs: number | undefined): Step {
  return lookAgainInMs === 0 ? { kind: 'Again', resync } : { kind: 'Wait', lookAgainInMs };
}
