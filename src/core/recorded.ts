/**
 * What of a status is believed. It is the memory of the operator, yet whoever else may write it could have put anything
 * there: a record tells where an attempt may be at work, and never gives a right that the spec and a fresh look do not give.
 */
import type { LunResync } from '../api/lun-resync.ts';
import type { PairStatus } from '../api/lun-resync-status.ts';
import { attemptOf } from './history.ts';
import type { ResolvedPair } from './observation.ts';

/** The id of an attempt of this very object, and of no other that has or had its name. */
export function operationIDOf({ metadata }: LunResync, attempt: number): string {
  return `${metadata.uid}.${attempt}`;
}

/** Whether it is the id of an attempt of this very object. */
export function isOwnOperation(resync: LunResync, operationID: string): boolean {
  const attempt = attemptOf(operationID);
  return attempt > 0 && operationID === operationIDOf(resync, attempt);
}

/** The object without a recorded operation that is not its own, and with the array that its spec names. */
export function withOwnRecord(resync: LunResync): LunResync {
  const { operationID, operationKind, arrayName, ...rest } = resync.status;
  const isOwn = operationID !== undefined && isOwnOperation(resync, operationID);
  const name = arrayName === undefined ? undefined : (resync.spec.arrayName ?? arrayName);
  const status = {
    ...rest,
    ...(isOwn ? { operationID } : {}),
    ...(isOwn && operationKind !== undefined ? { operationKind } : {}),
    ...(name === undefined ? {} : { arrayName: name }),
  };
  return { ...resync, status };
}

/**
 * The pair as the intent recorded it, since what an attempt is about does not change while it lives. An id in the spec
 * outranks the record; what its names lead to no more, or never did, is not begun again.
 */
export function recordedPair(
  pair: ResolvedPair,
  spec: LunResync['spec']['pairs'][number],
  recorded: PairStatus | undefined,
): ResolvedPair {
  const sourceLunID = spec.source.lunID ?? recorded?.source?.lunID;
  const targetLunID = spec.target?.lunID ?? recorded?.target?.lunID;
  if (sourceLunID === undefined || targetLunID === undefined) return pair;
  return withChange({ ...pair, sourceLunID, targetLunID }, pair, recorded?.target?.claimUID);
}

/**
 * The pair with what stands against another acceptance when a fresh look leads elsewhere, or nowhere. `claimUID`: of the
 * claim that the target was recorded for. One that was made again is another, on whatever LUN.
 */
export function withChange(recorded: ResolvedPair, fresh: ResolvedPair, claimUID = fresh.claim?.uid): ResolvedPair {
  const { problem: _problem, changed, ...pair } = { ...recorded, final: false };
  const found = changed ?? changeOf(recorded, fresh, claimUID);
  return found === undefined ? pair : { ...pair, changed: found };
}

function changeOf(recorded: ResolvedPair, fresh: ResolvedPair, claimUID: string | undefined): ResolvedPair['changed'] {
  if (fresh.problem !== undefined) return { problem: fresh.problem, final: fresh.final };
  // Of an undo only the array knows the source.
  const isSource = fresh.sourceLunID === '' || fresh.sourceLunID === recorded.sourceLunID;
  const isTarget = fresh.targetLunID === recorded.targetLunID && fresh.claim?.uid === claimUID;
  if (isSource && isTarget) return undefined;
  const message = 'the claim or the snapshot is another one than when the run began';
  return { final: true, problem: { reason: 'BadState', message, remedy: 'Create a new LunResync' } };
}
