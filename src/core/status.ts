/**
 * Composes .status: the one place where what is known becomes what people and tools read. It is a pure function of
 * the observation and of the change that a rule wants, and gives an equal object when nothing has changed.
 */
import type { LunResyncStatus, PairStatus, TargetUser } from '../api/lun-resync-status.ts';
import { conditionOf, conditionsFor, type Undo } from './conditions.ts';
import { worstDataState } from './data-state.ts';
import { type History, readHistory } from './history.ts';
import { HRESULTS, isHresult } from './hresult.ts';
import type { Observation } from './observation.ts';
import { pairStatuses } from './pair-status.ts';
import { iso, isoMillis, progressOf } from './progress.ts';
import { type ReasonName, reasonOf } from './reasons.ts';

export type Change = {
  readonly reason: ReasonName;
  readonly message: string;
  readonly stalled?: boolean;
  /** The run waits for something: since when is kept as long as the reason stays. */
  readonly waits?: boolean;
  readonly users?: readonly TargetUser[];
  readonly undo?: Undo;
  /** Fields to set, or with `undefined` to take away. */
  readonly set?: Partial<LunResyncStatus>;
};

/** The status after the change. */
export function compose(o: Observation, change: Change): LunResyncStatus {
  const previous = o.resync.status;
  const history = o.view.state === 'read' ? readHistory(o.owner, o.pairs, o.view) : undefined;
  const pairs = pairsOf(o, history);
  const dataState = worstDataState(pairs.map((pair) => pair.dataState ?? 'Untouched'));
  const status: LunResyncStatus = {
    ...previous,
    observedGeneration: o.resync.metadata.generation,
    hresult: hresultOf(change.reason, change.set?.ending ?? previous.ending),
    ...(pairs.length > 0 ? { pairs, pairsSummary: summary(pairs), dataState } : {}),
    ...progressField(o),
    waitingSince: change.waits === true ? waitingSince(o, change.reason) : undefined,
    users: change.users?.length ? change.users : undefined,
    ...pauseFields(o, change.reason),
    ...change.set,
  };
  const dataStateNow = status.dataState ?? 'Untouched';
  return withoutUndefined({
    ...status,
    ...(reasonOf(change.reason).kind === 'Active' ? {} : FINISHED_FIELDS),
    conditions: conditionsFor({
      previous: previous.conditions ?? [],
      generation: o.resync.metadata.generation,
      now: iso(o.now),
      reason: change.reason,
      message: change.message,
      stalled: change.stalled ?? false,
      dataState: dataStateNow,
      undo: change.undo ?? 'NotFinished',
    }),
  });
}

/** Since when the run has waited for this reason, as RFC 3339; now, when it begins to. */
export function waitingSince(o: Observation, reason: ReasonName): string {
  const { conditions, waitingSince: since } = o.resync.status;
  const same = conditionOf(conditions, 'Succeeded')?.reason === reason;
  return same && since !== undefined ? since : isoMillis(o.now);
}

/** Timers that mean nothing any more once the run has ended. */
const FINISHED_FIELDS = {
  waitingSince: undefined,
  retryTime: undefined,
  pausedSince: undefined,
  operationID: undefined,
  operationKind: undefined,
} as const;

function pairsOf(o: Observation, history: History | undefined): PairStatus[] {
  const previous = o.resync.status.pairs ?? [];
  if (o.view.state !== 'read' || history === undefined) return [...previous];
  return pairStatuses({ history, view: o.view, verify: o.resync.spec.verify, previous });
}

function summary(pairs: readonly PairStatus[]): string {
  return `${pairs.filter((pair) => pair.state === 'Succeeded').length}/${pairs.length}`;
}

function progressField(o: Observation): Pick<LunResyncStatus, 'progress'> {
  const { operation } = o.view.state === 'read' ? o.view : {};
  if (operation === undefined || operation.outcome !== 'Running') return {};
  const { progress: previous, operationID } = o.resync.status;
  return { progress: progressOf({ previous, operation, now: o.now, sameOperation: operationID === operation.operationID }) };
}

/** What QueryStatus would say: PENDING, FINISHED, CANCELLED, or the error; the array's own last error where there is one. */
function hresultOf(reason: ReasonName, ending: LunResyncStatus['ending']): LunResyncStatus['hresult'] {
  const own = reasonOf(reason).hresult;
  const name = own === 'VSS_E_UNEXPECTED' && ending?.hresult !== undefined && isHresult(ending.hresult) ? ending.hresult : own;
  return { name, code: HRESULTS[name] };
}

/** Time spent suspended or in maintenance does not count against activeDeadlineSeconds. */
function pauseFields(o: Observation, reason: ReasonName): Pick<LunResyncStatus, 'pausedSince' | 'pausedSeconds'> {
  const { startTime, pausedSince, pausedSeconds } = o.resync.status;
  const paused = reason === 'Suspended' || reason === 'Maintenance';
  if (paused) return startTime === undefined ? {} : { pausedSince: pausedSince ?? isoMillis(o.now) };
  if (pausedSince === undefined) return {};
  const seconds = Math.max(0, Math.round((o.now - Date.parse(pausedSince)) / 1000));
  return { pausedSince: undefined, pausedSeconds: (pausedSeconds ?? 0) + seconds };
}

function withoutUndefined(status: LunResyncStatus): LunResyncStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined)) as LunResyncStatus;
}
