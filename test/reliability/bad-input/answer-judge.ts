/** What must not be, whatever the array says: looked at with every status that is written and every call that is made. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import type { LunResyncStatus } from '../../../src/api/lun-resync-status.ts';
import { MAX_STATUS_BYTES } from '../../../src/api/size.ts';
import { type GetLunsResponse, OperationKind, Outcome, type Run } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import type { HostileArray } from './hostile-array.ts';
import { ARRAY_ID, CLUSTER, OWNER, PAIRS_DIGEST, type PlausibleArray, RUN_ID, UID } from './plausible-array.ts';

/** What is wrong with a status that follows another; undefined when nothing is. The API server has accepted it. */
export function statusProblem(
  before: LunResyncStatus | undefined,
  { status }: LunResync,
  facts: { readonly array: PlausibleArray; readonly hostile: HostileArray },
): string | undefined {
  const text = JSON.stringify(status);
  if (text.length > MAX_STATUS_BYTES) return `a status of ${text.length} bytes`;
  if (!/^[ -~]*$/.test(text)) return `a status with characters that steer a terminal: ${text}`;
  if (successOf(status) !== undefined && successOf(before) === undefined && !isTrue(status, facts))
    return `a success that is none: ${successOf(status)}`;
  const claims = [status, ...(status.pairs ?? [])].some(({ dataState }) => dataState === 'MatchesSource');
  const claimed = [before ?? {}, ...(before?.pairs ?? [])].some(({ dataState }) => dataState === 'MatchesSource');
  if (claims && !claimed && !isProven(facts)) return 'MatchesSource where nothing proves it';
  return undefined;
}

function successOf(status: LunResyncStatus | undefined): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'Succeeded');
  return condition?.status === 'True' ? condition.reason : undefined;
}

type Facts = Parameters<typeof statusProblem>[2];

function isTrue(status: LunResyncStatus, facts: Facts): boolean {
  return successOf(status) === 'AlreadyCompleted' ? isSaidToBeDone(facts.hostile.lastLuns) : isProven(facts);
}

/** What the array last said of the target has every part of the proof as the truth has it, and the truth is a success. */
function isProven({ array: { run }, hostile: { lastLuns } }: Facts): boolean {
  if (run?.outcome !== Outcome.SUCCEEDED || lastLuns?.arrayId !== ARRAY_ID) return false;
  return targetRuns(lastLuns).some(
    (said) =>
      said.owner === OWNER &&
      isOwnAttempt(said.operationId) &&
      said.outcome === run.outcome &&
      said.kind === run.kind &&
      said.pairsDigest === run.pairsDigest &&
      said.sourceLunId === run.sourceLunId &&
      said.intentGeneration === run.intentGeneration &&
      said.sourceDigest === said.targetDigest &&
      /^[0-9a-f]{64}$/.test(said.sourceDigest),
  );
}

/** Of any number: after etcd was put back the LUNs know of attempts that the status does not know of any more. */
function isOwnAttempt(operationID: string): boolean {
  const [uid, attempt, ...more] = operationID.split('.');
  return uid === UID && /^[1-9]\d{0,9}$/.test(attempt ?? '') && more.length === 0;
}

/** The memory of runs is the array's word alone: it has to be said in full, and of this namespace. */
function isSaidToBeDone(luns: GetLunsResponse | undefined): boolean {
  return (luns === undefined ? [] : targetRuns(luns)).some(
    ({ owner, runId, outcome, pairsDigest }) =>
      owner.startsWith(`${CLUSTER}/shop/`) &&
      runId === RUN_ID &&
      outcome === Outcome.SUCCEEDED &&
      pairsDigest === PAIRS_DIGEST,
  );
}

function targetRuns({ luns }: GetLunsResponse): Run[] {
  return luns.filter(({ id }) => id === 'vol-1').flatMap(({ runs }) => runs);
}

/** What the array was asked to do that is not ours to ask for. */
export function callProblems({ requests, isAskedWithoutEnd }: HostileArray): string[] {
  const foreign = requests.flatMap(({ method, request }) => {
    const { operationId, owner } = request as { operationId?: string; owner?: string };
    if (owner !== undefined && !owner.startsWith(`${CLUSTER}/`))
      return [`${method} for the owner ${owner.slice(0, 80)}`];
    const isStart = method === 'StartOperation';
    if (isStart && operationId?.startsWith(`${UID}.`) !== true) return [`${method} of the operation ${operationId}`];
    if (isStart && (owner !== OWNER || request['kind'] === OperationKind.UNSPECIFIED))
      return [`${method} for ${owner}`];
    return [];
  });
  return isAskedWithoutEnd ? [...foreign, `asks without end: ${requests.at(-1)?.method ?? ''}`] : foreign;
}
