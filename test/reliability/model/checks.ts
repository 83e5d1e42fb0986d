/** What must hold in every state, of the ghosts and of the objects. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { FINALIZER } from '../../../src/api/names.ts';
import { isFinished } from '../../../src/core/decide.ts';
import type { Observation } from '../../../src/core/observation.ts';
import type { OperationRecord } from '../../../src/simulator/state/records.ts';
import { type State, Unsafe } from './state.ts';

export function uidOf(owner: string): string {
  return owner.split('/').at(-1) ?? '';
}

export function isOver(resync: LunResync): boolean {
  return isFinished({ resync } as Observation);
}

/** A write is done for a live object: of that uid, held by the finalizer, not finished. After a restore objects may be lost. */
export function mustBeDeclared(state: State, operation: OperationRecord, what: string): void {
  if (state.budget.restore < 0) return;
  const uid = uidOf(operation.owner);
  const live = Object.values(state.objects).find((resync) => resync?.metadata.uid === uid);
  if (live === undefined || !(live.metadata.finalizers ?? []).includes(FINALIZER) || isOver(live))
    throw new Unsafe(
      `${operation.operationID} ${what}, and its object is ${live === undefined ? 'gone' : 'over or not held'}`,
    );
}

/** What must hold when an object is written or goes: from `before` to `after`, of one uid. */
export function checkObject(state: State, before: LunResync | undefined, after: LunResync | undefined): void {
  const uid = (after ?? before)?.metadata.uid ?? '';
  const ends = after !== undefined && isOver(after) && (before === undefined || !isOver(before));
  const letsGo = isHeld(before) && !isHeld(after);
  if (state.budget.restore >= 0 && (letsGo || ends)) nothingRuns(state, uid, ends ? 'is over' : 'is let go');
  if (ends) checkEnd(state, after);
}

function isHeld(resync: LunResync | undefined): boolean {
  return (resync?.metadata.finalizers ?? []).includes(FINALIZER);
}

function nothingRuns({ array }: State, uid: string, what: string): void {
  const operations = [...array.operations.values()];
  const running = operations.find(({ outcome, owner }) => outcome === 'RUNNING' && uidOf(owner) === uid);
  if (running !== undefined) throw new Unsafe(`${running.operationID} runs, and its object ${what}`);
}

function checkEnd(state: State, after: LunResync): void {
  const { uid } = after.metadata;
  const { dataState, conditions } = after.status;
  const reason = conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  const claims = reason === 'Completed' || dataState === 'MatchesSource';
  if (claims && !state.ghost.succeeded.includes(uid))
    throw new Unsafe(`${uid} is ${reason} with ${dataState}, and nothing succeeded`);
  if (dataState === 'Untouched' || dataState === 'RolledBack') checkRestored(state, after);
  if (reason === 'ArrayContractViolation') throw new Unsafe(`${uid} accuses an honest array`);
}

/** A target that is said to have what it had before the run, and was not written by others since, has it. */
function checkRestored({ ghost }: State, { metadata: { uid }, spec }: LunResync): void {
  for (const { target } of spec.pairs) {
    const lunID = target?.lunID ?? '';
    const before = ghost.before[`${uid} ${lunID}`];
    const now = ghost.content[lunID];
    if (before === undefined || now === before || now === undefined) continue;
    if (now === `half ${uid}`) throw new Unsafe(`${uid} says that ${lunID} is as it was, and it is half-written by it`);
  }
}
