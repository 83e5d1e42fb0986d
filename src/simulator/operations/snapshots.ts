/**
 * Taking snapshots: the file first, the record after it, so that a crash leaves at most a stray file.
 */
import type { ArrayParts } from '../array-parts.ts';
import { freeBytes } from '../array-parts.ts';
import { reserveIDs } from '../state/luns.ts';
import type { ArrayState, LunRecord, PairRecord } from '../state/records.ts';
import { addSafetySnapshots, type TakenSnapshot } from '../state/steps.ts';
import type { OperationContext } from './operation-context.ts';

/** Clones a LUN's file under a new id; returns how many bytes the two share. */
export async function cloneFile(
  parts: ArrayParts,
  clone: { readonly source: LunRecord; readonly id: string; readonly signal?: AbortSignal },
): Promise<{ readonly sharedBytes: number }> {
  const { reflinked } = await parts.files.clone(clone.source.id, clone.id, {
    maxAllocateBytes: parts.isReflinkAvailable
      ? Number.POSITIVE_INFINITY
      : Math.max(0, freeBytes(parts, clone.source.pool)),
    isPublished: clone.source.publishedNodes.length > 0,
    ...(clone.signal === undefined ? {} : { signal: clone.signal }),
  });
  return { sharedBytes: reflinked ? parts.files.allocatedBytes(clone.id) : 0 };
}

/** Takes the safety snapshots that the owner does not have yet; all of them become visible together. */
export async function takeSafetySnapshots(context: OperationContext): Promise<void> {
  const { parts } = context;
  const missing = context.record.pairs.filter((pair) => pair.safetySnapshotID === '' && pair.stateBefore === 'ONLINE');
  const ids = await parts.committed.update((state) => reserveIDs(state, 'safety', missing.length));
  try {
    const taken: TakenSnapshot[] = [];
    for (const [index, pair] of missing.entries()) {
      taken.push(await takeOne(context, pair, ids[index] ?? ''));
    }
    await context.commit((state, id) => addSafetySnapshots(state, id, taken));
  } catch (error) {
    await parts.files.remove(ids);
    throw error;
  }
}

async function takeOne(context: OperationContext, pair: PairRecord, id: string): Promise<TakenSnapshot> {
  context.signal.throwIfAborted();
  const source = targetOf(context.parts.committed.state, pair);
  const { sharedBytes } = await cloneFile(context.parts, { source, id, signal: context.signal });
  return { id, parentLunID: source.id, sharedBytes, createTime: context.parts.clock.now() };
}

function targetOf(state: ArrayState, pair: PairRecord): LunRecord {
  const target = state.luns.get(pair.targetLunID);
  if (target === undefined) {
    throw new Error(`LUN ${pair.targetLunID} is gone although it is a target.`);
  }
  return target;
}
