/** spec.runID: the same run is never done twice on a target, even by a re-created object. The LUNs remember. */
import type { Run } from './array.ts';
import { type Objection, untilFree } from './objection.ts';
import { type Observation, readView } from './observation.ts';

/**
 * Only runs of the same cluster and namespace count, so that nobody can make another tenant's run look done. Only runs
 * that succeeded count; one that was undone later stays done.
 */
export function runMemoryObjection(o: Observation): Objection | undefined {
  const { runID } = o.resync.spec;
  if (runID === undefined) return undefined;
  const scope = o.owner.split('/').slice(0, 2).join('/');
  const found = o.pairs.map((pair) => {
    const runs = readView(o).luns.get(pair.targetLunID)?.runs ?? [];
    return runs.filter((run) => run.runID === runID && run.owner.startsWith(`${scope}/`) && run.owner !== o.owner);
  });
  const running = found.flat().find((run) => run.outcome === 'Running' && run.kind === 'Resync');
  if (running !== undefined) {
    const message = `run ${runID} is under way already, in operation ${running.operationID}`;
    return untilFree(o, { reason: 'ResyncInProgress', message });
  }
  const done = found.map((runs) => runs.filter((run) => run.outcome === 'Succeeded'));
  if (done.every((runs) => runs.some((run) => isSameRun(run, o)))) return { kind: 'AlreadyCompleted' };
  const conflict = done.findIndex((runs) => runs.length > 0);
  if (conflict === -1) return undefined;
  const target = o.pairs[conflict]?.targetLunID ?? '';
  const message = `runID ${runID} was used on LUN ${target} before, but not on all targets with these pairs`;
  return { kind: 'End', problem: { reason: 'RunIDConflict', message } };
}

function isSameRun(run: Run, o: Observation): boolean {
  return run.pairsDigest === o.pairsDigest;
}
