/**
 * Composes .status: the one place where what is known becomes what people and tools read. It is a pure function of
 * the observation and of the change that a rule wants, and gives an equal object when nothing has changed.
 */
import type { Condition, DataState, LunResyncStatus, PairStatus, TargetUser } from '../api/lun-resync-status.ts';
import { fitStatus, MAX_RESOLVED_TEXT, resolvedTextLength } from '../api/size.ts';
import { conditionOf, conditionsFor, type Undo } from './conditions.ts';
import { worstDataState } from './data-state.ts';
import { accessObjection } from './grants.ts';
import { type History, readHistory } from './history.ts';
import { HRESULTS, isErrorHresult } from './hresult.ts';
import { arrayName, isAttempted, type Observation, type ReadView } from './observation.ts';
import { pairStatuses } from './pair-status.ts';
import { iso, isoMillis, progressOf } from './progress.ts';
import { isReason, type ReasonName, reasonOf } from './reasons.ts';

export type Change = {
  readonly reason: ReasonName;
  readonly message: string;
  readonly stalled?: boolean;
  /** Of condition Stalled, where it is another one than `reason`. */
  readonly stalledReason?: ReasonName | undefined;
  /** The run waits for something: since when is kept as long as the reason stays. */
  readonly waits?: boolean;
  readonly users?: readonly TargetUser[];
  readonly undo?: Undo;
  /** By the names of pairs: the generations of the targets that an attempt was made for. */
  readonly generations?: ReadonlyMap<string, number | undefined>;
  /** Fields to set, or with `undefined` to take away. */
  readonly set?: Partial<LunResyncStatus>;
};

/** The status after the change. */
export function compose(o: Observation, change: Change): LunResyncStatus {
  const { status: previous, metadata } = o.resync;
  const status: LunResyncStatus = {
    ...previous,
    ...seenFields(o, change),
    observedGeneration: metadata.generation,
    hresult: hresultOf(change.reason, change.set?.ending ?? previous.ending),
    progress: progressField(o, change),
    waitingSince: change.waits === true ? waitingSince(o, change.reason) : undefined,
    users: usersOf(previous, change),
    ...pauseFields(o, change.reason),
    ...change.set,
    ...(reasonOf(change.reason).kind === 'Active' ? {} : FINISHED_FIELDS),
  };
  return fitStatus(withoutUndefined({ ...status, conditions: conditionsOf(o, change, status.dataState) }));
}

function conditionsOf(o: Observation, change: Change, dataState: DataState | undefined): Condition[] {
  const { reason, message, stalled = false, stalledReason, undo = 'NotFinished' } = change;
  return conditionsFor({
    previous: o.resync.status.conditions ?? [],
    generation: o.resync.metadata.generation,
    now: iso(o.now),
    reason,
    message,
    stalled,
    stalledReason,
    dataState: dataState ?? 'Untouched',
    undo,
  });
}

/** What the LUNs tell; without them everything stays as it was last known. */
function seenFields(o: Observation, change: Change): Partial<LunResyncStatus> {
  if (o.view.state !== 'read') return {};
  const history = readHistory(o.owner, o.pairs, o.view);
  const pairs = pairsOf(o, o.view, history, change);
  const accepted = history.newest === undefined ? {} : acceptedFields(o, o.view);
  if (pairs.length === 0) return accepted;
  const dataState = worstDataState(pairs.map((pair) => pair.dataState ?? 'Untouched'));
  return { ...accepted, pairs, pairsSummary: summary(pairs), dataState };
}

/** Since when the run has waited for this reason, as RFC 3339; now, when it begins to. */
export function waitingSince(o: Observation, reason: ReasonName): string {
  const { conditions, waitingSince: since } = o.resync.status;
  const same = conditionOf(conditions, 'Succeeded')?.reason === reason;
  return same && since !== undefined ? since : isoMillis(o.now);
}

/** What the status shows, to be shown on: for a write that only concerns what people do not read. */
export function shownNow(o: Observation): Pick<Change, 'reason' | 'message' | 'stalled' | 'waits'> {
  const { conditions, waitingSince: since } = o.resync.status;
  const seen = conditionOf(conditions, 'Succeeded');
  const known = seen !== undefined && isReason(seen.reason) && reasonOf(seen.reason).kind === 'Active';
  return {
    reason: known ? (seen.reason as ReasonName) : 'Starting',
    message: seen?.message ?? '',
    stalled: conditionOf(conditions, 'Stalled')?.status === 'True',
    waits: since !== undefined,
  };
}

