/**
 * One attempt: the intent that is recorded before anything leaves, and the request that is made of the record. The
 * request is the same however often it is made, since every part of it is in the status or in the immutable spec.
 */
import type { LunResyncStatus, PairStatus } from '../api/lun-resync-status.ts';
import { arrayName, readView } from './admission.ts';
import type { OperationKind, PairRequest, StartRequest } from './array.ts';
import type { Announcement, Decision } from './decision.ts';
import { readHistory, type TargetHistory } from './history.ts';
import type { Observation } from './observation.ts';
import { pairStatuses } from './pair-status.ts';
import { compose } from './status.ts';

/** Records the next attempt's intent: number, id, array, LUNs, and the generations read for it. */
export function recordIntent(o: Observation, kind: OperationKind): Decision {
  const attempt = (o.resync.status.attempt ?? 0) + 1;
  const view = readView(o);
  const history = readHistory(o.owner, o.pairs, view);
  const pairs = pairStatuses({ history, view, verify: o.resync.spec.verify, previous: o.resync.status.pairs ?? [] });
  const set: Partial<LunResyncStatus> = {
    attempt,
    operationID: `${o.resync.metadata.uid}.${attempt}`,
    operationKind: kind,
    arrayName: arrayName(o),
    arrayID: view.identity.arrayID,
    pairs: pairs.map((pair) => withGeneration(pair, view.luns.get(pair.target?.lunID ?? '')?.generation)),
    retryTime: undefined,
  };
  const reason = kind === 'RollBack' ? 'RollingBack' : 'Starting';
  const what = kind === 'RollBack' ? 'Putting the safety snapshots back' : `Starting attempt ${attempt}`;
  return {
    kind: 'Record',
    status: compose(o, { reason, message: `${what} on array ${arrayName(o)}`, set }),
    announcements: announcements(o, kind, attempt),
    lookAgainInMs: 0,
  };
}

function announcements(o: Observation, kind: OperationKind, attempt: number): Announcement[] {
  if (kind === 'RollBack')
    return [{ type: 'Warning', reason: 'RollBackStarted', action: 'RollBack', note: rollBackNote(o) }];
  if (attempt > 1) return [];
  const note = `Started on array ${arrayName(o)}: ${o.pairs.map((pair) => `${pair.sourceLunID} over ${pair.targetLunID}`).join(', ')}`;
  return [{ type: 'Normal', reason: 'ResyncStarted', action: 'Start', note }];
}

function rollBackNote(o: Observation): string {
  const cause = o.resync.status.ending;
  return `The run ends with ${cause?.reason ?? 'an error'}; the targets get back what they had before it`;
}

function withGeneration(pair: PairStatus, generation: number | undefined): PairStatus {
  return generation === undefined ? pair : { ...pair, target: { ...pair.target, generation } };
}

/** The targets that a roll-back is for: half-written by this run, untouched since, with their safety snapshot there. */
export function targetsToRollBack(o: Observation): TargetHistory[] {
  const view = readView(o);
  return readHistory(o.owner, o.pairs, view).targets.filter(
    ({ lun, run, moved }) =>
      lun?.state === 'Inconsistent' && !moved && run !== undefined && view.luns.has(run.safetySnapshotID),
  );
}

/** The one request of the recorded attempt. */
export function startRequest(o: Observation): StartRequest {
  const { spec, status } = o.resync;
  const kind = status.operationKind ?? 'Resync';
  return {
    arrayID: status.arrayID ?? '',
    operationID: status.operationID ?? '',
    owner: o.owner,
    kind,
    pairs: kind === 'RollBack' ? rollBackPairs(o) : resyncPairs(o),
    sizePolicy: kind === 'RollBack' ? 'MatchSource' : spec.sizePolicy,
    identityPolicy: kind === 'RollBack' ? 'KeepTarget' : spec.identityPolicy,
    verify: spec.verify,
    safetySnapshot: spec.safetySnapshot,
    overwriteUnselectedVolumes: kind === 'RollBack' || spec.unselectedVolumePolicy === 'Overwrite',
    runID: spec.runID ?? '',
    pairsDigest: o.pairsDigest,
    maxBytesPerSecond: o.array.state === 'found' ? o.array.policy.maxCopyBytesPerSecond : 0,
  };
}

function resyncPairs(o: Observation): PairRequest[] {
  return o.pairs.map((pair) => ({
    sourceLunID: pair.sourceLunID,
    targetLunID: pair.targetLunID,
    ifTargetGeneration: recordedGeneration(o, pair.name),
    selectedVolumes: pair.selectedVolumes,
  }));
}

function rollBackPairs(o: Observation): PairRequest[] {
  return targetsToRollBack(o).map(({ pair, run }) => ({
    sourceLunID: run?.safetySnapshotID ?? '',
    targetLunID: pair.targetLunID,
    ifTargetGeneration: recordedGeneration(o, pair.name),
    selectedVolumes: [],
  }));
}

function recordedGeneration(o: Observation, pairName: string): number {
  return o.resync.status.pairs?.find((pair) => pair.name === pairName)?.target?.generation ?? 0;
}
