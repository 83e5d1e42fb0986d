/**
 * Copies one pair and proves it. The record that the target changes is durable before its first block is written.
 */
import { freeBytes } from '../array-parts.ts';
import type { CopyHandle, CopyResult } from '../blocks/copier.ts';
import { OutOfSpaceError } from '../blocks/copy-errors.ts';
import type { LunCopyJob } from '../ports.ts';
import type { LunRecord, PairRecord } from '../state/records.ts';
import { recordPairDone, touchTarget } from '../state/steps.ts';
import { type CopyPlan, planCopy } from './copy-plan.ts';
import { CopyWatch } from './copy-watch.ts';
import type { OperationContext } from './operation-context.ts';
import { OperationFailure, poolFull } from './operation-stop.ts';

/** One pair of a running operation. */
export type PairTurn = { readonly pair: PairRecord; readonly isLast: boolean };

/** Resolves when the target has the source's bytes; throws why not. */
export async function copyPair(context: OperationContext, turn: PairTurn): Promise<void> {
  const { parts } = context;
  const { targetLunID } = turn.pair;
  context.signal.throwIfAborted();
  const plan = planCopy(parts.committed.state, parts.committed.marks, turn.pair);
  await context.commit((state, id) => touchTarget(state, id, { targetLunID, ranges: plan.touched }));
  const job = await jobOf(context, turn.pair, plan);
  const result = await runCopy(context, turn, { job, plan });
  await finishPair(context, turn, result);
}

async function jobOf(context: OperationContext, pair: PairRecord, plan: CopyPlan): Promise<LunCopyJob> {
  const { parts } = context;
  const source = lunOf(context, pair.sourceLunID);
  const target = lunOf(context, pair.targetLunID);
  const verify = context.record.arguments.verification === 'DIGEST';
  const known = verify && source.kind === 'SNAPSHOT' ? await parts.store.digests(source.id) : undefined;
  const corruption = await context.contentFault('CORRUPT_CHUNK', [target.id]);
  return {
    sourceLunID: pair.pinLunID === '' ? source.id : pair.pinLunID,
    targetLunID: target.id,
    sourceSizeBytes: pair.totalBytes,
    targetSizeBytes: target.sizeBytes,
    verify,
    maxBytesPerSecond: context.bytesPerSecond,
    maxAllocateBytes: Math.max(0, freeBytes(parts, target.pool)),
    ...(plan.ranges === null ? {} : { ranges: plan.ranges }),
    ...(plan.ranges === null && plan.isRelated ? { preferCompare: true } : {}),
    ...(known === undefined ? {} : { knownSourceDigests: known }),
    ...(corruption === undefined ? {} : { corruptChunk: corruption.chunk }),
  };
}

async function runCopy(
  context: OperationContext,
  turn: PairTurn,
  work: { readonly job: LunCopyJob; readonly plan: CopyPlan },
): Promise<CopyResult> {
  const { job, plan } = work;
  const equalBytes = job.sourceSizeBytes - sum(plan.ranges ?? [{ length: job.sourceSizeBytes }]);
  const watch = new CopyWatch(context, turn, equalBytes);
  const handle: CopyHandle = context.parts.files.copy(job, (progress) => watch.observe(progress));
  const forgetRate = context.onRate((bytesPerSecond) => handle.setRate(bytesPerSecond));
  const stop = (): void => handle.cancel();
  context.signal.addEventListener('abort', stop);
  try {
    const [result] = await Promise.all([handle.done.finally(() => watch.end()), watch.follow(handle)]);
    return result;
  } catch (error) {
    // A copy that was cancelled says only that; why it was is known here.
    watch.throwFailure();
    context.signal.throwIfAborted();
    throw error instanceof OutOfSpaceError
      ? poolFull(turn.pair.targetLunID, lunOf(context, turn.pair.targetLunID).pool, error)
      : error;
  } finally {
    context.signal.removeEventListener('abort', stop);
    forgetRate();
  }
}

async function finishPair(context: OperationContext, turn: PairTurn, result: CopyResult): Promise<void> {
  const { parts } = context;
  const { targetLunID, sourceLunID, totalBytes } = turn.pair;
  parts.journal.arrayCopyBytes += result.writtenBytes;
  if (context.record.arguments.verification === 'DIGEST' && turn.isLast) {
    await context.enter('VERIFYING');
  }
  const wrong = await context.contentFault('WRONG_DIGESTS', [targetLunID]);
  const targetDigest = wrong === undefined ? result.targetDigest : result.targetDigest.replaceAll(/./g, otherDigit);
  await context.commit((state, id) =>
    recordPairDone(state, id, {
      targetLunID,
      copiedBytes: totalBytes,
      writtenBytes: result.writtenBytes,
      sourceDigest: result.sourceDigest,
      targetDigest,
    }),
  );
  if (result.sourceDigest !== result.targetDigest) {
    await distrust(context, turn.pair, result);
  }
  if (lunOf(context, sourceLunID).kind === 'SNAPSHOT' && result.sourceChunkDigests.length > 0) {
    await parts.store.putDigests(sourceLunID, result.sourceChunkDigests);
  }
}

/** What was read back is not the source: nothing that the array believed about this target holds any more. */
async function distrust(context: OperationContext, pair: PairRecord, result: CopyResult): Promise<never> {
  const ranges = [{ offset: 0, length: Math.max(pair.targetSizeBeforeBytes, pair.targetSizeAfterBytes) }];
  await context.commit((state, id) => touchTarget(state, id, { targetLunID: pair.targetLunID, ranges }));
  throw new OperationFailure({
    reason: 'VSS_E_UNEXPECTED_PROVIDER_ERROR',
    message: `Read back, LUN ${pair.targetLunID} has digest ${result.targetDigest} and its source ${result.sourceDigest}.`,
    remedy: 'Check the disks of the array before the volume is used or copied again.',
    lunID: pair.targetLunID,
  });
}

function lunOf(context: OperationContext, id: string): LunRecord {
  const lun = context.parts.committed.state.luns.get(id);
  if (lun === undefined) {
    throw new Error(`LUN ${id} is gone although operation ${context.operationID} needs it.`);
  }
  return lun;
}

function sum(ranges: readonly { readonly length: number }[]): number {
  return ranges.reduce((total, range) => total + range.length, 0);
}

/** Another hexadecimal digit, so that every digest becomes a different one. */
function otherDigit(digit: string): string {
  return digit === 'f' ? '0' : (Number.parseInt(digit, 16) + 1).toString(16);
}
