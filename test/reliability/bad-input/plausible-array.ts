/**
 * An array that keeps to the contract, as small as that can be: one source, one target, one operation at a time. Written
 * from the contract alone, so that the operator is measured against it and not against another understanding of ours.
 */
import { createHash } from 'node:crypto';
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import * as pb from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../../src/rpc/rpc-error.ts';

type Init<S extends DescMessage> = MessageInitShape<S>;

export const CLUSTER = 'cluster-1';
export const UID = '00000000-0000-4000-8000-000000000004';
export const OWNER = `${CLUSTER}/shop/restore/${UID}`;
export const RUN_ID = 'r'.repeat(128);
export const PAIRS_DIGEST = createHash('sha256').update('vol-1\nsnap-1\n').digest('hex');
export const ARRAY_ID = 'array-1';

/** Names that mean something: of other operations, owners, LUNs and arrays, and ours where they do not belong. */
export const NAMES = {
  "another operation's id": '00000000-0000-4000-8000-000000000099.1',
  'the id of our next attempt': `${UID}.2`,
  'an id of an attempt beyond 32 bits': `${UID}.99999999999999999999`,
  'our own operation': `${UID}.1`,
  'an owner in our namespace': `${CLUSTER}/shop/earlier/00000000-0000-4000-8000-000000000098`,
  'an owner in another cluster': 'cluster-2/shop/restore/00000000-0000-4000-8000-000000000097',
  'our own owner': OWNER,
  'our own owner and more': `${OWNER}x`,
  'another LUN': 'vol-2',
  'our source': 'snap-1',
  'our target': 'vol-1',
  'another array': 'array-2',
  'our run id and more': `${RUN_ID}x`,
} as const;

/** What the operation comes to, if nobody cancels it. */
export type Truth = 'Succeeds' | 'Fails' | 'Runs';

const MiB = 2n ** 20n;
const DIGEST = '0123456789abcdef'.repeat(4);
const ALL = [1, 2, 3, 4, 5];

export class PlausibleArray {
  readonly #truth: Truth;
  #operation: Init<typeof pb.OperationSchema> | undefined;
  #run: Init<typeof pb.RunSchema> | undefined;
  #generation = 5n;
  #hasSnapshot = false;
  #ticks = 0;

  /** `orphan`: an operation that no object declares runs from the beginning. */
  constructor(truth: Truth, orphan = false) {
    this.#truth = truth;
    if (orphan) this.#accept({ operationId: `${UID}.1`, owner: OWNER, pairsDigest: PAIRS_DIGEST, runId: RUN_ID });
  }

  /** The one run of ours on the target, as the array knows it. */
  get run(): Init<typeof pb.RunSchema> | undefined {
    return this.#run;
  }

  /** Whether an operation was accepted and is over. */
  get hasEnded(): boolean {
    return this.#run !== undefined && this.#run.outcome !== pb.Outcome.RUNNING;
  }