/** Timers that mean nothing any more once the run has ended. */
const FINISHED_FIELDS = {
  waitingSince: undefined,
  retryTime: undefined,
  pausedSince: undefined,
  operationID: undefined,
  operationKind: undefined,
} as const;

/** The array has accepted an attempt, also one that the status did not know of. */
function acceptedFields(o: Observation, { identity }: ReadView): Partial<LunResyncStatus> {
  const { status } = o.resync;
  const name = arrayName(o);
  return {
    startTime: status.startTime ?? iso(o.now),
    ...(name === '' ? {} : { arrayName: status.arrayName ?? name }),
    arrayID: status.arrayID ?? identity.arrayID,
  };
}

/** Before the first intent nothing is kept: what the names lead to may still change. */
function pairsOf(o: Observation, view: ReadView, history: History, change: Change): PairStatus[] {
  const { pairs: recorded = [], startTime } = o.resync.status;
  // What the array says of a LUN would tell a namespace without a grant whether it exists. A run of ours has told it.
  if (!isAttempted(o) && history.newest === undefined && accessObjection(o) !== undefined) return [];
  const begins = beginsAttempt(o, change);
  const kept = isAttempted(o) ? recorded : [];
  const pairs = pairStatuses({
    history,
    view,
    operation: begins ? undefined : view.operation,
    expected: {
      verify: o.resync.spec.verify,
      wasAccepted: startTime !== undefined,
      isDoubted: change.reason === 'ArrayContractViolation',
    },
    previous: begins ? kept.map(({ copiedBytes: _copied, totalBytes: _total, ...pair }) => pair) : kept,
  });
  if (resolvedTextLength(pairs) > MAX_RESOLVED_TEXT)
    return pairs.map(({ source: _source, target: _target, ...pair }) => pair);
  return pairs.map((pair) => {
    const generation = change.generations?.get(pair.name);
    return generation === undefined ? pair : { ...pair, target: { ...pair.target, generation } };
  });
}

/** Who holds a target. Stays on record where the run ends because of it. */
function usersOf(previous: LunResyncStatus, { users, set }: Change): LunResyncStatus['users'] {
  if (users !== undefined && users.length > 0) return users;
  return (set?.ending ?? previous.ending)?.reason === 'TargetInUse' ? previous.users : undefined;
}

function summary(pairs: readonly PairStatus[]): string {
  return `${pairs.filter((pair) => pair.state === 'Succeeded').length}/${pairs.length}`;
}

/** Bytes and progress are told of one operation; the next one starts from nothing. */
function beginsAttempt(o: Observation, { set }: Change): boolean {
  return set?.operationID !== undefined && set.operationID !== o.resync.status.operationID;
}

function progressField(o: Observation, change: Change): LunResyncStatus['progress'] {
  if (beginsAttempt(o, change)) return undefined;
  const { progress: previous, operationID } = o.resync.status;
  const operation = o.view.state === 'read' ? o.view.operation : undefined;
  if (operation?.outcome !== 'Running' || operation.operationID !== operationID) return previous;
  return progressOf({ previous, operation, now: o.now });
}

/** What QueryStatus would say: PENDING, FINISHED, CANCELLED, or the error; the array's own where ours says nothing. */
function hresultOf(reason: ReasonName, ending: LunResyncStatus['ending']): LunResyncStatus['hresult'] {
  const own = reasonOf(reason).hresult;
  const given = ending?.hresult;
  const name = own === 'VSS_E_UNEXPECTED' && given !== undefined && isErrorHresult(given) ? given : own;
  return { name, code: HRESULTS[name] };
}

/** Time spent suspended or in maintenance does not count against activeDeadlineSeconds. */
function pauseFields(o: Observation, reason: ReasonName): Pick<LunResyncStatus, 'pausedSince' | 'pausedSeconds'> {
  const { startTime, pausedSince, pausedSeconds } = o.resync.status;
  const paused = reason === 'Suspended' || reason === 'Maintenance';
  if (paused) return startTime === undefined ? {} : { pausedSince: pausedSince ?? isoMillis(o.now) };
  if (pausedSince === undefined) return {};
  const seconds = Math.max(0, Math.round((o.now - Date.parse(pausedSince)) / 1000));
  return { pausedSince: undefined, pausedSeconds: Math.min((pausedSeconds ?? 0) + seconds, MAX_SECONDS) };
}

const MAX_SECONDS = 2 ** 31 - 1;

function withoutUndefined(status: LunResyncStatus): LunResyncStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined)) as LunResyncStatus;
}
