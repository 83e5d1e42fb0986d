/** status.pairs: what each pair was resolved to and what became of it. */
import { MAX_PAIR_MESSAGE, type PairStatus } from '../api/lun-resync-status.ts';
import { statusText } from '../api/size.ts';
import { type Lun, type Operation, uniqueIdentifier } from './array.ts';
import { dataStateOf, type Expected } from './data-state.ts';
import { type History, isUnsuccessfulEnd, type TargetHistory } from './history.ts';
import type { ReadView, ResolvedPair } from './observation.ts';
import { reasonForHresult } from './reasons.ts';

type PairContext = {
  readonly history: History;
  readonly view: ReadView;
  /** The operation that `previous` and this entry tell of. */
  readonly operation: Operation | undefined;
  readonly expected: Expected;
  /** What was recorded at the intent; empty before the first one. */
  readonly previous: readonly PairStatus[];
};

/** One entry a pair, in the order of the spec. What was recorded at the intent stays as it was recorded. */
export function pairStatuses(context: PairContext): PairStatus[] {
  return context.history.targets.map((target) => pairStatus(target, context));
}

/** Both sides of each pair as a first intent records them. */
export function resolvedSides(
  pairs: readonly ResolvedPair[],
  { luns }: ReadView,
): Pick<PairStatus, 'source' | 'target'>[] {
  return pairs.map((pair) => ({
    source: side(pair.sourceLunID, luns.get(pair.sourceLunID)),
    target: targetSide(pair, luns.get(pair.targetLunID)),
  }));
}

function pairStatus(target: TargetHistory, context: PairContext): PairStatus {
  const { pair, run } = target;
  const before = context.previous.find((candidate) => candidate.name === pair.name);
  if (pair.problem !== undefined) {
    const { reason, message } = pair.problem;
    return { ...before, name: pair.name, state: 'Pending', reason, message: statusText(message, MAX_PAIR_MESSAGE) };
  }
  return {
    name: pair.name,
    ...sidesOf(target, context.view, before),
    state: stateOf(target, context.operation),
    dataState: dataStateOf(target, context.history, context.expected),
    ...bytesOf(target, context.operation, before),
    ...optional('safetySnapshotID', run?.safetySnapshotID || before?.safetySnapshotID),
    ...errorOf(target),
  };
}

/** As recorded, where the record is of these LUNs; the size at the end once there is an end. */
function sidesOf(
  { pair, lun, run }: TargetHistory,
  view: ReadView,
  before: PairStatus | undefined,
): Required<Pick<PairStatus, 'source' | 'target'>> {
  const { sourceLunID } = pair;
  const { source, target } = before ?? {};
  const hasEnded = run !== undefined && run.outcome !== 'Running';
  return {
    source: source?.lunID === sourceLunID ? source : side(sourceLunID, view.luns.get(sourceLunID)),
    target: {
      ...(isRecorded(target, pair) ? target : targetSide(pair, lun)),
      ...(hasEnded && lun !== undefined ? { finalSizeBytes: lun.sizeBytes } : {}),
    },
  };
}

/** Until an intent has recorded its generation, a target follows what its name leads to. */
function isRecorded(target: PairStatus['target'], { targetLunID, claim }: ResolvedPair): boolean {
  return target?.lunID === targetLunID && (target.generation !== undefined || target.claimUID === claim?.uid);
}

function side(lunID: string, lun: Lun | undefined): NonNullable<PairStatus['source']> {
  return {
    ...optional('lunID', lunID),
    ...(lun === undefined ? {} : { ...optional('identifier', uniqueIdentifier(lun)), sizeBytes: lun.sizeBytes }),
  };
}

function targetSide({ targetLunID, claim }: ResolvedPair, lun: Lun | undefined): NonNullable<PairStatus['target']> {
  return { ...side(targetLunID, lun), ...optional('claimUID', claim?.uid) };
}

type Bytes = Pick<PairStatus, 'copiedBytes' | 'totalBytes'>;

/** Never less than before: `before` tells of the same operation. A success is all bytes, seen or not. */
function bytesOf(
  { pair, run }: TargetHistory,
  operation: Operation | undefined,
  before: PairStatus | undefined,
): Bytes {
  const reported: Bytes = operation?.pairs.find(({ targetLunID }) => targetLunID === pair.targetLunID) ?? {};
  const isDone = run?.outcome === 'Succeeded' || run?.outcome === 'RolledBack';
  const { copiedBytes: known = 0, totalBytes: knownTotal, source }: Partial<PairStatus> = before ?? {};
  const totalBytes = reported.totalBytes ?? knownTotal ?? (isDone ? source?.sizeBytes : undefined);
  if (totalBytes === undefined) return {};
  const copiedBytes = isDone ? totalBytes : Math.max(reported.copiedBytes ?? 0, known);
  return { copiedBytes: Math.min(copiedBytes, totalBytes), totalBytes };
}

/** In a group the error belongs to the pair whose LUN it names, and to all when it names none. */
function errorOf({ pair, run }: TargetHistory): Pick<PairStatus, 'reason' | 'message'> {
  if (run?.error === undefined || !isUnsuccessfulEnd(run.outcome)) return {};
  const { lunID, reason, message } = run.error;
  if (lunID !== '' && ![pair.targetLunID, run.sourceLunID, run.safetySnapshotID].includes(lunID)) return {};
  return { reason: reasonForHresult(reason), message: statusText(message, MAX_PAIR_MESSAGE) };
}

function stateOf({ run }: TargetHistory, operation: Operation | undefined): PairStatus['state'] {
  switch (run?.outcome) {
    case undefined:
      return 'Pending';
    case 'Running':
      if (run.kind === 'RollBack') return 'RollingBack';
      return operation?.step === 'Copying' || operation?.step === 'Verifying' ? operation.step : 'Starting';
    case 'Succeeded':
      return 'Succeeded';
    default:
      return 'Failed';
  }
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { [P in K]: string });
}