  /** Time passes: accepted, copying, verifying, over. */
  tick(): void {
    const operation = this.#operation;
    if (operation?.outcome !== pb.Outcome.RUNNING) return;
    this.#ticks += 1;
    const step = [pb.Step.ACCEPTED, pb.Step.COPYING, pb.Step.VERIFYING][this.#ticks] ?? pb.Step.COPYING;
    this.#operation = { ...operation, step, heartbeat: BigInt(this.#ticks) };
    const isRollBack = operation.kind === pb.OperationKind.ROLL_BACK;
    // What runs until it is cancelled is the copy: a roll-back, which a false answer has led to, comes to its end.
    if (this.#ticks < 3 || (this.#truth === 'Runs' && !isRollBack)) return;
    const end = this.#truth === 'Succeeds' ? pb.Outcome.SUCCEEDED : pb.Outcome.FAILED;
    this.#end(isRollBack ? pb.Outcome.ROLLED_BACK : end);
  }

  getArray(): Init<typeof pb.GetArrayResponseSchema> {
    return { arrayId: ARRAY_ID, vendor: 'Plausible', product: 'Array', contractVersion: 1, capabilities: ALL };
  }

  getLuns({ ids, owners }: pb.GetLunsRequest): Init<typeof pb.GetLunsResponseSchema> {
    return { arrayId: ARRAY_ID, luns: this.#luns(owners).filter(({ id }) => ids.includes(id ?? '')) };
  }

  startOperation(request: pb.StartOperationRequest): Init<typeof pb.StartOperationResponseSchema> {
    this.#mustBeMe(request.arrayId);
    const known = this.#operation;
    if (known?.operationId === request.operationId) return { operation: known };
    if (request.pairs[0]?.ifTargetGeneration !== this.#generation) throw refusal('STALE', 'VSS_E_BAD_STATE');
    if (known?.outcome === pb.Outcome.RUNNING) throw refusal('BUSY', 'VSS_E_RESYNC_IN_PROGRESS');
    return { operation: this.#accept(request) };
  }

  getOperation({ operationId }: pb.GetOperationRequest): Init<typeof pb.GetOperationResponseSchema> {
    if (this.#operation?.operationId !== operationId) throw new RpcError(status.NOT_FOUND, 'no such operation');
    return { operation: this.#operation };
  }

  /** In two pages, as a large array would; the other one is unknown when it is asked for. */
  listOperations({ pageToken }: pb.ListOperationsRequest): Init<typeof pb.ListOperationsResponseSchema> {
    const operation = this.#operation;
    if (operation === undefined) return {};
    if (pageToken === '') return { operations: [operation], nextPageToken: 'second' };
    return { operations: [{ ...operation, operationId: `${UID}.3`, outcome: pb.Outcome.INTERRUPTED }] };
  }

  watchOperations(): Init<typeof pb.WatchOperationsResponseSchema>[] {
    return this.#operation === undefined ? [] : [{ operation: this.#operation }];
  }

  cancelOperation(request: pb.CancelOperationRequest): Init<typeof pb.CancelOperationResponseSchema> {
    this.#mustBeMe(request.arrayId);
    const known = this.#operation;
    if (known?.operationId === request.operationId) {
      if (known.owner !== request.owner) throw refusal('', 'VSS_E_BAD_STATE');
      if (known.outcome === pb.Outcome.RUNNING) this.#end(pb.Outcome.CANCELLED);
      return { state: pb.CancelState.ENDED, outcome: this.#operation?.outcome ?? 0, luns: this.#luns([request.owner]) };
    }
    this.#generation += 1n;
    return { state: pb.CancelState.DEAD, luns: this.#luns([request.owner]) };
  }

  releaseOperation({
    arrayId,
    operationId,
  }: pb.ReleaseOperationRequest): Init<typeof pb.ReleaseOperationResponseSchema> {
    this.#mustBeMe(arrayId);
    if (this.#operation?.operationId === operationId && this.#operation.outcome !== pb.Outcome.RUNNING)
      this.#operation = undefined;
    return {};
  }

  deleteSafetySnapshots(request: pb.DeleteSafetySnapshotsRequest): Init<typeof pb.DeleteSafetySnapshotsResponseSchema> {
    this.#mustBeMe(request.arrayId);
    const deleted = this.#hasSnapshot && request.owner === OWNER ? 1 : 0;
    if (deleted === 1) this.#hasSnapshot = false;
    return { deleted };
  }

  #mustBeMe(arrayID: string): void {
    if (arrayID !== ARRAY_ID) throw refusal('', 'VSS_E_BAD_STATE');
  }

  #accept({
    operationId,
    owner,
    pairsDigest,
    runId,
    pairs,
    kind = 1,
  }: Partial<pb.StartOperationRequest>): Init<typeof pb.OperationSchema> {
    const intentGeneration = this.#generation;
    this.#generation += 1n;
    this.#hasSnapshot = true;
    this.#ticks = 0;
    const common = { operationId: operationId ?? '', owner: owner ?? '', kind, outcome: pb.Outcome.RUNNING };
    const pair = { sourceLunId: pairs?.[0]?.sourceLunId ?? 'snap-1', intentGeneration, safetySnapshotId: 'safe-1' };
    const startTime = { seconds: 1_795_514_400n, nanos: 0 };
    this.#run = {
      ...common,
      ...pair,
      startTime,
      runId: runId ?? '',
      pairsDigest: pairsDigest ?? '',
      originalSizeBytes: 8n * MiB,
    };
    this.#operation = {
      ...common,
      step: pb.Step.ACCEPTED,
      startTime,
      pairs: [
        {
          ...pair,
          targetLunId: 'vol-1',
          acceptedGeneration: this.#generation,
          copiedBytes: 4n * MiB,
          totalBytes: 8n * MiB,
          targetSizeBeforeBytes: 8n * MiB,
        },
      ],
    };
    return this.#operation;
  }

  /** A failure is that of a copy that was read back and differs; a cancel comes before the first block. */
  #end(outcome: pb.Outcome): void {
    this.#generation += 1n;
    const isVerified = outcome !== pb.Outcome.CANCELLED;
    const isWell = outcome === pb.Outcome.SUCCEEDED || outcome === pb.Outcome.ROLLED_BACK;
    const digests = {
      sourceDigest: isVerified ? DIGEST : '',
      targetDigest: isVerified ? (outcome === pb.Outcome.FAILED ? 'ee'.repeat(32) : DIGEST) : '',
    };
    const reason = isVerified ? 'VSS_E_RESYNC_VERIFICATION' : 'VSS_S_ASYNC_CANCELLED';
    const error = { reason, message: 'it did not come to its end', remedy: 'Look at the array', lunId: 'vol-1' };
    const end = {
      outcome,
      endTime: { seconds: 1_795_514_500n, nanos: 5 },
      ...(isWell ? {} : { error }),
    };
    this.#run = { ...this.#run, ...end, ...digests, endGeneration: this.#generation } as Init<typeof pb.RunSchema>;
    const pairs = (this.#operation?.pairs ?? []).map((pair) => ({
      ...pair,
      ...digests,
      endGeneration: this.#generation,
    }));
    this.#operation = { ...this.#operation, ...end, pairs } as Init<typeof pb.OperationSchema>;
  }

  #luns(owners: readonly string[]): Init<typeof pb.LunSchema>[] {
    const runs = [EARLIER, ...(this.#run === undefined || !owners.includes(this.#run.owner ?? '') ? [] : [this.#run])];
    const running = this.#run?.outcome === pb.Outcome.RUNNING;
    const broken = this.#run?.outcome === pb.Outcome.FAILED;
    const state = running ? pb.LunState.RESYNCING : broken ? pb.LunState.INCONSISTENT : pb.LunState.ONLINE;
    return [
      lun('snap-1', { kind: pb.LunKind.SNAPSHOT, parentLunId: 'vol-1', generation: 3n, contentGeneration: 3n }),
      ...(this.#hasSnapshot
        ? [lun('safe-1', { kind: pb.LunKind.SNAPSHOT, parentLunId: 'vol-1', safetyOwner: OWNER, generation: 6n })]
        : []),
      lun('vol-1', { runs, state, generation: this.#generation, contentGeneration: this.#generation }),
    ];
  }
}

/** The run with the same run id in another namespace, which is none of ours. */
const EARLIER: Init<typeof pb.RunSchema> = {
  owner: `${CLUSTER}/other/earlier/00000000-0000-4000-8000-000000000096`,
  runId: RUN_ID,
  pairsDigest: PAIRS_DIGEST,
  operationId: '00000000-0000-4000-8000-000000000096.1',
  kind: pb.OperationKind.RESYNC,
  outcome: pb.Outcome.SUCCEEDED,
  sourceLunId: 'snap-1',
  intentGeneration: 3n,
  endGeneration: 5n,
  sourceDigest: DIGEST,
  targetDigest: DIGEST,
};

function lun(id: string, over: Init<typeof pb.LunSchema>): Init<typeof pb.LunSchema> {
  return {
    id,
    kind: pb.LunKind.VOLUME,
    identifiers: [{ codeSet: 1, type: 3, value: Buffer.from(`naa-${id}`) }],
    sizeBytes: 8n * MiB,
    state: pb.LunState.ONLINE,
    diskSignature: '0x1234',
    pool: 'pool-1',
    ...over,
  };
}

function refusal(name: string, reason: string): RpcError {
  const metadata = name === '' ? {} : { refusal: name };
  return new RpcError(status.FAILED_PRECONDITION, 'refused', { reason, remedy: 'Try something else', metadata });
}
