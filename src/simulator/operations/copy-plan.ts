/**
 * What has to be copied: everything, or only what was written since target and source were equal.
 */
import type { ArrayState, LunRecord, PairRecord } from '../state/records.ts';
import type { ByteRange, WriteMarks } from '../store/write-marks.ts';

export type CopyPlan = {
  /** Nothing else can differ; `null`: everything can. */
  readonly ranges: readonly ByteRange[] | null;
  /** Where the target may change, tail included: recorded before the first block is written. */
  readonly touched: readonly ByteRange[];
  /** Whether much of the target is likely to be equal although nobody knows what. */
  readonly isRelated: boolean;
};

/** The plan for one pair, at the sizes that its LUNs have now. */
export function planCopy(state: ArrayState, marks: WriteMarks, pair: PairRecord): CopyPlan {
  const source = lunOf(state, pair.sourceLunID);
  const target = lunOf(state, pair.targetLunID);
  const isRelated = source.parentLunID === target.id;
  const all = Math.max(source.sizeBytes, target.sizeBytes, pair.targetSizeBeforeBytes);
  if (!isRelated || source.parentEpoch < target.trackedSinceEpoch) {
    return { ranges: null, touched: [{ offset: 0, length: all }], isRelated };
  }
  const ranges = marks.changedSince(target.id, source.parentEpoch, source.sizeBytes);
  const tail = { offset: source.sizeBytes, length: all - source.sizeBytes };
  return { ranges, touched: tail.length > 0 ? [...ranges, tail] : ranges, isRelated };
}

function lunOf(state: ArrayState, id: string): LunRecord {
  const lun = state.luns.get(id);
  if (lun === undefined) {
    throw new Error(`LUN ${id} is gone although a running operation needs it.`);
  }
  return lun;
}
