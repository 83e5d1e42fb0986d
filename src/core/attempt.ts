/**
 * One attempt: the intent that is recorded before anything leaves, and the request that is made of the record. The
 * request is the same however often it is made, since every part of it is in the status or in the immutable spec.
 */
import type { LunResyncStatus, PairStatus } from '../api/lun-resync-status.ts';
import type { OperationKind, PairRequest, Run, StartRequest } from './array.ts';
import type { Announcement, Decision } from './decision.ts';
import { formatNames } from './format.ts';
import { readHistory, type TargetHistory } from './history.ts';
import { arrayName, type Observation, policyOf, type ResolvedPair, readView } from './observation.ts';
import { operationIDOf } from './recorded.ts';
import { compose } from './status.ts';

/** Records the next attempt's intent: number, id, array, LUNs, and the generations read for it. */
export function recordIntent(o: Observation, kind: OperationKind): Decision {
  const attempt = (o.resync.status.attempt ?? 0) + 1;
  const view = readView(o);
  const set: Partial<LunResyncStatus> = {
    attempt,
    operationID: operationIDOf(o.resync, attempt),
    operationKind: kind,
    arrayName: arrayName(o),
    arrayID: view.identity.arrayID,
    retryTime: undefined,
  };
  const generations = new Map(
    o.pairs.map(({ name, targetLunID }) => [name, view.luns.get(targetLunID)?.generation] as const),
  );
  const reason = kind === 'RollBack' ? 'RollingBack' : 'Starting';
  const what = kind === 'RollBack' ? 'Putting the safety snapshots back' : `Starting attempt ${attempt}`;
  return {
    kind: 'Record',
    status: compose(o, { reason, message: `${what} on array ${arrayName(o)}`, generations, set }),
    announcements: announcements(o, kind, attempt),
    lookAgainInMs: 0,
  };
}

function announcements(o: Observation, kind: OperationKind, attempt: number): Announcement[] {
  if (kind === 'RollBack') {
    const cause = o.resync.status.ending?.reason ?? 'an error';
    const note = `The run ends with ${cause}; its half-written targets get back what they had`;
    return [{ type: 'Warning', reason: 'RollBackStarted', action: 'RollBack', note }];
  }
  if (attempt > 1) return [];
  const pairs = formatNames(o.pairs.map((pair) => `${pair.sourceLunID} over ${pair.targetLunID}`));
  return [
    { type: 'Normal', reason: 'ResyncStarted', action: 'Start', note: `Started on array ${arrayName(o)}: ${pairs}` },
  ];
}

/**
 * The targets that a roll-back is for: half-written by this run and fenced since, with their safety snapshot there. What
 * somebody else has written to is none of them. None at all where the targets cannot be parts of one history.
 */
export function targetsToRollBack(o: Observation): (TargetHistory & { readonly run: Run })[] {
  const view = readView(o);
  const history = readHistory(o.owner, o.pairs, view);
  if (history.disagreement !== undefined) return [];
  return history.targets.filter(
    (target): target is TargetHistory & { readonly run: Run } =>
      target.lun?.state === 'Inconsistent' &&
      !target.moved &&
      target.run !== undefined &&
      view.luns.has(target.run.safetySnapshotID),
  );
}

/** The one request of the recorded attempt; undefined when the record does not hold what the request needs. */
export function startRequest(o: Observation): StartRequest | undefined {
  const { spec, status } = o.resync;
  const { operationID, operationKind: kind = 'Resync', arrayID } = status;
  const { pairs, ...options } = kind === 'RollBack' ? rollBack(o) : resync(o);
  if (pairs === undefined || pairs.length === 0 || operationID === undefined || arrayID === undefined) return undefined;
  return {
    arrayID,
    operationID,
    owner: o.owner,
    kind,
    pairs,
    ...options,
    verify: spec.verify,
    safetySnapshot: spec.safetySnapshot,
    runID: spec.runID ?? '',
    pairsDigest: o.pairsDigest,
    maxBytesPerSecond: policyOf(o)?.maxCopyBytesPerSecond ?? 0,
  };
}

type Options = Pick<StartRequest, 'sizePolicy' | 'identityPolicy' | 'overwriteUnselectedVolumes'> & {
  readonly pairs: readonly PairRequest[] | undefined;
};

function resync(o: Observation): Options {
  const { sizePolicy, identityPolicy, unselectedVolumePolicy } = o.resync.spec;
  const overwriteUnselectedVolumes = unselectedVolumePolicy === 'Overwrite';
  return { pairs: resyncPairs(o), sizePolicy, identityPolicy, overwriteUnselectedVolumes };
}

/** Everything is put back as it was, whatever the run had asked for. */
function rollBack(o: Observation): Options {
  return {
    pairs: rollBackPairs(o),
    sizePolicy: 'MatchSource',
    identityPolicy: 'KeepTarget',
    overwriteUnselectedVolumes: true,
  };
}

function resyncPairs(o: Observation): readonly PairRequest[] | undefined {
  return allOrNone(
    o.pairs.map((pair) => {
      const { sourceLunID, selectedVolumes } = pair;
      const { source, target } = recorded(o, pair) ?? {};
      return source?.lunID === sourceLunID ? pairRequest(pair, target, { sourceLunID, selectedVolumes }) : undefined;
    }),
  );
}

function rollBackPairs(o: Observation): readonly PairRequest[] | undefined {
  return allOrNone(
    targetsToRollBack(o).map(({ pair, run }) => {
      const from = { sourceLunID: run.safetySnapshotID, selectedVolumes: [] };
      return pairRequest(pair, recorded(o, pair)?.target, from);
    }),
  );
}

/** Undefined when the record is of another target, or without the generation that it was made for. */
function pairRequest(
  { targetLunID }: ResolvedPair,
  target: PairStatus['target'],
  from: Pick<PairRequest, 'sourceLunID' | 'selectedVolumes'>,
): PairRequest | undefined {
  if (target?.lunID !== targetLunID || target.generation === undefined) return undefined;
  return { ...from, targetLunID, ifTargetGeneration: target.generation };
}

function allOrNone<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  const there = items.filter((item) => item !== undefined);
  return there.length === items.length ? there : undefined;
}

function recorded(o: Observation, pair: ResolvedPair): PairStatus | undefined {
  return o.resync.status.pairs?.find((candidate) => candidate.name === pair.name);
}

/** Cancels an operation, with the targets that its intent was made for: an id in the spec, or what is on record. */
export function cancelAttempt(o: Observation, operationID: string): Decision {
  const named = new Map(o.resync.spec.pairs.map(({ name, target }) => [name, target?.lunID]));
  const targetLunIDs = o.pairs
    .map((pair) => named.get(pair.name) ?? recorded(o, pair)?.target?.lunID ?? pair.targetLunID)
    .filter((lunID) => lunID !== '');
  return { kind: 'Act', action: { kind: 'Cancel', arrayID: o.resync.status.arrayID ?? '', operationID, targetLunIDs } };
}

/**
 * Lets go of the record of the attempt that has ended, before its end is written down: afterwards its id is not known any
 * more. Nothing is lost by it, since the LUNs' runs outlive the record. Undefined when there is none.
 *
 * The record was read before the LUNs, which know of its end: that it still says RUNNING is no reason to leave it there.
 */
export function releaseFirst(o: Observation): Decision | undefined {
  const operation = o.view.state === 'read' ? o.view.operation : undefined;
  if (operation === undefined) return undefined;
  const { operationID } = operation;
  return { kind: 'Act', action: { kind: 'Release', arrayID: o.resync.status.arrayID ?? '', operationID } };
}
