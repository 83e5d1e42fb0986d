/**
 * The course of an operation from acceptance to its end: snapshots, sizes, copies, proof.
 */
import type { OperationRecord, PairRecord } from '../state/records.ts';
import { recordResize, touchTarget } from '../state/steps.ts';
import { copyPair } from './copy-pair.ts';
import type { OperationContext } from './operation-context.ts';
import { takeSafetySnapshots } from './snapshots.ts';

/** Runs an accepted operation. Resolves when all targets are copied and proven; throws why it has to end otherwise. */
export async function runOperation(context: OperationContext): Promise<void> {
  await settleHosts(context);
  await context.fire('ACCEPTED', 0);
  if (context.record.kind === 'RESYNC' && context.record.arguments.safetySnapshots === 'ALWAYS') {
    await context.enter('SNAPSHOTTING');
    await takeSafetySnapshots(context);
  }
  await context.enter('RESIZING');
  for (const pair of context.record.pairs) {
    await resize(context, pair);
  }
  await context.enter('COPYING');
  if (await isPretended(context)) {
    return;
  }
  const pairs = context.record.pairs;
  for (const [index, pair] of pairs.entries()) {
    await copyPair(context, { pair, isLast: index === pairs.length - 1 });
  }
}

/** Waits for host writes and snapshots that began before the acceptance: no new ones are admitted since. */
async function settleHosts(context: OperationContext): Promise<void> {
  const { parts, record } = context;
  const unpinned = record.pairs.filter((pair) => pair.pinLunID === '').map((pair) => pair.sourceLunID);
  await parts.gates.pass([...record.pairs.map((pair) => pair.targetLunID), ...unpinned]);
  context.signal.throwIfAborted();
}

async function resize(context: OperationContext, pair: PairRecord): Promise<void> {
  const { parts } = context;
  const before = parts.committed.state.luns.get(pair.targetLunID)?.sizeBytes ?? 0;
  const after = pair.targetSizeAfterBytes;
  if (before === after) {
    return;
  }
  context.signal.throwIfAborted();
  const range = { offset: Math.min(before, after), length: Math.abs(after - before) };
  await context.commit((state, id) => touchTarget(state, id, { targetLunID: pair.targetLunID, ranges: [range] }));
  await parts.files.resize(pair.targetLunID, after);
  await context.commit((state, id) => recordResize(state, id, { targetLunID: pair.targetLunID, sizeBytes: after }));
}

async function isPretended(context: OperationContext): Promise<boolean> {
  const fault = await context.contentFault('SUCCEED_WITHOUT_COPYING', targetsOf(context.record));
  if (fault === undefined) {
    return false;
  }
  context.note(`fault ${fault.action}`);
  return true;
}

function targetsOf(record: OperationRecord): string[] {
  return record.pairs.map((pair) => pair.targetLunID);
}
